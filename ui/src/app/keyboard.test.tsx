import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { walkIn } from "../ipc/fake-day";
import { expectAccessible, findSunita, openClinic, openPad, signMetformin } from "../test/clinic";
import { keepWebViewQuiet } from "./keymap";

test("a patient is found by the last digits of the number and opened with Enter", async () => {
  const { keys } = openClinic();
  await screen.findByTestId("today");
  await keys.keyboard("{Control>}k{/Control}");
  await keys.type(await screen.findByTestId("finder-input"), "1276");
  expect(await screen.findByRole("option", { name: /Sunita Deshmukh/ })).toHaveProperty(
    "ariaSelected",
    "true",
  );
  await keys.keyboard("{ArrowDown}{Enter}");
  expect((await screen.findByTestId("chart")).textContent).toContain("Prakash Deshmukh");
});

test("once a number is whole, one digit more picks one of the family", async () => {
  const { keys } = openClinic();
  await screen.findByTestId("today");
  await keys.keyboard("{Control>}k{/Control}");
  const input = await screen.findByTestId("finder-input");
  await keys.type(input, "9820441276");
  await waitFor(() => expect(screen.getAllByTestId("finder-option")).toHaveLength(4));
  await keys.keyboard("9");
  expect(input).toHaveProperty("value", "98204412769");
  await keys.keyboard("{Backspace}");
  await waitFor(() => expect(screen.getAllByTestId("finder-option")).toHaveLength(4));
  await keys.keyboard("2");
  expect((await screen.findByTestId("chart")).textContent).toContain("Prakash Deshmukh");
});

test("a digit that corrects or replaces a whole number picks nobody", async () => {
  const { keys } = openClinic();
  await screen.findByTestId("today");
  await keys.keyboard("{Control>}k{/Control}");
  const input = await screen.findByTestId<HTMLInputElement>("finder-input");
  await keys.type(input, "9820441276");
  await waitFor(() => expect(screen.getAllByTestId("finder-option")).toHaveLength(4));
  await keys.keyboard("{Control>}2{/Control}");
  expect(screen.getByTestId("finder-input")).toBe(input);
  input.setSelectionRange(0, input.value.length);
  await keys.keyboard("2");
  expect(screen.getByTestId("finder-input")).toHaveProperty("value", "2");
});

test("what was typed in the finder starts the registration of someone new", async () => {
  const { keys } = openClinic();
  await screen.findByTestId("today");
  await keys.keyboard("{Control>}k{/Control}");
  await keys.type(await screen.findByTestId("finder-input"), "9000000001");
  await screen.findByRole("option", { name: /Register 9000000001/ });
  await keys.keyboard("{Enter}");
  expect(await screen.findByRole("textbox", { name: "Mobile number" })).toHaveProperty("value", "9000000001");
});

test("a patient is registered without a mouse", async () => {
  const { keys } = openClinic();
  await screen.findByTestId("today");
  await keys.keyboard("{Control>}{Shift>}n{/Shift}{/Control}");
  await keys.type(await screen.findByRole("textbox", { name: "Mobile number" }), "9820455127");
  await keys.type(screen.getByLabelText("First name"), "Kaveri");
  await keys.selectOptions(screen.getByLabelText("Sex"), "female");
  await keys.type(screen.getByLabelText("Age in years"), "41{Enter}");
  expect((await screen.findByTestId("chart")).textContent).toContain("Kaveri");
});

test("where a form must be put right the focus goes, and what is wrong is told of that field", async () => {
  const { keys } = openClinic();
  await screen.findByTestId("today");
  await keys.keyboard("{Control>}{Shift>}n{/Shift}{/Control}");
  await keys.type(await screen.findByRole("textbox", { name: "Mobile number" }), "9820455127");
  await keys.type(screen.getByLabelText("Age in years"), "x{Enter}");
  const first = screen.getByRole("textbox", { name: "First name" });
  await waitFor(() => expect(document.activeElement).toBe(first));
  const told = document.getElementById(first.getAttribute("aria-describedby") ?? "");
  expect(told?.textContent).toBe("A first name is needed.");
  await keys.keyboard("Kaveri{Enter}");
  await waitFor(() => expect(document.activeElement).toBe(screen.getByLabelText("Age in years")));
  await expectAccessible();
});

