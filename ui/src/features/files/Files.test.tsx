import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { messages } from "../../messages";
import { expectAccessible, findSunita, openClinic, type Prepare } from "../../test/clinic";
import { later } from "../../test/later";

async function openFiles(prepare?: Prepare, start?: string) {
  const opened = openClinic(start ? { start } : {}, prepare);
  await screen.findByTestId("today");
  await findSunita(opened.keys);
  return opened;
}

const files = () => screen.findByTestId("files");

test("a record without files says how the first one is added", async () => {
  await openFiles();
  expect((await files()).textContent).toContain("No file yet.");
  await expectAccessible();
});

test("a file is added with the keyboard, is saved here at once and waits to be sent", async () => {
  const { keys } = await openFiles((backend) =>
    backend.choose({ name: "bitewing.png", mime: "image/png", bytes: 1_204_000 }),
  );
  const add = await within(await files()).findByRole("button", { name: "Add a file" });
  add.focus();
  await keys.keyboard("{Enter}");
  const dialog = await screen.findByRole("dialog", { name: "Add a file" });
  expect(screen.getByLabelText("What it is")).toBe(document.activeElement);
  await keys.type(within(dialog).getByLabelText("Description"), "Before the filling");
  await keys.type(within(dialog).getByLabelText("Teeth"), "16 17");
  await expectAccessible();
  await keys.keyboard("{Enter}");
  const file = await within(await files()).findByTestId("file");
  expect(file.textContent).toContain("Before the filling");
  expect(file.textContent).toContain("X-ray · teeth 16, 17 · bitewing.png · 1.2 MB");
  expect(within(file).getByTestId("file-place").textContent).toBe("here, waiting to be sent");
  expect((await screen.findByTestId("sync-pill")).textContent).toBe("Online | 1 file to send");
  expect(screen.queryByRole("dialog", { name: "Add a file" })).toBeNull();
});

test("whoever closes the system’s dialog goes on where they were", async () => {
  const { keys } = await openFiles((backend) => backend.choose(null));
  await keys.click(await screen.findByRole("button", { name: "Add a file" }));
  await keys.type(screen.getByLabelText("Description"), "Panoramic{Enter}");
  expect(await screen.findByDisplayValue("Panoramic")).toBeTruthy();
  expect((await files()).textContent).toContain("No file yet.");
});

test("a file that is not taken says why, and what was typed stays", async () => {
  const { keys } = await openFiles((backend) =>
    backend.fail("addAttachment", { code: "invalid", detail: "This file is empty. Nothing was added." }),
  );
  await keys.click(await screen.findByRole("button", { name: "Add a file" }));
  await keys.type(screen.getByLabelText("Description"), "Panoramic{Enter}");
  expect((await screen.findByRole("alert")).textContent).toContain("Nothing was added");
  expect(screen.getByDisplayValue("Panoramic")).toBeTruthy();
});

test("a picture on the server is fetched when opened, and is here from then on", async () => {
  const { keys } = await openFiles((backend) => backend.holdFile("p1", { place: "on_server" }));
  const file = await within(await files()).findByTestId("file");
  expect(file.textContent).toContain("on the server, fetched when opened");
  await keys.click(within(file).getByRole("button", { name: "Open opg.jpg" }));
  expect(await screen.findByRole("img", { name: "X-ray: opg.jpg" })).toBeTruthy();
  expect(await within(await files()).findByText("here and on the server")).toBeTruthy();
  await expectAccessible();
  await keys.keyboard("{Escape}");
  expect(screen.queryByRole("img", { name: "X-ray: opg.jpg" })).toBeNull();
});

test("a picture that cannot be fetched says why and can be tried again", async () => {
  const { keys } = await openFiles((backend) => backend.holdFile("p1", { place: "elsewhere" }));
  await keys.click(await screen.findByRole("button", { name: "Open opg.jpg" }));
  const dialog = await screen.findByRole("dialog", { name: "X-ray: opg.jpg" });
  expect((await within(dialog).findByRole("alert")).textContent).toContain("has not sent it yet");
  expect(within(dialog).getByRole("button", { name: "Try again" })).toBeTruthy();
});

const page = (name: string) => screen.findByRole("img", { name });
const letter = { fileName: "letter.pdf", mime: "application/pdf", isPicture: false };

