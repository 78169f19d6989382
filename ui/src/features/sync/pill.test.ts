import { expect, test } from "vitest";
import type { SyncStatus } from "../../ipc/bindings/SyncStatus";
import { endingLease as lease, quietStatus } from "../../ipc/fake-data";
import { pillWords, syncSentence } from "./pill";

const day = new Date().toLocaleDateString("sv");
const at = (time: string) => `${day}T${time}:00`;
const status = { ...quietStatus, lastLevelAt: at("10:41"), lastSyncedAt: at("10:41") };
const offline = { state: "offline", since: at("09:12") } as const;
const problem = { code: "device_revoked", detail: "This computer was removed from the clinic." } as const;

const cases: [string, Partial<SyncStatus>][] = [
  ["Online | all synced 10:41", {}],
  ["Online | 2 waiting", { waiting: 2 }],
  ["Setting up", { filling: { hasToday: false, rows: 40, total: null } }],
  ["Setting up, 12% | 1 waiting", { filling: { hasToday: true, rows: 125, total: 1000 }, waiting: 1 }],
  ["Setting up, 99%", { filling: { hasToday: true, rows: 1010, total: 1000 }, connection: offline }],
  ["Connecting", { connection: { state: "connecting" } }],
  ["Sending 3 of 12", { connection: { state: "sending", sent: 3, total: 12 }, waiting: 12 }],
  ["Receiving 120 rows", { connection: { state: "receiving", rows: 120 } }],
  ["Offline since 09:12 | all saved", { connection: offline }],
  ["Offline since 09:12 | saved here, 1 waiting", { connection: offline, waiting: 1 }],
  ["Offline 12 days | locks in 2 days", { connection: offline, waiting: 7, attention: 1, lease }],
  [
    "Offline 13 days | locks in 1 hour",
    { connection: offline, lease: { ...lease, daysWithout: 13, hoursLeft: 1 } },
  ],
  ["Online | all synced 10:41", { lease }],
  ["Online | 2 files to send", { filesWaiting: 2 }],
  ["Online | 1 waiting", { filesWaiting: 2, waiting: 1 }],
  ["Offline since 09:12 | saved here, 1 file to send", { connection: offline, filesWaiting: 1 }],
  ["1 file cannot be sent", { filesRefused: 1, filesWaiting: 2 }],
  ["12 records are only here", { onlyHere: 12, attention: 1 }],
  ["1 change needs you | synced 10:41", { attention: 1 }],
  ["Not syncing | 2 waiting", { problem, waiting: 2 }],
  ["Not syncing | 1 file to send", { problem, filesWaiting: 1 }],
  ["Not syncing | 0 waiting", { problem }],
  ["Update Clinic Desk | your work has been sent", { problem: { ...problem, code: "upgrade_required" } }],
  [
    "Update Clinic Desk | 1 file to send",
    { problem: { ...problem, code: "upgrade_required" }, filesWaiting: 1 },
  ],
  [
    "Update Clinic Desk | 3 records are only here",
    { problem: { ...problem, code: "upgrade_required" }, onlyHere: 3 },
  ],
  [
    "Update Clinic Desk | 1 file cannot be sent",
    { problem: { ...problem, code: "upgrade_required" }, filesRefused: 1 },
  ],
  ["Update Clinic Desk | 2 waiting", { problem: { ...problem, code: "upgrade_required" }, waiting: 2 }],
];

test.each(cases)("the pill says: %s", (words, change) => {
  expect(pillWords({ ...status, ...change }).words.join(" | ")).toBe(words);
});

test("neither pill nor sentence says synced, or all, before everything is here", () => {
  for (const connection of [status.connection, offline]) {
    const filling = { hasToday: true, rows: 1000, total: 1000 };
    const said = { ...status, connection, filling, lastSyncedAt: null };
    expect(pillWords(said).words.join(" ")).not.toMatch(/synced|all|100/);
    expect(syncSentence(said)).toContain("being set up");
    expect(syncSentence(said)).not.toContain("Everything");
  }
});

test("the pill never says synced while something waits", () => {
  for (const connection of [status.connection, offline]) {
    for (const attention of [0, 1]) {
      for (const unsent of [{ waiting: 1 }, { filesWaiting: 1 }, { filesRefused: 1 }]) {
        const said = { ...status, connection, attention, ...unsent };
        expect(pillWords(said).words.join(" ")).not.toContain("synced");
      }
    }
  }
});

test("neither pill nor sentence says synced, or everything, while records are only here", () => {
  for (const connection of [status.connection, offline, { state: "connecting" } as const]) {
    for (const attention of [0, 1]) {
      const said = { ...status, connection, attention, onlyHere: 2 };
      expect(pillWords(said)).toEqual({ kind: "attention", words: ["2 records are only here"] });
      expect(syncSentence(said)).toContain("2 records on this computer are missing from the server");
      expect(syncSentence(said)).not.toMatch(/synced|Everything/);
    }
  }
});

test("neither pill nor sentence says synced, or everything, before the first comparison", () => {
  const said = { ...status, lastSyncedAt: null };
  expect(pillWords(said)).toEqual({ kind: "busy", words: ["Online", "comparing with the server"] });
  expect(syncSentence(said)).toContain("Nothing is waiting to be sent.");
  expect(syncSentence(said)).not.toMatch(/synced|Everything/);
});

test("nothing is said to be on the server while it refuses a file", () => {
  const said = syncSentence({ ...status, filesRefused: 1 });
  expect(said).toContain("Nothing is waiting to be sent.");
  expect(said).not.toContain("Everything");
});
