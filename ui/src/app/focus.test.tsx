import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { quietStatus as status } from "../ipc/fake-data";
import { expectAccessible, findSunita, openClinic } from "../test/clinic";

const focused = () => document.activeElement;

test("what is taken out leaves the focus in its part of the chart, from where Tab goes on", async () => {
  const { keys } = openClinic();
  await screen.findByTestId("today");
  await findSunita(keys);
  screen.getByRole("button", { name: "Remove Hypertension" }).focus();
  await keys.keyboard("{Enter}");
  await screen.findByText("Hypertension removed");
  const part = screen.getByRole("region", { name: "Long illnesses" });
  await waitFor(() => expect(focused()).toBe(part));
  await expectAccessible();
  await keys.tab();
  expect(focused()).toBe(screen.getByRole("button", { name: "Remove Type 2 diabetes" }));
  expect(part.hasAttribute("tabindex")).toBe(false);
});

test("what was just done is taken back by key, and the focus stays where it is", async () => {
  const { keys } = openClinic();
  await screen.findByTestId("today");
  await findSunita(keys);
  await keys.click(screen.getByRole("button", { name: "Remove Hypertension" }));
  const undo = await screen.findByRole("button", { name: "Undo" });
  expect(undo.getAttribute("aria-keyshortcuts")).toBe("Control+U");
  const field = screen.getByRole("combobox", { name: "Add an illness" });
  field.focus();
  await keys.keyboard("{Control>}u{/Control}");
  await screen.findByRole("button", { name: "Remove Hypertension" });
  const notices = within(screen.getByRole("region", { name: "Notices" }));
  expect(await notices.findByText("Undone: Hypertension removed")).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Undo" })).toBeNull();
  expect(focused()).toBe(field);
});

test("a key that is held down takes back one thing and no more", async () => {
  const { keys } = openClinic();
  await screen.findByTestId("today");
  await findSunita(keys);
  await keys.click(screen.getByRole("button", { name: "Remove Hypertension" }));
  await screen.findByText("Hypertension removed");
  await keys.click(await screen.findByRole("button", { name: "Remove Type 2 diabetes" }));
  await screen.findByText("Type 2 diabetes removed");
  fireEvent.keyDown(document.body, { key: "u", ctrlKey: true });
  await screen.findByRole("button", { name: "Remove Type 2 diabetes" });
  fireEvent.keyDown(document.body, { key: "u", ctrlKey: true, repeat: true });
  expect(screen.getByText("Hypertension removed")).toBeTruthy();
});

test("a screen that makes way for another leaves the focus on the new one, and not at the top of the window", async () => {
  const { keys } = openClinic();
  await screen.findByTestId("today");
  await findSunita(keys);
  expect(focused()).toBe(screen.getByRole("button", { name: "New prescription" }));
  await keys.keyboard("{Control>}1{/Control}");
  const today = await screen.findByTestId("today");
  await waitFor(() => expect(focused()).toBe(screen.getByRole("main")));
  await keys.tab();
  expect(today.contains(focused())).toBe(true);
});

test("a notice that was read leaves the focus on the screen", async () => {
  const { keys, backend } = openClinic();
  await screen.findByTestId("today");
  const notices = [{ code: "log_changed", detail: "The log was changed." }] as const;
  act(() => backend.emit({ name: "sync-status", payload: { ...status, notices: [...notices] } }));
  (await screen.findByRole("button", { name: "Read: The log was changed." })).focus();
  await keys.keyboard("{Enter}");
  await waitFor(() => expect(focused()).toBe(screen.getByRole("main")));
});

test("the focus goes through a chart in the order in which it is read", async () => {
  const { keys } = openClinic();
  await screen.findByTestId("today");
  await findSunita(keys);
  const chart = screen.getByTestId("chart");
  screen.getByRole("button", { name: /^Correct details/ }).focus();
  const passed: string[] = [];
  while (chart.contains(document.activeElement) && passed.length < 30) {
    const { activeElement } = document;
    passed.push(activeElement?.getAttribute("aria-label") ?? activeElement?.textContent ?? "");
    await keys.keyboard("{Tab}");
  }
  // What is folded away is not passed; jsdom does not know that.
  expect(passed.slice(0, 16)).toEqual([
    "Correct details",
    "Token or bookingCtrl B",
    "Tooth chartCtrl 4",
    "New prescriptionCtrl N",
    "TAB. METFORMIN 500 MG: prescribed 02 Nov 2026",
    "Stop TAB. METFORMIN 500 MG",
    "Change Penicillins",
    "Change Sulfonamides",
    "Note an allergyCtrl Shift A",
    "Remove Type 2 diabetes",
    "Remove Hypertension",
    "",
    "Registered twice…Ctrl Shift M",
    "02 Nov 2026",
    "Add a file",
    "As a table",
  ]);
});

test("a dialog that closes leaves the focus on the screen when what it was opened from is gone meanwhile", async () => {
  const { keys, backend } = openClinic();
  await screen.findByTestId("today");
  const notices = [{ code: "log_changed", detail: "The log was changed." }] as const;
  act(() => backend.emit({ name: "sync-status", payload: { ...status, notices: [...notices] } }));
  (await screen.findByRole("button", { name: "Read: The log was changed." })).focus();
  await keys.keyboard("{Control>}k{/Control}");
  act(() => backend.emit({ name: "sync-status", payload: status }));
  await waitFor(() => expect(screen.queryByText("The log was changed.")).toBeNull());
  await keys.keyboard("{Escape}");
  await waitFor(() => expect(focused()).toBe(screen.getByRole("main")));
});
