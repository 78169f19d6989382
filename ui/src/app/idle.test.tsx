import { fireEvent, screen, waitFor } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { messages } from "../messages";
import { openClinic, openPad } from "../test/clinic";

afterEach(() => vi.useRealTimers());

/** So many minutes go by in which nobody touches anything. */
async function pass(minutes: number) {
  vi.setSystemTime(Date.now() + minutes * 60_000);
  await vi.advanceTimersByTimeAsync(5_000);
}

test("nobody at the desk: it locks, what was typed stays, and the same person comes back to the same place", async () => {
  vi.useFakeTimers({ toFake: ["Date", "setInterval", "clearInterval"], now: new Date() });
  const { keys } = openClinic();
  await screen.findByTestId("today");
  await openPad(keys);
  await keys.type(screen.getByLabelText("Complaints"), "Fever since two days");
  await pass(4);
  expect(screen.queryByLabelText("Password")).toBeNull();
  await pass(5);
  const password = await screen.findByLabelText("Password");
  expect(screen.queryByText("Sunita Deshmukh")).toBeNull();
  await keys.type(password, "seven green parrots{Enter}");
  await waitFor(() =>
    expect(screen.getByLabelText("Complaints")).toHaveProperty("value", "Fever since two days"),
  );
});

test("nobody at the desk, and the disk is full: it locks all the same, and whoever comes back is told what was lost", async () => {
  vi.useFakeTimers({ toFake: ["Date", "setInterval", "clearInterval"], now: new Date() });
  const { keys, backend } = openClinic();
  await screen.findByTestId("today");
  await openPad(keys);
  backend.fail("saveDraft", { code: "disk_full", detail: "The disk is full. Free some space." });
  await keys.type(screen.getByLabelText("Complaints"), "Fever since two days");
  await pass(9);
  await keys.type(await screen.findByLabelText("Password"), "seven green parrots{Enter}");
  expect((await screen.findByTestId("lost-typed")).textContent).toContain(messages.shell.lostTyped);
});

test.each([false, true])(
  "a key keeps it open, also one of a word that is composed: %s",
  async (isComposing) => {
    vi.useFakeTimers({ toFake: ["Date", "setInterval", "clearInterval"], now: new Date() });
    openClinic();
    await screen.findByTestId("today");
    for (let minute = 0; minute < 12; minute += 4) {
      await pass(4);
      fireEvent.keyDown(document.body, { key: "s", isComposing });
    }
    expect(screen.getByTestId("today")).toBeTruthy();
  },
);

test("a clock that is set back while nobody is there keeps nothing open", async () => {
  vi.useFakeTimers({ toFake: ["Date", "setInterval", "clearInterval"], now: new Date() });
  openClinic();
  await screen.findByTestId("today");
  await pass(-120);
  await pass(9);
  await screen.findByLabelText("Password");
});
