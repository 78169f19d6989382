import { act, screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import type { AuditFilter } from "../../ipc/bindings/AuditFilter";
import type { CommandError } from "../../ipc/bindings/CommandError";
import { quietStatus } from "../../ipc/fake-data";
import { expectAccessible, findSunita, openClinic, type Prepare } from "../../test/clinic";

async function openLog(prepare: Prepare = () => undefined) {
  const asked: [AuditFilter, string | null][] = [];
  const opened = openClinic({}, (backend) => {
    prepare(backend);
    const { listAudit } = backend;
    backend.listAudit = (...given) => {
      asked.push(given);
      return listAudit(...given);
    };
  });
  await screen.findByTestId("today");
  await opened.keys.click(screen.getByRole("link", { name: "Audit log" }));
  await screen.findByRole("heading", { name: "Audit log" });
  return { ...opened, asked };
}

const rows = () => screen.findAllByTestId("audit-entry");

test("an admin sees who did what with whose record, day by day, and asks for what is older", async () => {
  const { keys, asked } = await openLog();
  const [first, , third] = await rows();
  expect(first?.textContent).toBe("10:45Dr. Vikram ShahOpenedPatientSunita DeshmukhRoom 1 computer");
  expect(third?.textContent).toContain("not on this computer");
  expect(within(screen.getByTestId("audit")).getByRole("status").textContent).toBe("Shown: 3 entries");
  await expectAccessible();
  await keys.click(screen.getByRole("button", { name: "Older" }));
  const day = await screen.findByRole("rowheader", { name: "Sun 22 Nov 2026" });
  expect(day.closest("tbody")?.textContent).toContain("done 21 Nov 2026 09:30 by that computer’s clock");
  expect(within(screen.getByTestId("audit")).getByRole("status").textContent).toBe("Shown: 4 entries");
  expect(screen.queryByRole("button", { name: "Older" })).toBeNull();
  expect(screen.getByText("There is nothing older.")).toBeTruthy();
  expect(asked.map(([, older]) => older)).toEqual([null, "3"]);
});

test("the log is read when that is asked for, not while one chooses", async () => {
  const { keys, asked } = await openLog();
  await rows();
  await keys.selectOptions(await screen.findByLabelText("Who"), "Dr. Vikram Shah");
  await keys.selectOptions(screen.getByLabelText("What was done"), "Opened");
  await keys.type(screen.getByLabelText("From"), "2026-11-01");
  expect(asked).toHaveLength(1);
  await keys.click(screen.getByRole("button", { name: "Show" }));
  await waitFor(() => expect(screen.getAllByTestId("audit-entry")).toHaveLength(1));
  const filter = { from: "2026-11-01", to: null, person: "u2", action: "view", patient: null };
  expect(asked.at(-1)).toEqual([filter, null]);
  expect(screen.getByText("Nothing older fits what is chosen.")).toBeTruthy();
  // The same once more is another look.
  await keys.click(screen.getByRole("button", { name: "Show" }));
  await waitFor(() => expect(asked).toHaveLength(3));
});

test("rows that change elsewhere do not read the log again", async () => {
  const { backend, asked } = await openLog();
  await rows();
  await act(async () => backend.emit({ name: "rows-changed" }));
  expect(asked).toHaveLength(1);
});

test("it can be narrowed to the patient whose chart is open", async () => {
  const { keys, asked } = await openLog();
  await rows();
  expect(screen.queryByRole("checkbox")).toBeNull();
  await findSunita(keys);
  await keys.click(screen.getByRole("link", { name: "Audit log" }));
  await keys.click(await screen.findByRole("checkbox", { name: "Only the patient whose chart is open" }));
  await keys.keyboard("{Enter}");
  await waitFor(() => expect(asked.at(-1)?.[0].patient).toBe("p1"));
  await expectAccessible();
});

test("where nothing fits, this is said", async () => {
  const { keys } = await openLog();
  await rows();
  await keys.type(screen.getByLabelText("To"), "2020-01-01");
  await keys.click(screen.getByRole("button", { name: "Show" }));
  await waitFor(() =>
    expect(within(screen.getByTestId("audit")).getByRole("status").textContent).toBe(
      "There is nothing in the log for this.",
    ),
  );
  expect(screen.queryByRole("table")).toBeNull();
});

const failure: CommandError = {
  code: "server_unreachable",
  detail: "This computer has no open line to the server, and the audit log is read only with it.",
};

test("without the server the page says so, and is there once it is asked for again", async () => {
  const { keys, backend } = await openLog((prepared) => {
    const { listAudit, auditChoices } = prepared;
    let isDown = true;
    prepared.listAudit = (...given) => (isDown ? Promise.reject(failure) : listAudit(...given));
    prepared.auditChoices = () => (isDown ? Promise.reject(failure) : auditChoices());
    prepared.syncNow = async () => void (isDown = false);
  });
  expect((await screen.findByRole("alert")).textContent).toContain("no open line");
  expect(screen.getAllByRole("alert")).toHaveLength(1);
  await expectAccessible();
  await backend.syncNow();
  await keys.click(screen.getByRole("button", { name: "Try again" }));
  await rows();
  expect(
    await within(screen.getByLabelText("Who")).findByRole("option", { name: "Priya Nair" }),
  ).toBeTruthy();
  const connection = { state: "offline", since: "2026-11-23T09:12:00" } as const;
  await act(async () => backend.emit({ name: "sync-status", payload: { ...quietStatus, connection } }));
  expect(screen.getByText(/This is the log as it was when it was last shown/)).toBeTruthy();
});

test("what was read stays when what is older does not come", async () => {
  const { keys, backend } = await openLog();
  await rows();
  const { listAudit } = backend;
  backend.listAudit = () => Promise.reject(failure);
  await keys.click(screen.getByRole("button", { name: "Older" }));
  expect((await screen.findByRole("alert")).textContent).toContain("no open line");
  expect(screen.getAllByTestId("audit-entry")).toHaveLength(3);
  backend.listAudit = listAudit;
  await keys.click(screen.getByRole("button", { name: "Try again" }));
  await waitFor(() => expect(screen.getAllByTestId("audit-entry")).toHaveLength(4));
});

test("who is no admin has no such page", async () => {
  openClinic({ start: "vikram@example.in" });
  await screen.findByTestId("today");
  expect(screen.queryByRole("link", { name: "Audit log" })).toBeNull();
});
