import { act, screen, waitFor } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import type { SyncStatus } from "../ipc/bindings/SyncStatus";
import { people } from "../ipc/fake-data";
import { findSunita, openClinic, openPad, signMetformin } from "../test/clinic";

afterEach(() => vi.restoreAllMocks());

async function opened(hasFocus: boolean) {
  vi.spyOn(document, "hasFocus").mockReturnValue(hasFocus);
  const clinic = openClinic();
  await screen.findByTestId("today");
  const status = await clinic.backend.syncStatus();
  const says = (part: Partial<SyncStatus>) =>
    act(() => clinic.backend.emit({ name: "sync-status", payload: { ...status, ...part } }));
  says({});
  return { ...clinic, says };
}

const logChanged = { code: "log_changed", detail: "The log was changed." } as const;

test("behind another program, the system tells of a new decision, a changed log and a revocation, and of nobody", async () => {
  const { backend, says } = await opened(false);
  says({ decisions: 1, attention: 1 });
  says({ decisions: 1, attention: 2 });
  says({ decisions: 0, attention: 1, notices: [logChanged] });
  says({ decisions: 0, notices: [logChanged] });
  act(() =>
    backend.emit({
      name: "app-state",
      payload: {
        state: "revoked",
        tenantName: "Shanti",
        clinicName: "Andheri",
        people,
        waiting: 2,
        needsPassword: false,
        wipesAt: null,
        problem: null,
      },
    }),
  );
  await waitFor(() => expect(backend.outside.told).toHaveLength(3));
  expect(backend.outside.told[0]).toContain("needs a decision");
  expect(backend.outside.told[1]).toContain("log");
  expect(backend.outside.told[2]).toContain("out of service");
});

test("what was there before somebody signed in is no news, and a window in sight tells it itself", async () => {
  const { backend, says } = await opened(true);
  says({ decisions: 2 });
  expect(backend.outside.told).toEqual([]);
  vi.spyOn(document, "hasFocus").mockReturnValue(false);
  const state = await backend.appState();
  act(() => backend.emit({ name: "app-state", payload: state }));
  says({ decisions: 5 });
  says({ decisions: 5, waiting: 1 });
  expect(backend.outside.told).toEqual([]);
});

test("the menus name what the keys do, in the language of the window, and only what does something can be chosen", async () => {
  const { keys, backend } = openClinic();
  await screen.findByTestId("today");
  const { outside } = backend;
  expect(outside.menu.map((section) => section.title)).toEqual([
    "Go",
    "Day",
    "Patient",
    "Prescription",
    "Help",
  ]);
  expect(outside.menu[0]?.items[0]).toEqual({ id: "find", label: "Find a patient", keys: "Mod+K" });
  await waitFor(() => expect(outside.enabled).toContain("find"));
  expect(outside.enabled).not.toContain("undo");
  await openPad(keys);
  await waitFor(() => expect(outside.enabled).toContain("undo"));
  await keys.click(screen.getByTestId("language-hi"));
  await waitFor(() => expect(outside.menu[0]?.title).toBe("जाएँ"));
  await keys.click(screen.getByTestId("language-en"));
  await keys.click(screen.getByRole("button", { name: "Lock" }));
  await screen.findByText("Who is working?");
  await waitFor(() => expect(outside.enabled.join("")).toBe(""));
});

test("what is chosen in a menu does what its key does, also where a dialog stands above it", async () => {
  const { keys, backend } = openClinic();
  await screen.findByTestId("today");
  await findSunita(keys);
  await signMetformin(keys);
  await screen.findByTestId("prescription-page");
  const choose = (payload: "preview" | "print" | "today") =>
    act(() => backend.emit({ name: "menu", payload }));
  choose("preview");
  await screen.findByTestId("prescription-page-large");
  choose("today");
  expect(screen.queryByTestId("today")).toBeNull();
  choose("print");
  await waitFor(() => expect(backend.printed).toHaveLength(1));
});
