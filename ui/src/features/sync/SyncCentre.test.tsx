import type { CommandError } from "../../ipc/bindings/CommandError";
import { act, screen, waitFor, within } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { expectAccessible, openClinic, type Prepare } from "../../test/clinic";
import type { LedgerEntry } from "../../ipc/bindings/LedgerEntry";
import { fakeRefused, quietStatus as status } from "../../ipc/fake-data";

afterEach(() => vi.restoreAllMocks());

const offline = {
  state: "offline",
  since: `${new Date().toLocaleDateString("sv")}T09:12:00`,
} as const;

const entry = (sequence: number, fate: LedgerEntry["fate"], detail: string | null = null): LedgerEntry => ({
  sequence,
  title: "Prescription signed",
  patientName: "Sunita Deshmukh",
  actorName: "Dr. Anjali Kulkarni",
  recordedAt: "2026-11-23T10:41:00Z",
  fate,
  acknowledgedAt: null,
  detail,
});

async function openSyncCentre(prepare: Prepare) {
  const opened = openClinic({}, prepare);
  await screen.findByTestId("today");
  await opened.keys.keyboard("{Control>}5{/Control}");
  await screen.findByTestId("sync-centre");
  return opened;
}

test("offline, the pill and the centre say since when and that the work is safe", async () => {
  await openSyncCentre((backend) =>
    backend.emit({ name: "sync-status", payload: { ...status, connection: offline, waiting: 1 } }),
  );
  expect(screen.getByTestId("sync-pill").textContent).toBe("Offline since 09:12 | saved here, 1 waiting");
  expect(await screen.findByText(/You can keep working. 1 change is safe on this computer/)).toBeTruthy();
});

test("what waits goes as soon as the system says that there is a network", async () => {
  const { backend } = await openSyncCentre((backend) =>
    backend.emit({ name: "sync-status", payload: { ...status, connection: offline, waiting: 1 } }),
  );
  const syncNow = vi.spyOn(backend, "syncNow");
  act(() => void window.dispatchEvent(new Event("online")));
  expect(syncNow).toHaveBeenCalledOnce();
});

test("the pill follows what the program tells, and leads to the centre", async () => {
  const { keys, backend } = openClinic();
  await screen.findByTestId("today");
  backend.emit({
    name: "sync-status",
    payload: { ...status, connection: { state: "sending", sent: 3, total: 12 }, waiting: 12 },
  });
  await screen.findByText("Sending 3 of 12");
  await keys.click(screen.getByTestId("sync-pill"));
  expect(await screen.findByTestId("sync-centre")).toBeTruthy();
});

test("a server that refuses this computer is said with a code to read out", async () => {
  const detail = "This computer was removed from the clinic.";
  await openSyncCentre((backend) =>
    backend.emit({
      name: "sync-status",
      payload: { ...status, waiting: 2, problem: { code: "device_revoked", detail } },
    }),
  );
  expect(screen.getByTestId("sync-pill").textContent).toBe("Not syncing | 2 waiting");
  expect(await screen.findByText(detail)).toBeTruthy();
  expect(screen.getByText(/device_revoked/)).toBeTruthy();
});

test("a computer that a restored server does not know is enrolled again where it says so", async () => {
  const { keys, backend } = await openSyncCentre((fake) =>
    fake.emit({
      name: "sync-status",
      payload: { ...status, problem: { code: "device_unknown", detail: "The server does not know it." } },
    }),
  );
  await screen.findByRole("heading", { name: "Enrol this computer again" });
  const asked: unknown[] = [];
  const { enrolAgain } = backend;
  const refused: CommandError = {
    code: "wrong_code",
    detail: "The code is wrong, was used already, or is too old.",
  };
  backend.enrolAgain = (...what) => {
    asked.push(what);
    return asked.length === 1 ? Promise.reject(refused) : enrolAgain(...what);
  };
  await keys.type(screen.getByLabelText("One-time code"), "ASHA-7Q4K-9XWM-2C8D");
  await keys.type(screen.getByLabelText("Your password"), "seven green parrots");
  await expectAccessible();
  await keys.click(screen.getByRole("button", { name: "Enrol again" }));
  expect((await screen.findByRole("alert")).textContent).toContain("The code is wrong");
  await keys.click(screen.getByRole("button", { name: "Enrol again" }));
  await waitFor(() =>
    expect(screen.queryByRole("heading", { name: "Enrol this computer again" })).toBeNull(),
  );
  expect(asked).toEqual([
    ["ASHA-7Q4K-9XWM-2C8D", "seven green parrots"],
    ["ASHA-7Q4K-9XWM-2C8D", "seven green parrots"],
  ]);
});