test("Escape leaves an untouched registration, but never one with something typed", async () => {
  const { keys } = openClinic();
  await screen.findByTestId("today");
  await keys.keyboard("{Control>}{Shift>}n{/Shift}{/Control}");
  await keys.type(await screen.findByRole("textbox", { name: "Mobile number" }), "98{Escape}");
  expect(screen.getByRole("textbox", { name: "Mobile number" })).toHaveProperty("value", "98");
  await keys.click(screen.getByRole("button", { name: "Cancel" }));
  await screen.findByTestId("today");
  await keys.keyboard("{Control>}{Shift>}n{/Shift}{/Control}");
  await screen.findByRole("textbox", { name: "Mobile number" });
  await keys.keyboard("{Escape}");
  expect(await screen.findByTestId("today")).toBeTruthy();
});

test("a number that is already known shows who is on it before a twin is made", async () => {
  const { keys } = openClinic();
  await screen.findByTestId("today");
  await keys.keyboard("{Control>}{Shift>}n{/Shift}{/Control}");
  await keys.type(await screen.findByRole("textbox", { name: "Mobile number" }), "9820441276");
  expect(await screen.findByText("3 people on this number")).toBeTruthy();
});

test("a name that is already known shows who bears it before a twin with another number is made", async () => {
  const { keys } = openClinic();
  await screen.findByTestId("today");
  await keys.keyboard("{Control>}{Shift>}n{/Shift}{/Control}");
  await keys.type(await screen.findByRole("textbox", { name: "Mobile number" }), "9123456780");
  await keys.type(screen.getByLabelText("First name"), "Ramesh");
  await keys.type(screen.getByLabelText("Last name"), "Pawar");
  expect(await screen.findByText("1 person with this name, or one spelt like it")).toBeTruthy();
  await keys.click(screen.getByRole("link", { name: /Ramesh Pawar/ }));
  expect((await screen.findByTestId("chart")).textContent).toContain("Ramesh Pawar");
});

test("a line is said back in words, and Enter accepts it", async () => {
  const { keys } = openClinic();
  await screen.findByTestId("today");
  await openPad(keys);
  await keys.keyboard("metformin 500 1-0-1 x30d pc");
  await waitFor(() => expect(screen.getByTestId("pad-echo").textContent).toContain("Metformin"));
  await keys.keyboard("{Enter}");
  const item = await screen.findByTestId("pad-item");
  expect(item.textContent).toContain("METFORMIN 500 MG");
});

test("when several strengths fit, the line waits for a choice", async () => {
  const { keys } = openClinic();
  await screen.findByTestId("today");
  await openPad(keys);
  await keys.keyboard("paracetamol 1-0-1 x3d");
  await screen.findAllByTestId("pad-suggestion");
  await keys.keyboard("{Enter}");
  await waitFor(() => expect(screen.getByTestId("pad-echo").textContent).toContain("2 matches"));
  expect(screen.queryByTestId("pad-item")).toBeNull();
});

test("a prescription is written, signed and shown by keys alone", async () => {
  const { keys } = openClinic();
  await screen.findByTestId("today");
  await signMetformin(keys);
  expect((await screen.findByTestId("prescription-number")).textContent).toBe("A-1042");
  expect(await screen.findByTestId("prescription-page")).toBeTruthy();
  expect(screen.getByText("Saved here, waiting to be sent")).toBeTruthy();
});

test("an unfinished line holds the signature back and says so", async () => {
  const { keys } = openClinic();
  await screen.findByTestId("today");
  await openPad(keys);
  await keys.keyboard("paracet{Control>}{Enter}{/Control}");
  expect((await screen.findByRole("alert")).textContent).toContain("This line is not finished");
  expect(screen.getByTestId("pad")).toBeTruthy();
});

test("Escape closes the suggestions and leaves every letter standing", async () => {
  const { keys } = openClinic();
  await screen.findByTestId("today");
  const line = await openPad(keys);
  await keys.keyboard("paracetamol");
  await screen.findAllByTestId("pad-suggestion");
  await keys.keyboard("{Escape}{Escape}{Escape}");
  expect(screen.queryByTestId("pad-suggestion")).toBeNull();
  expect(line).toHaveProperty("value", "paracetamol");
});

