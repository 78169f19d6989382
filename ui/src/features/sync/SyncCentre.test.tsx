import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { openClinic } from "../../test/clinic";
import type { LedgerEntry } from "../../ipc/bindings/LedgerEntry";
import type { SyncStatus } from "../../ipc/bindings/SyncStatus";

const status: SyncStatus = {
  connection: { state: "online" },
  waiting: 0,
  attention: 0,
  decisions: 0,
  lastSyncedAt: null,
  problem: null,
  notices: [],
  lease: null,
};
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

async function openSyncCentre(prepare: Parameters<typeof openClinic>[1]) {
  const opened = openClinic({}, prepare);
  await screen.findByTestId("today");
  await opened.keys.keyboard("{Control>}4{/Control}");
  await screen.findByTestId("sync-centre");
  return opened;
}

test("offline, the pill and the centre say since when and that the work is safe", async () => {
  await openSyncCentre((backend) =>
    backend.emit({ name: "sync-status", payload: { ...status, connection: offline, waiting: 1 } }),
  );
  expect(screen.getByTestId("sync-pill").textContent).toBe("Offline since 09:12 | saved here, 1 waiting");
  expect(await screen.findByText(/You can work as always. 1 change is safe on this computer/)).toBeTruthy();
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

test("online, a change that needs someone is part of the sentence", async () => {
  await openSyncCentre((backend) =>
    backend.emit({ name: "sync-status", payload: { ...status, attention: 1 } }),
  );
  expect(screen.getByTestId("sync-pill").textContent).toBe("1 change needs you");
  expect(await screen.findByText(/1 change needs you: see the list/)).toBeTruthy();
});

test("the ledger says of every change what became of it", async () => {
  const reason = "Reception may not change this.";
  await openSyncCentre((backend) => {
    backend.listLedger = () =>
      Promise.resolve([
        entry(5, null),
        entry(4, "quarantined", reason),
        entry(3, "conflict"),
        entry(2, "merged"),
        entry(1, "applied"),
      ]);
  });
  const rows = await screen.findAllByTestId("ledger-entry");
  const fates = ["Waiting", "Set aside", "Differs", "Merged", "Applied"];
  fates.forEach((fate, place) => expect(rows[place]?.textContent).toContain(fate));
  expect(rows[1]?.textContent).toContain(reason);
});

test("a ledger that cannot be read leaves the rest of the centre standing", async () => {
  const detail = "The records could not be read. Nothing was lost.";
  await openSyncCentre((backend) => backend.fail("listLedger", { code: "internal", detail }));
  expect((await screen.findByRole("alert")).textContent).toContain(detail);
  expect(screen.getByText("Room 1 computer")).toBeTruthy();
});
