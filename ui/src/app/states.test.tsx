import { act, screen, waitFor } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { endingLease as lease, people, quietStatus as status } from "../ipc/fake-data";
import type { SyncStatus } from "../ipc/bindings/SyncStatus";
import { messages } from "../messages";
import { expectAccessible, findSunita, openClinic, openPad, signMetformin } from "../test/clinic";

const failure = { code: "internal", detail: "The records could not be read. Nothing was lost." } as const;

test("a computer without a clinic asks for what it needs, and keeps what was typed when refused", async () => {
  const { keys } = openClinic({ start: "notEnrolled" });
  await keys.type(await screen.findByLabelText("Server address"), "desk.example.in");
  await keys.type(screen.getByLabelText("One-time code"), "wrong");
  await keys.type(screen.getByLabelText("E-mail"), "anjali@example.in");
  await keys.type(screen.getByLabelText("Password"), "seven green parrots");
  await keys.type(screen.getByLabelText("Name of this computer"), "Room 1");
  await expectAccessible();
  await keys.click(screen.getByRole("button", { name: "Enrol this computer" }));
  expect((await screen.findByRole("alert")).textContent).toContain("Ask for a new one");
  expect(screen.getByLabelText("Server address")).toHaveProperty("value", "desk.example.in");
  expect(screen.getByLabelText("Password")).toHaveProperty("value", "seven green parrots");
});

test("a wrong password is said in a sentence, and the right one opens today", async () => {
  const { keys } = openClinic({ start: "locked" });
  await keys.type(await screen.findByLabelText("Password"), "wrong{Enter}");
  expect((await screen.findByRole("alert")).textContent).toContain("does not fit");
  await expectAccessible();
  await keys.clear(screen.getByLabelText("Password"));
  await keys.type(screen.getByLabelText("Password"), "right{Enter}");
  expect(await screen.findByTestId("today")).toBeTruthy();
});

test("locked and offline, the screen says what is safe", async () => {
  openClinic({ start: "locked" }, (backend) =>
    backend.emit({
      name: "sync-status",
      payload: { ...status, connection: { state: "offline", since: "2026-11-23T09:12:00" }, waiting: 1 },
    }),
  );
  expect(await screen.findByText(/1 change is safe on this computer/)).toBeTruthy();
});

const locked = {
  state: "locked",
  tenantName: "Shanti Clinic",
  clinicName: "Andheri East",
  people,
  filesWaiting: 0,
  wasTooLong: false,
} as const;

test("who was signed in for too long is told why the window is locked", async () => {
  const { backend } = openClinic({ start: "locked" });
  await screen.findByLabelText("Password");
  expect(screen.queryByText(messages.unlock.wasTooLong)).toBeNull();
  act(() =>
    backend.emit({
      name: "app-state",
      payload: { ...locked, lease: null, waiting: 0, wasTooLong: true },
    }),
  );
  expect((await screen.findByText(messages.unlock.wasTooLong)).getAttribute("role")).toBe("status");
  await expectAccessible();
});

test("a computer that locks soon for want of contact says so, and what to do when it has", async () => {
  const { backend } = openClinic({ start: "locked" });
  const tell = (change: Partial<typeof lease>, waiting: number) =>
    act(() =>
      backend.emit({
        name: "app-state",
        payload: { ...locked, lease: { ...lease, ...change }, waiting },
      }),
    );
  await screen.findByLabelText("Password");
  tell({}, 0);
  expect(await screen.findByText(/In 2 days this computer opens only with the network/)).toBeTruthy();
  tell({ daysWithout: 14, hoursLeft: 0, hasEnded: true }, 31);
  expect(await screen.findByText(/14 days without contact. Connect this computer/)).toBeTruthy();
  expect(screen.getByText(/31 unsent changes are safe and will be sent first/)).toBeTruthy();
  await expectAccessible();
});

test("who was chosen at the lock stays chosen, with the letters typed, when the program tells something anew", async () => {
  const { backend, keys } = openClinic({ start: "locked" });
  const [first] = people;
  if (!first) throw new Error("BUG: nobody works here");
  await keys.type(await screen.findByLabelText("Password"), "rig");
  const again = people.map((person) => ({ ...person }));
  act(() => backend.emit({ name: "app-state", payload: { ...locked, people: again, lease, waiting: 3 } }));
  await screen.findByText(/In 2 days this computer opens only with the network/);
  const pressed = screen.getAllByRole("button", { pressed: true });
  expect(pressed.map((one) => one.textContent)).toEqual([expect.stringContaining(first.fullName)]);
  expect(screen.getByLabelText("Password")).toHaveProperty("value", "rig");
});