test("a draft that was left is there when its patient is opened again", async () => {
  const { keys } = openClinic();
  await screen.findByTestId("today");
  await openPad(keys);
  await keys.type(screen.getByLabelText("Complaints"), "Fever since Friday");
  await keys.keyboard("{Control>}1{/Control}");
  await screen.findByTestId("today");
  await openPad(keys);
  await waitFor(() =>
    expect(screen.getByLabelText("Complaints")).toHaveProperty("value", "Fever since Friday"),
  );
});

test("locking keeps what was typed a moment before", async () => {
  const { keys } = openClinic();
  await screen.findByTestId("today");
  await openPad(keys);
  await keys.type(screen.getByLabelText("Advice"), "Rest");
  await keys.click(screen.getByRole("button", { name: "Lock" }));
  await keys.type(await screen.findByLabelText("Password"), "right{Enter}");
  // Back where it was.
  await waitFor(() => expect(screen.getByLabelText("Advice")).toHaveProperty("value", "Rest"));
});

test("the question mark opens the sheet of keys, except where someone types", async () => {
  const { keys } = openClinic();
  await screen.findByTestId("today");
  await keys.keyboard("?");
  const sheet = await screen.findByRole("dialog", { name: "Keys" });
  expect(within(sheet).getByText("find a patient")).toBeTruthy();
  // From its beginning, and not from the button at its end.
  expect(document.activeElement?.textContent).toContain("find a patient");
  await keys.keyboard("{Escape}");
  await openPad(keys);
  await keys.keyboard("?");
  expect(screen.queryByRole("dialog")).toBeNull();
});

test("reception sees no clinical detail and cannot open the pad", async () => {
  const { keys } = openClinic({ start: "priya@example.in" });
  await screen.findByTestId("today");
  await findSunita(keys);
  await keys.keyboard("{Control>}n{/Control}");
  expect(screen.queryByTestId("pad")).toBeNull();
  expect(document.body.textContent).not.toContain("Penicillin");
});

test("where a nurse writes, the key of the signature gives the draft to the doctor on an accepted line as well", async () => {
  const { keys } = openClinic({ start: "asha@example.in" });
  await screen.findByTestId("today");
  await openPad(keys);
  await keys.keyboard("metformin 500 1-0-1 x30d pc{Enter}");
  await screen.findByTestId("pad-item");
  await keys.keyboard("{ArrowUp}{Control>}{Enter}{/Control}");
  await screen.findByTestId("prepared");
});

test("from the top of the window, two keys lead past the head and the rail", async () => {
  const { keys } = openClinic();
  await screen.findByTestId("today");
  await keys.tab();
  expect(document.activeElement?.textContent).toBe("Skip to content");
  await keys.keyboard("{Enter}{Tab}");
  expect(screen.getByTestId("today").contains(document.activeElement)).toBe(true);
});

/** A key of a keyboard for Hindi: what it says there, and where it is. */
const pressHindi = (key: string, code: string, held: { ctrlKey?: boolean; shiftKey?: boolean } = {}) =>
  fireEvent.keyDown(document.activeElement ?? document.body, { key, code, ...held });

test("on a keyboard for Hindi every key is where it is, and its letters are letters where words are typed", async () => {
  const { backend, keys } = openClinic({ start: "priya@example.in" }, (backend) => {
    void backend.bookVisit("p4", walkIn);
  });
  await screen.findByTestId("visit-row");
  await keys.keyboard("{ArrowDown}");
  pressHindi("ज", "KeyP");
  await waitFor(() => expect(backend.printed).toEqual(["A-1"]));
  pressHindi("क", "KeyK", { ctrlKey: true });
  const finder = await screen.findByTestId("finder-input");
  pressHindi("ै", "KeyW");
  await keys.type(finder, "{Escape}");
  await waitFor(() => expect(finder.isConnected).toBe(false));
  pressHindi("य़", "Slash", { shiftKey: true });
  await screen.findByRole("dialog", { name: "Keys" });
  await keys.keyboard("{Escape}");
  pressHindi("ै", "KeyW");
  await screen.findByTestId("week");
  pressHindi("१", "Digit1", { ctrlKey: true });
  await screen.findByTestId("today");
});

test("the web view prints nothing by itself for a key of a keyboard for Hindi", () => {
  keepWebViewQuiet();
  // What is not prevented answers true.
  expect(pressHindi("ज", "KeyP", { ctrlKey: true })).toBe(false);
  expect(pressHindi("ज", "KeyP")).toBe(true);
});
