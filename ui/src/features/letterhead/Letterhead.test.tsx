import { act, screen, waitFor } from "@testing-library/react";
import { expect, test } from "vitest";
import { fakeBoxes } from "../../ipc/fake-letterhead";
import { messages } from "../../messages";
import { expectAccessible, openClinic } from "../../test/clinic";
import { later } from "../../test/later";

async function openLetterhead(start = "anjali@example.in") {
  const opened = openClinic({ start });
  await screen.findByTestId("today");
  return opened;
}

test("an admin edits the letterhead beside a sample of it, and saves it with Enter", async () => {
  const { keys, backend } = await openLetterhead();
  await keys.click(screen.getByRole("link", { name: "Letterhead" }));
  const foot = await screen.findByLabelText("Foot of every page");
  expect(screen.getByLabelText("Name of the clinic")).toBe(document.activeElement);
  await keys.type(foot, "Closed on Sunday{Enter}");
  expect(await screen.findByText("Letterhead saved")).toBeTruthy();
  expect((await backend.getLetterhead()).foot).toBe("Closed on Sunday");
  expect(await screen.findByRole("img", { name: "Sample with this letterhead, page 1 of 1" })).toBeTruthy();
  await expectAccessible();
});

test("paper with a head of its own asks how much room that takes", async () => {
  const { keys, backend } = await openLetterhead();
  await keys.click(screen.getByRole("link", { name: "Letterhead" }));
  await keys.selectOptions(
    await screen.findByLabelText("The paper"),
    "has its own head: room is left for it",
  );
  const room = screen.getByLabelText("Room for it, in mm from the top");
  await keys.clear(room);
  await keys.type(room, "200{Enter}");
  expect(screen.getByText("Whole millimetres, 10 to 80.")).toBeTruthy();
  await keys.click(screen.getByRole("button", { name: "Save letterhead" }));
  expect(document.activeElement).toBe(room);
  await keys.clear(room);
  await keys.type(room, "40{Enter}");
  await waitFor(async () => expect((await backend.getLetterhead()).preprintedMm).toBe(40));
});

test("a picture of the clinic's own is kept as soon as it is chosen, and what is typed beside it stays", async () => {
  const { keys, backend } = await openLetterhead();
  await keys.click(screen.getByRole("link", { name: "Letterhead" }));
  await keys.type(await screen.findByLabelText("City"), " West");
  await keys.click(screen.getByRole("button", { name: "Choose a picture…" }));
  expect(await screen.findByText("The picture prints on every paper from now on")).toBeTruthy();
  expect(screen.getByLabelText("City")).toHaveProperty("value", "Mumbai West");
  expect(await backend.getLetterhead()).toMatchObject({ hasLogo: true, city: "Mumbai" });
  await keys.type(screen.getByLabelText("City"), "{Enter}");
  await screen.findByText("Letterhead saved");
  await expectAccessible();
  await keys.click(screen.getByRole("button", { name: "Remove the picture" }));
  await screen.findByRole("button", { name: "Choose a picture…" });
  expect(await backend.getLetterhead()).toMatchObject({ hasLogo: false, city: "Mumbai West" });
});

test("a file that is no picture is said where it was chosen", async () => {
  const { keys, backend } = await openLetterhead();
  const detail = "This is no PNG and no JPEG. Nothing was changed; save the picture as one of these first.";
  backend.fail("chooseLogo", { code: "invalid", detail });
  await keys.click(screen.getByRole("link", { name: "Letterhead" }));
  await keys.click(await screen.findByRole("button", { name: "Choose a picture…" }));
  expect((await screen.findByRole("alert")).textContent).toContain(detail);
});

test("what does not fit is refused with a sentence, and what was typed stays", async () => {
  const { keys } = await openLetterhead();
  await keys.click(screen.getByRole("link", { name: "Letterhead" }));
  const name = await screen.findByLabelText("Name of the clinic");
  await keys.clear(name);
  await keys.type(screen.getByLabelText("City"), "Pune{Enter}");
  expect((await screen.findByRole("alert")).textContent).toContain("name of the clinic is missing");
  expect(screen.getByLabelText("City")).toHaveProperty("value", "MumbaiPune");
});

test("a form that is opened again shows what came from elsewhere meanwhile", async () => {
  const { keys, backend } = await openLetterhead();
  await keys.click(screen.getByRole("link", { name: "Letterhead" }));
  await screen.findByLabelText("City");
  await keys.keyboard("{Control>}1{/Control}");
  await screen.findByTestId("today");
  const there = await backend.getLetterhead();
  await backend.saveLetterhead(there, { ...there, city: "Pune" });
  await keys.click(screen.getByRole("link", { name: "Letterhead" }));
  expect(await screen.findByLabelText("City")).toHaveProperty("value", "Pune");
});

test("letters that no paper has are told while they are typed, and not any more once they are gone", async () => {
  const { keys } = await openLetterhead();
  await keys.click(screen.getByRole("link", { name: "Letterhead" }));
  const foot = await screen.findByLabelText("Foot of every page");
  await keys.click(foot);
  await keys.paste("Open 😀");
  const told = await screen.findByText(fakeBoxes);
  expect(told.closest("[role=status]")).toBeTruthy();
  await expectAccessible();
  await keys.clear(foot);
  await waitFor(() => expect(screen.queryByText(fakeBoxes)).toBeNull());
});

test("nobody but an admin is led to it", async () => {
  await openLetterhead("vikram@example.in");
  expect(screen.queryByRole("link", { name: "Letterhead" })).toBeNull();
});

test("what is typed while the letterhead is on its way to the disk is not called saved", async () => {
  const disk = later<void>();
  const { keys, backend } = await openLetterhead();
  const { saveLetterhead } = backend;
  backend.saveLetterhead = (...asked) => disk.promise.then(() => saveLetterhead(...asked));
  await keys.click(screen.getByRole("link", { name: "Letterhead" }));
  const foot = await screen.findByLabelText("Foot of every page");
  await keys.type(foot, "Closed on Sunday{Enter}");
  await keys.type(foot, "s");
  await act(async () => disk.resolve());
  await screen.findByText("Letterhead saved");
  expect((await backend.getLetterhead()).foot).toBe("Closed on Sunday");
  await keys.keyboard("{Control>}1{/Control}");
  await screen.findByRole("dialog", { name: messages.common.unsavedTitle });
});