test("a code that is half typed stays when the network goes, and is asked about before another screen", async () => {
  const problem = { code: "device_unknown", detail: "The server does not know it." } as const;
  const { keys, backend } = await openSyncCentre((fake) =>
    fake.emit({ name: "sync-status", payload: { ...status, problem } }),
  );
  await keys.type(await screen.findByLabelText("One-time code"), "ASHA-7Q4K");
  act(() => backend.emit({ name: "sync-status", payload: { ...status, connection: offline } }));
  await waitFor(() => expect(screen.getByTestId("sync-pill").textContent).toContain("Offline"));
  expect(screen.getByLabelText("One-time code")).toHaveProperty("value", "ASHA-7Q4K");
  await keys.keyboard("{Control>}1{/Control}");
  await keys.click(await screen.findByRole("button", { name: "Keep typing" }));
  expect(screen.getByLabelText("One-time code")).toHaveProperty("value", "ASHA-7Q4K");
  act(() => backend.emit({ name: "sync-status", payload: status }));
  await waitFor(() => expect(screen.queryByLabelText("One-time code")).toBeNull());
});

test("online, a change that needs someone is part of the sentence", async () => {
  await openSyncCentre((backend) =>
    backend.emit({ name: "sync-status", payload: { ...status, attention: 1 } }),
  );
  expect(screen.getByTestId("sync-pill").textContent).toBe("1 change needs you");
  expect(await screen.findByText(/1 change needs you: see the list/)).toBeTruthy();
});

test("the ledger says of every change what became of it, and nothing is called synced before it is", async () => {
  const reason = "Reception may not change this.";
  await openSyncCentre((backend) => {
    for (const one of [
      entry(1, "applied"),
      entry(2, "merged"),
      entry(3, "conflict"),
      entry(4, "quarantined", reason),
      entry(5, "discarded", "Typed twice."),
      entry(6, null),
    ])
      backend.enter(one);
  });
  const rows = await screen.findAllByTestId("ledger-entry");
  const fates = ["Waiting", "Discarded", "Set aside", "Differs", "Merged", "Applied"];
  fates.forEach((fate, place) => expect(rows[place]?.textContent).toContain(fate));
  expect(rows[2]?.textContent).toContain(reason);
  expect(rows[0]?.textContent).not.toContain("acknowledged");
  expect(screen.getByText("6 entries")).toBeTruthy();
});

test("the ledger is searched by patient and by state, and says when nothing fits", async () => {
  const { keys } = await openSyncCentre((backend) => {
    backend.enter(entry(1, "applied"));
    backend.enter({ ...entry(2, null), patientName: "Ramesh Patil" });
  });
  await screen.findByText("2 entries");
  await keys.type(screen.getByLabelText("Patient, mobile number or no."), "ramesh");
  await screen.findByText("1 entry");
  expect((await screen.findAllByTestId("ledger-entry"))[0]?.textContent).toContain("Ramesh Patil");
  await keys.selectOptions(screen.getByLabelText("State"), "applied");
  expect(await screen.findByText("Nothing matches. Remove a filter to see more.")).toBeTruthy();
});

test("the counts of what became of changes show just those", async () => {
  const { keys } = await openSyncCentre((backend) => {
    backend.enter(entry(1, "merged"));
    backend.enter(entry(2, "applied"));
  });
  await keys.click(await screen.findByRole("button", { name: "1 merged" }));
  await screen.findByText("1 entry");
  expect(screen.getAllByTestId("ledger-entry")[0]?.textContent).toContain("Merged");
});

test("a long ledger is loaded as it is scrolled through, and only what is in sight is drawn", async () => {
  // Nothing is laid out here: without this every line would be of no height.
  vi.spyOn(HTMLElement.prototype, "offsetHeight", "get").mockReturnValue(44);
  await openSyncCentre((backend) => {
    for (let sequence = 1; sequence <= 1_000; sequence += 1) backend.enter(entry(sequence, "applied"));
  });
  expect(await screen.findByText("1,000 entries")).toBeTruthy();
  const rows = await screen.findAllByTestId("ledger-entry");
  expect(rows.length).toBeLessThan(60);
  expect(rows[0]?.getAttribute("aria-setsize")).toBe("1000");
});

test("the ledger is saved as a file that the person chooses", async () => {
  const { keys } = await openSyncCentre((backend) => backend.enter(entry(1, "applied")));
  await keys.click(await screen.findByRole("button", { name: "Save these as a CSV file" }));
  expect(await screen.findByText("Saved in /home/anjali/ledger.csv")).toBeTruthy();
});