test("who was chosen at the lock signs in with the e-mail that an admin gave them meanwhile", async () => {
  const { backend, keys } = openClinic({ start: "locked" });
  const unlock = vi.spyOn(backend, "unlock");
  await screen.findByLabelText("Password");
  const [first, ...others] = people;
  if (!first) throw new Error("BUG: nobody works here");
  const again = [{ ...first, email: "joshi@example.in" }, ...others];
  act(() => backend.emit({ name: "app-state", payload: { ...locked, people: again, lease, waiting: 3 } }));
  await screen.findByText(/In 2 days this computer opens only with the network/);
  await keys.type(screen.getByLabelText("Password"), "right{Enter}");
  expect(unlock).toHaveBeenCalledWith("joshi@example.in", "right");
});

test("who works without contact for more than a week is told what waits", async () => {
  const { backend } = openClinic();
  await screen.findByTestId("today");
  const state = await backend.appState();
  if (state.state !== "unlocked") throw new Error(state.state);
  expect(screen.queryByTestId("roles-lapsed")).toBeNull();
  const session = { ...state.session, rolesLapsed: true, mayPrescribe: false };
  act(() => backend.emit({ name: "app-state", payload: { ...state, session } }));
  expect((await screen.findByTestId("roles-lapsed")).textContent).toContain("prescriptions wait");
  await expectAccessible();
});

test.each([
  ["en", "nothing prescribed here is checked"],
  ["hi", "यहाँ लिखी किसी दवा की एलर्जी"],
] as const)("failed safety checks are told of on every screen: %s", async (language, words) => {
  const { backend, keys } = openClinic({ language });
  await screen.findByTestId("today");
  expect(screen.queryByTestId("checks-broken")).toBeNull();
  const state = await backend.appState();
  if (state.state !== "unlocked") throw new Error(state.state);
  const session = { ...state.session, checksBroken: true };
  act(() => backend.emit({ name: "app-state", payload: { ...state, session } }));
  expect((await screen.findByTestId("checks-broken")).textContent).toContain(words);
  await expectAccessible();
  await findSunita(keys);
  expect(screen.getByTestId("checks-broken").getAttribute("role")).toBe("alert");
  await keys.keyboard("{Control>}5{/Control}");
  expect(await screen.findByTestId("sync-centre")).toBeTruthy();
  expect(screen.getByTestId("checks-broken").textContent).toContain(words);
});

test("a window that the program locked, as after sleep, keeps nothing of a patient", async () => {
  const { backend } = openClinic();
  await screen.findByTestId("today");
  const state = await backend.appState();
  act(() => backend.emit({ name: "app-state", payload: { ...locked, lease: null, waiting: 1 } }));
  await waitFor(() => expect(screen.queryByTestId("today")).toBeNull());
  backend.fail("getToday", failure);
  act(() => backend.emit({ name: "app-state", payload: state }));
  expect((await screen.findByRole("alert")).textContent).toContain(failure.detail);
});

test("records that cannot be opened are the only thing shown", async () => {
  const detail = "The keyring of this computer is locked. Unlock it and start again.";
  openClinic({}, (backend) => backend.fail("appState", { code: "keyring_locked", detail }));
  expect((await screen.findByTestId("broken")).textContent).toContain(detail);
  await expectAccessible();
});

test("today says that it loads", async () => {
  openClinic({ delayMs: 1_000 });
  expect(await screen.findByRole("status", { name: "Loading" }, { timeout: 3_000 })).toBeTruthy();
});

test("today fails with a sentence and a way to try again", async () => {
  openClinic({}, (backend) => backend.fail("getToday", failure));
  expect((await screen.findByRole("alert")).textContent).toContain(failure.detail);
  expect(screen.getByRole("button", { name: "Try again" })).toBeTruthy();
});

test("in Hindi a failure is said in Hindi, and marked as English where there is no Hindi for it", async () => {
  const hindi = "रिकॉर्ड पढ़े नहीं जा सके। कुछ नहीं खोया।";
  const { keys, backend } = openClinic({ language: "hi" }, (fake) =>
    fake.fail("getToday", { ...failure, hindi }),
  );
  expect((await screen.findByText(hindi)).getAttribute("lang")).toBe("hi");
  expect(screen.queryByText(failure.detail)).toBeNull();
  backend.fail("getToday", failure);
  await keys.click(screen.getByRole("button", { name: "फिर कोशिश करें" }));
  expect((await screen.findByText(failure.detail)).getAttribute("lang")).toBe("en");
});

test("a chart that cannot be read says so", async () => {
  const { keys, backend } = openClinic();
  await screen.findByTestId("today");
  backend.fail("getChart", failure);
  await keys.keyboard("{Control>}k{/Control}");
  await keys.type(await screen.findByTestId("finder-input"), "sunita");
  await screen.findByRole("option", { name: /Sunita Deshmukh/ });
  await keys.keyboard("{Enter}");
  expect((await screen.findByRole("alert")).textContent).toContain(failure.detail);
});

