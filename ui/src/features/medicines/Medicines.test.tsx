import { act, screen, waitFor } from "@testing-library/react";
import { expect, test } from "vitest";
import { messages } from "../../messages";
import { expectAccessible, openClinic, openPad } from "../../test/clinic";

async function openMedicines() {
  const { keys, backend } = openClinic();
  await screen.findByTestId("today");
  await keys.click(screen.getByRole("link", { name: messages.shell.shortKeys }));
  await keys.click(await screen.findByRole("link", { name: messages.medicines.title }));
  await screen.findByTestId("own-medicines");
  return { keys, backend };
}

test("a brand of the list is added by keys, and the pad writes it with its generic name", async () => {
  const { keys } = await openMedicines();
  await keys.type(screen.getByRole("combobox", { name: "What it is" }), "para");
  await screen.findAllByTestId("listed-medicine");
  await keys.keyboard("{ArrowDown}{Enter}");
  await screen.findByText("Checked like the medicine in the list.");
  await keys.type(screen.getByRole("textbox", { name: "Sold as" }), "Dolo");
  await keys.type(screen.getByRole("textbox", { name: "Usual dose" }), "1-0-1 x3d pc{Enter}");
  expect((await screen.findByTestId("own-medicine")).textContent).toContain("Paracetamol 650 mg (Dolo)");
  await expectAccessible();
  await openPad(keys);
  await keys.keyboard("dolo{Enter}");
  await screen.findByTestId("pad-medicine");
  await keys.keyboard("{Enter}");
  await waitFor(() =>
    expect(screen.getByTestId("pad-item").textContent).toContain("PARACETAMOL 650 MG (DOLO)"),
  );
});

test("what is in no list is added in words and marked as not checked", async () => {
  const { keys } = await openMedicines();
  await keys.type(screen.getByRole("combobox", { name: "What it is" }), "Kaadha");
  await screen.findByText(messages.medicines.notInList);
  await keys.selectOptions(screen.getByRole("combobox", { name: "Form" }), "Syrup");
  await keys.click(screen.getByRole("button", { name: "Add medicine" }));
  const added = await screen.findByTestId("own-medicine");
  expect(added.textContent).toContain("Kaadha");
  expect(added.textContent).toContain("not checked");
});

test("a brand of what is in no list is not called checked", async () => {
  const { keys } = await openMedicines();
  await keys.type(screen.getByRole("combobox", { name: "What it is" }), "Kaadha{Enter}");
  await screen.findByTestId("own-medicine");
  await keys.type(screen.getByRole("combobox", { name: "What it is" }), "kaa");
  await screen.findByTestId("listed-medicine");
  await keys.keyboard("{Enter}");
  await waitFor(() => expect(screen.queryByRole("textbox", { name: "Strength" })).toBeNull());
  expect(screen.getByText(messages.medicines.notInList)).toBeTruthy();
  expect(screen.queryByText(messages.medicines.inList)).toBeNull();
});

test("what is refused is said, and what was typed stays", async () => {
  const { keys } = await openMedicines();
  await keys.type(screen.getByRole("textbox", { name: "Sold as" }), "Dolo");
  await keys.click(screen.getByRole("button", { name: "Add medicine" }));
  await screen.findByText("The name of the medicine is missing. Nothing was saved yet.");
  expect(screen.getByRole("textbox", { name: "Sold as" })).toHaveProperty("value", "Dolo");
});

test("a medicine is taken out of use with one button, and back with another", async () => {
  const { keys } = await openMedicines();
  await keys.type(screen.getByRole("combobox", { name: "What it is" }), "Kaadha{Enter}");
  await screen.findByTestId("own-medicine");
  await keys.click(screen.getByRole("button", { name: messages.medicines.remove("Kaadha") }));
  await waitFor(() => expect(screen.queryByTestId("own-medicine")).toBeNull());
  await keys.click(screen.getByRole("button", { name: messages.common.undo }));
  expect((await screen.findByTestId("own-medicine")).textContent).toContain("Kaadha");
});

test("what is saved late makes way for no other medicine until it is", async () => {
  const { keys, backend } = await openMedicines();
  const { medicines: words } = messages;
  for (const [index, name] of ["Kaadha", "Kashaya"].entries()) {
    await keys.type(screen.getByRole("combobox", { name: "What it is" }), `${name}{Enter}`);
    await waitFor(() => expect(screen.getAllByTestId("own-medicine")).toHaveLength(index + 1));
  }
  const correct = backend.correctOwnMedicine;
  let letGo: (() => void) | undefined;
  const held = new Promise<void>((resolve) => (letGo = resolve));
  backend.correctOwnMedicine = (...form) => held.then(() => correct(...form));
  await keys.click(screen.getByRole("button", { name: words.correct("Kaadha") }));
  await keys.type(screen.getByRole("textbox", { name: "Usual dose" }), "10 ml od{Enter}");
  await keys.click(screen.getByRole("button", { name: words.correct("Kashaya") }));
  const told = await screen.findByRole("dialog", { name: messages.common.savingTitle });
  await act(async () => letGo?.());
  await waitFor(() => expect(document.body.textContent).toContain(words.corrected("Kaadha")));
  await waitFor(() => expect(told.isConnected).toBe(false));
  expect(screen.queryByRole("form", { name: words.correct("Kaadha") })).toBeNull();
});