test("a document is read page by page with the keys", async () => {
  const { keys } = await openFiles((backend) => backend.holdFile("p1", letter));
  await keys.click(await screen.findByRole("button", { name: "Open letter.pdf" }));
  expect(await page("Page 1 of 5 of letter.pdf")).toBeTruthy();
  await expectAccessible();
  await keys.keyboard("{PageDown}");
  expect(await page("Page 2 of 5 of letter.pdf")).toBeTruthy();
  expect(screen.getByTestId("document-place").textContent).toBe("Page 2 of 5");
  await keys.keyboard("{End}");
  expect(await page("Page 5 of 5 of letter.pdf")).toBeTruthy();
  await keys.keyboard("{PageDown}");
  expect(await page("Page 5 of 5 of letter.pdf")).toBeTruthy();
  await keys.keyboard("{PageUp}");
  expect(await page("Page 4 of 5 of letter.pdf")).toBeTruthy();
  await keys.keyboard("{Home}");
  expect(await page("Page 1 of 5 of letter.pdf")).toBeTruthy();
  await keys.click(screen.getByRole("button", { name: "Next page" }));
  expect(await page("Page 2 of 5 of letter.pdf")).toBeTruthy();
  await keys.keyboard("{Escape}");
  expect(screen.queryByRole("dialog")).toBeNull();
});

test("a document that cannot be drawn says why, and a copy of it is saved from there", async () => {
  const { keys } = await openFiles((backend) => {
    backend.holdFile("p1", letter);
    backend.fail("countPages", { code: "invalid", detail: "This PDF is encrypted." });
  });
  await keys.click(await screen.findByRole("button", { name: "Open letter.pdf" }));
  const dialog = within(await screen.findByRole("dialog", { name: "X-ray: letter.pdf" }));
  expect((await dialog.findByRole("alert")).textContent).toContain("This PDF is encrypted.");
  expect(screen.queryByTestId("document-place")).toBeNull();
  await keys.click(dialog.getByRole("button", { name: "Save a copy" }));
  expect(await screen.findByText(/Saved as \/home\/anjali\/letter.pdf/)).toBeTruthy();
});

test("a picture that is on this computer stands small in the list, another one once it was opened", async () => {
  const { keys } = await openFiles((backend) => {
    backend.holdFile("p1", { fileName: "far.jpg", place: "on_server" });
    backend.holdFile("p1", { fileName: "near.jpg", place: "waiting" });
    backend.holdFile("p1", letter);
  });
  await within(await files()).findByTestId("small-picture");
  expect(screen.getAllByTestId("small-picture").length).toBe(1);
  await expectAccessible();
  await keys.click(screen.getByRole("button", { name: "Open far.jpg" }));
  await screen.findByRole("img", { name: "X-ray: far.jpg" });
  await keys.keyboard("{Escape}");
  await files();
  await waitFor(() => expect(screen.getAllByTestId("small-picture").length).toBe(2));
});

test("files are dropped into the record that is named, and what is not taken stays with why", async () => {
  const { keys, backend } = await openFiles();
  await files();
  act(() => backend.emit({ name: "files-over", payload: true }));
  expect(screen.getByTestId("drop-area").textContent).toContain("Sunita Deshmukh");
  await expectAccessible();
  act(() => {
    backend.emit({ name: "files-over", payload: false });
    backend.drop([
      { name: "opg.png", mime: "image/png", bytes: 1000 },
      { name: "empty.png", mime: "image/png", bytes: 0 },
      { name: "letter.pdf", mime: "application/pdf", bytes: 2000 },
    ]);
  });
  expect(screen.queryByTestId("drop-area")).toBeNull();
  await screen.findByRole("dialog", { name: "Add 3 files to the record of Sunita Deshmukh" });
  expect(screen.getByLabelText("What it is")).toBe(document.activeElement);
  await keys.type(screen.getByLabelText("Description"), "From her dentist");
  await expectAccessible();
  await keys.keyboard("{Enter}");
  await screen.findByRole("dialog", { name: "Add 1 file to the record of Sunita Deshmukh" });
  expect(screen.getByTestId("dropped-file").textContent).toContain("empty.png");
  expect(screen.getByRole("alert").textContent).toContain("Nothing was added");
  expect(screen.getByDisplayValue("From her dentist")).toBeTruthy();
  await expectAccessible();
  await keys.keyboard("{Escape}");
  const added = await within(await files()).findAllByTestId("file");
  expect(added.map((file) => file.textContent?.includes("From her dentist"))).toEqual([true, true]);
  expect(screen.getByTestId("sync-pill").textContent).toBe("Online | 2 files to send");
});

test("files that are dropped while others are being added wait for their turn", async () => {
  const { keys, backend } = await openFiles();
  await files();
  const drop = (name: string) => backend.drop([{ name, mime: "image/png", bytes: 1000 }]);
  act(() => drop("first.png"));
  await screen.findByRole("dialog");
  act(() => drop("second.png"));
  expect(screen.getByTestId("dropped-file").textContent).toContain("first.png");
  await keys.type(screen.getByLabelText("Description"), "Front{Enter}");
  await waitFor(() => expect(screen.getByTestId("dropped-file").textContent).toContain("second.png"));
  await keys.type(screen.getByLabelText("Description"), "Side{Enter}");
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  const added = await within(await files()).findAllByTestId("file");
  expect(added.map((file) => file.textContent?.match(/\w+\.png/)?.[0]).sort()).toEqual([
    "first.png",
    "second.png",
  ]);
});