test("a draft that could not be written is never called saved", async () => {
  const { keys, backend } = openClinic();
  await screen.findByTestId("today");
  backend.fail("saveDraft", { code: "disk_full", detail: "The disk is full. Free some space." });
  await openPad(keys);
  await keys.type(screen.getByLabelText("Advice"), "Rest");
  await waitFor(() => expect(screen.getByTestId("pad-saved").textContent).toBe("The draft is not saved yet"));
  expect(screen.getByRole("alert").textContent).toContain("The disk is full");
  expect(screen.getByLabelText("Advice")).toHaveProperty("value", "Rest");
});

test("the clinic is not locked over a draft that could not be written", async () => {
  const { keys, backend } = openClinic();
  await screen.findByTestId("today");
  backend.fail("saveDraft", { code: "disk_full", detail: "The disk is full. Free some space." });
  await openPad(keys);
  await keys.type(screen.getByLabelText("Advice"), "Rest");
  await keys.click(screen.getByRole("button", { name: "Lock" }));
  expect((await screen.findByTestId("toast")).textContent).toContain("The disk is full");
  expect(screen.getByLabelText("Advice")).toHaveProperty("value", "Rest");
});

test("a signature that fails leaves the pad as it was", async () => {
  const { keys } = openClinic();
  await screen.findByTestId("today");
  await openPad(keys);
  await keys.keyboard("{Control>}{Enter}{/Control}");
  expect((await screen.findByRole("alert")).textContent).toContain("nothing to sign yet");
  expect(screen.getByTestId("pad")).toBeTruthy();
});

test("an empty ledger and a full one both make sense", async () => {
  const { keys } = openClinic();
  await screen.findByTestId("today");
  await keys.keyboard("{Control>}5{/Control}");
  expect(await screen.findByText("Nothing has been done on this computer yet.")).toBeTruthy();
  await signMetformin(keys);
  await keys.keyboard("{Control>}5{/Control}");

  expect((await screen.findByTestId("ledger-entry")).textContent).toContain("Waiting");
  await expectAccessible();
});

test("no screen of a doctor's day has a fault that an assessor would name", async () => {
  const { keys } = openClinic();
  await screen.findByTestId("today");
  await screen.findByText("Asked to come back today");
  await expectAccessible();
  await keys.keyboard("{Control>}k{/Control}");
  await screen.findByTestId("finder-input");
  await expectAccessible();
  await keys.keyboard("{Escape}");
  await findSunita(keys);
  await expectAccessible();
  await keys.keyboard("{Control>}n{/Control}");
  await screen.findByTestId("pad");
  await expectAccessible();
  await keys.keyboard("{Control>}{Shift>}n{/Shift}{/Control}");
  await screen.findByTestId("register-form");
  await expectAccessible();
});

test("what the server says of the plan is in sight until it was read, and again when it changes", async () => {
  const { keys, backend } = openClinic();
  await screen.findByTestId("today");
  const tell = (detail: string) =>
    act(() =>
      backend.emit({
        name: "sync-status",
        payload: { ...status, notices: [{ code: "at_limit", detail }] },
      }),
    );
  tell("All 1000 places for patients in the plan are taken.");
  expect((await screen.findByTestId("notice-at_limit")).textContent).toContain("All 1000 places");
  await expectAccessible();
  await keys.click(screen.getByRole("button", { name: /^Read: All 1000 places/ }));
  expect(screen.queryByTestId("notice-at_limit")).toBeNull();
  tell("There are 1001 patients, 1 more than the plan has room for.");
  expect((await screen.findByTestId("notice-at_limit")).textContent).toContain("1 more");
});

test("who may object to an admin of the operator's does so where it is said, and nobody else can", async () => {
  const { keys, backend } = openClinic();
  await screen.findByTestId("today");
  const notices: SyncStatus["notices"] = [
    { code: "admin_comes", detail: "The operator will make Ravi Menon an admin." },
    { code: "other", detail: "What only a later program knows." },
  ];
  act(() => backend.emit({ name: "sync-status", payload: { ...status, notices } }));
  await screen.findByTestId("notice-admin_comes");
  expect(screen.getByTestId("notice-other").textContent).toContain("only a later program");
  await expectAccessible();
  const state = await backend.appState();
  if (state.state !== "unlocked") throw new Error(state.state);
  const nurse = { ...state.session.person, roles: ["nurse" as const] };
  const tell = (person: typeof state.session.person) =>
    act(() =>
      backend.emit({ name: "app-state", payload: { ...state, session: { ...state.session, person } } }),
    );
  tell(nurse);
  await waitFor(() => expect(screen.queryByRole("button", { name: "Object" })).toBeNull());
  expect(screen.getByTestId("notice-admin_comes")).toBeTruthy();
  tell(state.session.person);
  await keys.click(await screen.findByRole("button", { name: "Object" }));
  await waitFor(() => expect(screen.queryByTestId("notice-admin_comes")).toBeNull());
  expect(await screen.findByText(/You objected/)).toBeTruthy();
});