test("a refused change says why, what waits with it, and the ways out, each with a key", async () => {
  const { keys, backend } = await openSyncCentre((fake) => fake.refuse({}));
  const card = await screen.findByTestId("refused");
  for (const text of ["Set aside: no. 12", "A value is missing or not allowed.", "2 later changes", "Pune"])
    expect(card.textContent).toContain(text);
  await expectAccessible();
  await keys.keyboard("d");
  const reason = await screen.findByLabelText(/Reason \(kept in the ledger\)/);
  expect(reason).toBe(document.activeElement);
  backend.fail("settleRefused", { code: "invalid", detail: "It must be said why." });
  await keys.keyboard("x{Enter}");
  expect((await screen.findByRole("alert")).textContent).toContain("It must be said why.");
  expect(reason).toHaveProperty("value", "x");
});

test("what was decided about a refused change is said until the server has heard of it", async () => {
  const { keys } = await openSyncCentre((fake) => fake.refuse({}));
  await screen.findByTestId("refused");
  await keys.keyboard("h");
  await keys.type(await screen.findByLabelText(/Reason/), "Which group is meant?{Enter}");
  const card = await screen.findByTestId("refused");
  expect((await within(card).findByRole("status")).textContent).toContain("handed it to the admins");
  expect(card.textContent).toContain("Which group is meant?");
  expect(card.textContent).toContain("Waiting to be sent.");
  expect(within(card).queryByRole("button")).toBeNull();
});

test("refused values are corrected in a form, of which nothing is sent that was not changed", async () => {
  const settled: unknown[] = [];
  const { keys } = await openSyncCentre((fake) => {
    fake.refuse({});
    const { settleRefused } = fake;
    fake.settleRefused = (...asked) => {
      settled.push(asked);
      return settleRefused(...asked);
    };
  });
  await screen.findByTestId("refused");
  await keys.keyboard("c");
  const city = await screen.findByLabelText("city");
  expect(screen.getByRole("button", { name: "Save and send" })).toHaveProperty("disabled", true);
  await keys.clear(city);
  await keys.type(city, "Poona{Enter}");
  await screen.findByText(/corrected it/);
  expect(settled).toEqual([[12, "replace", "", [{ record: 0, column: "city", typed: "Poona" }]]]);
});

test("what is typed about a refused change stays with it when another one comes before it", async () => {
  const { keys, backend } = await openSyncCentre((fake) => fake.refuse({}));
  await screen.findByText("Set aside: no. 12");
  await keys.keyboard("h");
  const reason = await screen.findByLabelText(/Reason/);
  await keys.type(reason, "Which group");
  const { listRefused } = backend;
  backend.listRefused = async () => [{ ...fakeRefused, sequence: 5 }, ...(await listRefused())];
  act(() => backend.emit({ name: "rows-changed" }));
  await waitFor(() => expect(screen.getByTestId("refused").textContent).toContain("2 of 2"));
  expect(screen.getByLabelText(/Reason/)).toBe(reason);
  expect(reason).toHaveProperty("value", "Which group");
});

test("a ledger that cannot be read leaves the rest of the centre standing", async () => {
  const detail = "The records could not be read. Nothing was lost.";
  await openSyncCentre((backend) => backend.fail("listLedger", { code: "internal", detail }));
  expect((await screen.findByRole("alert")).textContent).toContain(detail);
  expect(screen.getByText("Room 1 computer")).toBeTruthy();
});

test("that records were damaged here and fetched again is said, and when", async () => {
  const { backend, keys } = openClinic();
  await screen.findByTestId("today");
  await keys.click(screen.getByTestId("sync-pill"));
  await screen.findByTestId("sync-centre");
  const at = "2026-11-23T10:41:00";
  act(() =>
    backend.emit({
      name: "sync-status",
      payload: { ...status, compared: { at, mended: 0, mendedAt: null } },
    }),
  );
  const equal = /^Every record here matched the server: [^.]+\.$/;
  expect(await screen.findByText(equal)).toBeTruthy();
  act(() =>
    backend.emit({ name: "sync-status", payload: { ...status, compared: { at, mended: 3, mendedAt: at } } }),
  );
  expect(await screen.findByText(/3 records were missing or damaged on this computer/)).toBeTruthy();
});

test("a part of a long ledger that cannot be read is asked for again only when somebody wants it", async () => {
  const detail = "The database on this computer is damaged.";
  const parts: (number | null)[] = [];
  const { keys, backend } = await openSyncCentre((fake) => {
    fake.listLedger = async (_filter, before) => {
      parts.push(before);
      if (before !== null) throw { code: "store_damaged", detail } satisfies CommandError;
      return { total: 500, entries: [entry(500, "applied")] };
    };
  });
  expect(await screen.findByText(detail)).toBeTruthy();
  await keys.keyboard("{Tab}{Tab}");
  const asked = parts.filter((before) => before !== null).length;
  expect(asked).toBe(1);
  backend.listLedger = () => Promise.resolve({ total: 1, entries: [entry(7, "applied")] });
  await keys.click(screen.getByRole("button", { name: "Try again" }));
  await waitFor(() => expect(screen.queryByText(detail)).toBeNull());
});