test("files that are dropped where no record is open are not asked about", async () => {
  const { backend } = openClinic();
  await screen.findByTestId("today");
  act(() => {
    backend.emit({ name: "files-over", payload: true });
    backend.drop([{ name: "opg.png", mime: "image/png", bytes: 1000 }]);
  });
  expect(screen.queryByTestId("drop-area")).toBeNull();
  expect(screen.queryByRole("dialog")).toBeNull();
});

test("of what cannot be shown a copy is saved, and it is said where", async () => {
  const { keys } = await openFiles((backend) =>
    backend.holdFile("p1", { fileName: "scan.dcm", mime: "application/dicom", isPicture: false }),
  );
  const file = await within(await files()).findByTestId("file");
  expect(within(file).queryByRole("button", { name: /^Open/ })).toBeNull();
  await keys.click(within(file).getByRole("button", { name: "Save a copy of scan.dcm" }));
  expect(await screen.findByText(/Saved as \/home\/anjali\/scan.dcm/)).toBeTruthy();
});

test("what the server refuses is kept, says why, and is sent again", async () => {
  const { keys } = await openFiles((backend) =>
    backend.holdFile("p1", { place: "refused", refusal: "These bytes are not the file." }),
  );
  const file = await within(await files()).findByTestId("file");
  expect(file.textContent).toContain("here, refused by the server");
  expect(file.textContent).toContain("These bytes are not the file.");
  await keys.click(within(file).getByRole("button", { name: "Send opg.jpg again" }));
  expect(await within(await files()).findByText("here, waiting to be sent")).toBeTruthy();
});

test("a file is removed after one more question", async () => {
  const { keys } = await openFiles((backend) => backend.holdFile("p1", {}));
  await keys.click(await screen.findByRole("button", { name: "Remove opg.jpg" }));
  const dialog = await screen.findByRole("dialog", { name: "Remove opg.jpg?" });
  await keys.click(within(dialog).getByRole("button", { name: "Remove" }));
  expect(await within(await files()).findByText(/No file yet/)).toBeTruthy();
});

test("why a file could not be removed is said, also to whoever presses Escape meanwhile", async () => {
  const disk = later<void>();
  const detail = "The disk is full. Nothing was changed.";
  const { keys } = await openFiles((backend) => {
    backend.holdFile("p1", {});
    backend.removeAttachment = () => disk.promise.then(() => Promise.reject({ code: "internal", detail }));
  });
  await keys.click(await screen.findByRole("button", { name: "Remove opg.jpg" }));
  const dialog = await screen.findByRole("dialog", { name: "Remove opg.jpg?" });
  await keys.click(within(dialog).getByRole("button", { name: "Remove" }));
  fireEvent.keyDown(dialog, { key: "Escape" });
  await screen.findByRole("dialog", { name: messages.common.savingTitle });
  await act(async () => disk.resolve());
  expect((await within(dialog).findByRole("alert")).textContent).toContain(detail);
});

test("a list that cannot be read says so and is tried again", async () => {
  await openFiles((backend) =>
    backend.fail("listAttachments", { code: "internal", detail: "Something went wrong in this program." }),
  );
  const alert = await within(await files()).findByRole("alert");
  expect(within(alert).getByRole("button", { name: "Try again" })).toBeTruthy();
});

test("the sync centre names the files that are not on the server, and whose they are", async () => {
  const { keys } = await openFiles((backend) => {
    backend.holdFile("p1", { place: "waiting" });
    backend.holdFile("p1", { fileName: "letter.pdf", place: "refused", refusal: "Not this one." });
    backend.holdFile("p1", { fileName: "old.png", place: "here" });
  });
  await keys.click(screen.getByTestId("sync-pill"));
  const unsent = within(await screen.findByTestId("unsent-files"));
  expect((await unsent.findAllByTestId("unsent-file")).length).toBe(2);
  expect(unsent.getByText("Not this one.")).toBeTruthy();
  await expectAccessible();
  await keys.click(unsent.getByRole("button", { name: "Send letter.pdf again" }));
  expect((await unsent.findAllByText("here, waiting to be sent")).length).toBe(2);
  const [link] = unsent.getAllByRole("link", { name: "Sunita Deshmukh" });
  if (link) await keys.click(link);
  expect(await screen.findByTestId("chart")).toBeTruthy();
});

test("the front desk sees no files", async () => {
  await openFiles((backend) => backend.holdFile("p1", {}), "priya@example.in");
  expect(screen.queryByTestId("files")).toBeNull();
});
