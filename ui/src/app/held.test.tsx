import { act, fireEvent, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { messages } from "../messages";
import { findSunita, openClinic, openPad } from "../test/clinic";

/** A key that has been held since before what has the focus stood there; whether it did what it does by itself. */
async function goOnHolding(key: "Enter" | "Escape"): Promise<boolean> {
  const held = fireEvent.keyDown(document.activeElement ?? document.body, { key, repeat: true });
  await act(async () => {});
  return held;
}

test("Enter that is still held when the next item comes presses the choice that is focused there no more", async () => {
  const { keys } = openClinic({}, (backend) => {
    backend.differ({});
    backend.differ({
      id: "k2",
      column: "alerts",
      facts: [{ name: "alerts", base: null, theirs: "a", ours: "b" }],
    });
  });
  await screen.findByTestId("today");
  await keys.keyboard("{Control>}{Shift>}r{/Shift}{/Control}");
  await screen.findByRole("heading", { name: "Blood group" });
  await keys.keyboard("{Enter}");
  await screen.findByRole("heading", { name: "Allergies and warnings" });
  expect(await goOnHolding("Enter")).toBe(false);
});

test("Enter that is held chooses a medicine, and does not take it with a dose that nobody has read", async () => {
  const { keys } = openClinic();
  await screen.findByTestId("today");
  await openPad(keys);
  await keys.keyboard("metformin{Enter}");
  await screen.findByTestId("pad-medicine");
  await goOnHolding("Enter");
  expect(screen.queryByTestId("pad-item")).toBeNull();
  await keys.keyboard("{Enter}");
  await screen.findByTestId("pad-item");
});

test("Escape that is held asks about what is typed, and does not answer that itself", async () => {
  const { keys } = openClinic();
  await screen.findByTestId("today");
  await findSunita(keys);
  await keys.keyboard("{Control>}{Shift>}a{/Shift}{/Control}");
  await keys.type(await screen.findByRole("combobox", { name: "Allergic to" }), "x");
  await keys.keyboard("{Escape}");
  await screen.findByRole("button", { name: messages.common.keepTyping });
  await goOnHolding("Escape");
  expect(screen.getByRole("button", { name: messages.common.keepTyping })).toBe(document.activeElement);
});

test("in a text, Enter that is held makes line after line", async () => {
  const { keys } = openClinic();
  await screen.findByTestId("today");
  await openPad(keys);
  await keys.keyboard("{F8}");
  expect(document.activeElement).toBe(screen.getByRole("textbox", { name: messages.pad.advice }));
  expect(await goOnHolding("Enter")).toBe(true);
});
