import { act, screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { messages } from "../../messages";
import { expectAccessible, openClinic, openPad } from "../../test/clinic";

async function openKeys() {
  const { keys, backend } = openClinic();
  await screen.findByTestId("today");
  await keys.click(screen.getByRole("link", { name: "Library" }));
  await screen.findByTestId("short-keys");
  return { keys, backend };
}

test("a key and Tab give a whole regimen, and one step takes it back", async () => {
  const { keys } = openClinic();
  await screen.findByTestId("today");
  await openPad(keys);
  await keys.keyboard("/ur");
  await screen.findByTestId("pad-short-key");
  await keys.keyboard("{Tab}");
  await waitFor(() => expect(screen.getAllByTestId("pad-item")).toHaveLength(2));
  expect(screen.getByRole<HTMLTextAreaElement>("textbox", { name: "Advice" }).value).toBe("Warm fluids");
  await keys.keyboard("{Control>}z{/Control}");
  expect(screen.queryByTestId("pad-item")).toBeNull();
  expect(screen.getByRole<HTMLTextAreaElement>("textbox", { name: "Advice" }).value).toBe("");
});

test("a key that is not there stays as typed and says what may be meant", async () => {
  const { keys } = openClinic();
  await screen.findByTestId("today");
  const line = await openPad(keys);
  await keys.keyboard("/urtii{Tab}");
  await waitFor(() => expect(screen.getByTestId("pad-echo").textContent).toContain("Did you mean /urti?"));
  expect(line).toHaveProperty("value", "/urtii");
});

test("a phrase stands where its key was typed", async () => {
  const { keys } = openClinic();
  await screen.findByTestId("today");
  await openPad(keys);
  await keys.type(screen.getByRole("textbox", { name: "Advice" }), "Rest. .fluids x .nokey ");
  expect(screen.getByRole<HTMLTextAreaElement>("textbox", { name: "Advice" }).value).toBe(
    "Rest. Drink three litres a day x .nokey ",
  );
  const referral = screen.getByRole("textbox", { name: messages.pad.referral });
  await keys.type(referral, "Dr. Shah .fluids ");
  expect(referral).toHaveProperty("value", "Dr. Shah Drink three litres a day ");
});

test("a key is written with its lines read and tried on people beside it", async () => {
  const { keys } = await openKeys();
  await keys.click(screen.getByRole("button", { name: "New short key" }));
  await keys.type(screen.getByRole("textbox", { name: "Key" }), "throat");
  await keys.type(
    screen.getByRole("textbox", { name: "Medicines, one a line, as in the pad" }),
    "amoxicillin 500 1-1-1 x5d pc",
  );
  await waitFor(() => expect(screen.getByTestId("key-line").textContent).toContain("for 5 days"));
  expect((await screen.findByTestId("key-finding")).textContent).toContain("Someone allergic to penicillins");
  expect(screen.getByTestId("key-finding").closest("[aria-live=polite]")).not.toBeNull();
  await expectAccessible();
  await keys.click(screen.getByRole("button", { name: "Save short key" }));
  await screen.findByText("The title is missing. Nothing was saved yet.");
  await keys.type(screen.getByRole("textbox", { name: "Title" }), "Sore throat{Enter}");
  await screen.findByRole("button", { name: /\/throat/ });
});

test("lines that were taken away again are neither shown nor called harmless", async () => {
  const { keys } = await openKeys();
  await keys.click(screen.getByRole("button", { name: "New short key" }));
  const lines = screen.getByRole("textbox", { name: messages.shortKeys.lines });
  await keys.type(lines, "cetirizine 0-0-1 x3d");
  await screen.findByText(messages.shortKeys.harmless(1));
  await keys.clear(lines);
  await screen.findByText(messages.shortKeys.previewEmpty);
  expect(screen.queryByTestId("key-line")).toBeNull();
  expect(screen.queryByText(messages.shortKeys.harmless(1))).toBeNull();
});

test("a key with a medicine that the checks do not know is not called harmless", async () => {
  const { keys } = await openKeys();
  await keys.click(screen.getByRole("button", { name: "New short key" }));
  await keys.type(screen.getByRole("textbox", { name: messages.shortKeys.lines }), "Rasayana 1-0-1 x3d");
  await screen.findByText(`Rasayana: ${messages.pad.notChecked}`);
  await screen.findByTestId("key-line");
  expect(screen.queryByText(messages.shortKeys.harmless(1))).toBeNull();
});

test("a key that is saved late makes way for no other one until it is", async () => {
  const { keys, backend } = await openKeys();
  const { shortKeys: words } = messages;
  const save = backend.saveShortKey;
  let letGo: (() => void) | undefined;
  const held = new Promise<void>((resolve) => (letGo = resolve));
  backend.saveShortKey = (...form) => held.then(() => save(...form));
  await keys.click(await screen.findByRole("button", { name: /\/urti/ }));
  await keys.type(screen.getByRole("textbox", { name: "Title" }), " again{Enter}");
  await keys.click(screen.getByRole("button", { name: words.add }));
  const told = await screen.findByRole("dialog", { name: messages.common.savingTitle });
  await act(async () => letGo?.());
  await waitFor(() => expect(document.body.textContent).toContain(words.saved("/urti")));
  await waitFor(() => expect(told.isConnected).toBe(false));
  expect(screen.queryByRole("form", { name: words.new })).toBeNull();
});

test("a key that was changed since it was opened is not saved over", async () => {
  const { keys, backend } = await openKeys();
  await keys.click(await screen.findByRole("button", { name: /\/urti/ }));
  const seen = (await backend.listShortKeys()).find(({ form }) => form.key === "urti");
  if (!seen) throw new Error("BUG: no such key");
  await backend.saveShortKey([seen.id, seen.form], { ...seen.form, advice: "Steam" });
  await keys.type(screen.getByRole("textbox", { name: "Title" }), " again{Enter}");
  await screen.findByText("This short key was changed meanwhile: open it anew. Nothing was saved yet.");
});

test("a key with classes is not for who is allergic in one of them, and says so", async () => {
  const { keys } = await openKeys();
  await keys.click(screen.getByRole("button", { name: "New short key" }));
  await keys.type(screen.getByRole("textbox", { name: "Key" }), "throat");
  await keys.type(screen.getByRole("textbox", { name: messages.shortKeys.lines }), "cetirizine 0-0-1 x3d");
  await keys.type(screen.getByRole("textbox", { name: messages.shortKeys.notWith }), "Penicillins");
  await keys.type(screen.getByRole("textbox", { name: "Title" }), "Sore throat{Enter}");
  await screen.findByRole("button", { name: /\/throat/ });
  const line = await openPad(keys);
  await keys.keyboard("/throat{Tab}");
  await waitFor(() =>
    expect(screen.getByTestId("pad-echo").textContent).toContain("who is allergic: Penicillins."),
  );
  expect(line).toHaveProperty("value", "/throat");
  expect(screen.queryByTestId("pad-item")).toBeNull();
});

test("a key is removed only after a question", async () => {
  const { keys } = await openKeys();
  await keys.click(await screen.findByRole("button", { name: /\/urti/ }));
  await keys.click(screen.getByRole("button", { name: "Remove" }));
  await screen.findByRole("dialog", { name: "Remove /urti?" });
  await keys.keyboard("{Escape}");
  expect(screen.getByRole("button", { name: /\/urti/ })).toBeTruthy();
});

test("why a key could not be removed is said in the question", async () => {
  const detail = "The disk is full. Nothing was changed.";
  const { keys, backend } = await openKeys();
  backend.fail("removeShortKey", { code: "internal", detail });
  await keys.click(await screen.findByRole("button", { name: /\/urti/ }));
  await keys.click(screen.getByRole("button", { name: "Remove" }));
  const question = await screen.findByRole("dialog", { name: "Remove /urti?" });
  await keys.click(within(question).getByRole("button", { name: "Remove" }));
  expect((await within(question).findByRole("alert")).textContent).toContain(detail);
});

const key = () => screen.getByRole("textbox", { name: "Key" });

test("what is typed in a key makes way for another one only after a question", async () => {
  const { keys } = await openKeys();
  await keys.click(screen.getByRole("button", { name: "New short key" }));
  expect(document.activeElement).toBe(key());
  await keys.keyboard("throat");
  await keys.click(await screen.findByRole("button", { name: /\/urti/ }));
  await screen.findByRole("dialog", { name: messages.common.unsavedTitle });
  await keys.click(screen.getByRole("button", { name: messages.common.keepTyping }));
  expect(key()).toHaveProperty("value", "throat");
  await keys.click(screen.getByRole("button", { name: /\/urti/ }));
  await keys.click(await screen.findByRole("button", { name: messages.common.discard }));
  expect(key()).toHaveProperty("value", "urti");
  await keys.click(screen.getByRole("button", { name: "New short key" }));
  expect(screen.queryByRole("dialog")).toBeNull();
  expect(key()).toHaveProperty("value", "");
});

test("the title of a key is not described by nothing, which would push it out of its line", async () => {
  const { keys } = await openKeys();
  await keys.click(screen.getByRole("button", { name: "New short key" }));
  screen.getByRole("textbox", { name: "Key", description: messages.shortKeys.keyHint });
  expect(screen.getByRole("textbox", { name: "Title" }).hasAttribute("aria-describedby")).toBe(false);
});

test("for whom a key is stands in a line of its own: its words would be cut off beside other fields", async () => {
  const { keys } = await openKeys();
  await keys.click(screen.getByRole("button", { name: messages.shortKeys.add }));
  const field = screen.getByRole("combobox", { name: messages.shortKeys.sex });
  const line = field.closest<HTMLElement>("form > *");
  expect(line?.querySelectorAll("input, select, textarea")).toHaveLength(1);
});

test("a letter behind an age takes its digits away no more: without them a key would be for every age", async () => {
  const { keys } = await openKeys();
  await keys.click(screen.getByRole("button", { name: "New short key" }));
  const from = screen.getByRole("textbox", { name: "From, months" });
  await keys.type(from, "24 m");
  expect(from).toHaveProperty("value", "24");
  await keys.clear(from);
  expect(from).toHaveProperty("value", "");
});