test("a medicine is corrected in the same form, and what it is stays checked", async () => {
  const { keys } = await openMedicines();
  await keys.type(screen.getByRole("combobox", { name: "What it is" }), "para");
  await screen.findAllByTestId("listed-medicine");
  await keys.keyboard("{ArrowDown}{Enter}");
  await keys.type(screen.getByRole("textbox", { name: "Sold as" }), "Dollo{Enter}");
  await keys.click(await screen.findByRole("button", { name: "Correct Paracetamol 650 mg (Dollo)" }));
  await screen.findByText(messages.medicines.asBefore);
  const brand = screen.getByRole("textbox", { name: "Sold as" });
  expect(brand).toHaveProperty("value", "Dollo");
  await expectAccessible();
  await keys.clear(brand);
  await keys.type(brand, "Dolo{Enter}");
  await waitFor(() =>
    expect(screen.getByTestId("own-medicine").textContent).toContain("Paracetamol 650 mg (Dolo)"),
  );
  expect(screen.getByTestId("own-medicine").textContent).not.toContain("not checked");
  expect(screen.getByRole("button", { name: "Add medicine" })).toBeTruthy();
});

test("a correction that makes it another medicine says that it is not checked, and can be left", async () => {
  const { keys } = await openMedicines();
  await keys.type(screen.getByRole("combobox", { name: "What it is" }), "para");
  await screen.findAllByTestId("listed-medicine");
  await keys.keyboard("{ArrowDown}{Enter}");
  await keys.type(screen.getByRole("textbox", { name: "Sold as" }), "Dolo{Enter}");
  await keys.click(await screen.findByRole("button", { name: "Correct Paracetamol 650 mg (Dolo)" }));
  await keys.type(screen.getByRole("textbox", { name: "Strength" }), "0");
  await screen.findByText(messages.medicines.notInList);
  await keys.click(screen.getByRole("button", { name: messages.common.cancel }));
  await screen.findByRole("button", { name: "Add medicine" });
  expect(screen.getByTestId("own-medicine").textContent).toContain("Paracetamol 650 mg (Dolo)");
});

test("the clinic’s own medicines are one step from everywhere", async () => {
  const { keys } = openClinic();
  await screen.findByTestId("today");
  await keys.click(screen.getByRole("link", { name: messages.shell.medicines }));
  await screen.findByTestId("own-medicines");
});

test("Enter behind the beginning of a name takes the first of the list, however fast it comes", async () => {
  const { keys } = await openMedicines();
  const what = screen.getByRole("combobox", {
    name: "What it is",
    description: /Enter picks the highlighted item\. Escape closes the list/,
  });
  await keys.type(what, "parac{Enter}");
  await screen.findByText(messages.medicines.inList);
  expect(what).toHaveProperty("value", "Paracetamol 500 mg");
  expect(screen.queryByTestId("own-medicine")).toBeNull();
});

test("Escape closes the list, and Enter then adds the very words", async () => {
  const { keys } = await openMedicines();
  await keys.type(screen.getByRole("combobox", { name: "What it is" }), "parac");
  const [first] = await screen.findAllByRole("option", { name: /Paracetamol/ });
  expect(first).toHaveProperty("ariaSelected", "true");
  await keys.keyboard("{Escape}{Enter}");
  const added = await screen.findByTestId("own-medicine");
  expect(added.textContent).toContain("parac");
  expect(added.textContent).toContain("not checked");
});

const what = () => screen.getByRole("combobox", { name: "What it is" });

test("once a medicine is added or corrected, the next one is typed at once", async () => {
  const { keys } = await openMedicines();
  await keys.type(what(), "Kaadha");
  await keys.type(screen.getByRole("textbox", { name: "Sold as" }), "Kadha{Enter}");
  await screen.findByTestId("own-medicine");
  await waitFor(() => expect(document.activeElement).toBe(what()));
  expect(what()).toHaveProperty("value", "");
  await keys.click(screen.getByRole("button", { name: "Correct Kaadha (Kadha)" }));
  await keys.type(screen.getByRole("textbox", { name: "Sold as" }), "a{Enter}");
  await screen.findByRole("button", { name: "Add medicine" });
  expect(document.activeElement).toBe(what());
});

test("what is typed makes way for another medicine only after a question", async () => {
  const { keys } = await openMedicines();
  await keys.type(what(), "Kaadha{Enter}");
  await screen.findByTestId("own-medicine");
  await keys.type(what(), "Churna");
  const pencil = screen.getByRole("button", { name: "Correct Kaadha" });
  await keys.click(pencil);
  await screen.findByRole("dialog", { name: messages.common.unsavedTitle });
  await expectAccessible();
  await keys.click(screen.getByRole("button", { name: messages.common.keepTyping }));
  expect(what()).toHaveProperty("value", "Churna");
  await keys.click(pencil);
  await keys.click(await screen.findByRole("button", { name: messages.common.discard }));
  expect(what()).toHaveProperty("value", "Kaadha");
  expect(document.activeElement).toBe(what());
  await keys.type(screen.getByRole("textbox", { name: "Sold as" }), "K");
  await keys.click(screen.getByRole("button", { name: messages.medicines.remove("Kaadha") }));
  await screen.findByRole("dialog", { name: messages.common.unsavedTitle });
  await keys.keyboard("{Escape}");
  expect(screen.getByRole("textbox", { name: "Sold as" })).toHaveProperty("value", "K");
});

test("a form in which nothing is typed makes way without a question", async () => {
  const { keys } = await openMedicines();
  await keys.type(screen.getByRole("combobox", { name: "What it is" }), "Kaadha{Enter}");
  await keys.click(await screen.findByRole("button", { name: "Correct Kaadha" }));
  expect(screen.queryByRole("dialog")).toBeNull();
  await screen.findByRole("button", { name: messages.medicines.saveCorrection });
});
