import { act, screen, waitFor, within } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { messages } from "../messages";
import { expectAccessible, openClinic, openPad } from "../test/clinic";
import { later } from "../test/later";

const { common } = messages;

async function opened() {
  const clinic = openClinic();
  await screen.findByTestId("today");
  const askToClose = () => act(async () => clinic.backend.emit({ name: "close-asked" }));
  return { ...clinic, askToClose, closing: clinic.backend.outside.closing };
}

/** The same with something typed that nobody has saved. */
async function typed() {
  const clinic = await opened();
  await clinic.keys.keyboard("{Control>}{Shift>}n{/Shift}{/Control}");
  await clinic.keys.type(await screen.findByLabelText(messages.patient.city), "Pune");
  return clinic;
}

const answer = async (name: string) =>
  within(await screen.findByRole("dialog", { name: common.unsavedTitle })).getByRole("button", { name });

test("a window in which nothing is unsaved closes without a question", async () => {
  const { askToClose, closing } = await opened();
  await askToClose();
  await waitFor(() => expect(closing).toEqual(["closes"]));
});

test("a locked window closes without a question", async () => {
  const { backend } = openClinic({ start: "locked" });
  await screen.findByLabelText("Password");
  await act(async () => backend.emit({ name: "close-asked" }));
  await waitFor(() => expect(backend.outside.closing).toEqual(["closes"]));
});

test("what is typed in a form closes only after a question, and stays if that is wanted", async () => {
  const { keys, askToClose, closing } = await typed();
  await askToClose();
  const keep = await answer(common.keepTyping);
  expect(closing).toEqual(["asks"]);
  await expectAccessible();
  await keys.click(keep);
  await waitFor(() => expect(closing).toEqual(["asks", "stays"]));
  expect(screen.getByLabelText(messages.patient.city)).toHaveProperty("value", "Pune");
  await askToClose();
  await keys.click(await answer(common.discard));
  await waitFor(() => expect(closing).toEqual(["asks", "stays", "asks", "closes"]));
});

test("a question that the lock took away leaves the window open until it is asked to close again", async () => {
  const { backend, askToClose, closing } = await typed();
  await askToClose();
  await answer(common.discard);
  const payload = await backend.lock();
  await act(async () => backend.emit({ name: "app-state", payload }));
  await waitFor(() => expect(closing).toEqual(["asks", "stays"]));
  await askToClose();
  await waitFor(() => expect(closing).toEqual(["asks", "stays", "closes"]));
});

test("a draft is written before the window closes, and nobody is asked about it", async () => {
  const { keys, backend, askToClose, closing } = await opened();
  await openPad(keys);
  const advice = "Walk half an hour a day";
  const field = screen.getByLabelText("Advice");
  await keys.click(field);
  const stood: string[][] = [];
  const { saveDraft } = backend;
  vi.spyOn(backend, "saveDraft").mockImplementation((patient, draft) => {
    if (draft.advice === advice) stood.push([...closing]);
    return saveDraft(patient, draft);
  });
  await keys.paste(advice);
  await askToClose();
  await waitFor(() => expect(closing).toEqual(["closes"]));
  expect(stood[0], "it was written first").toEqual([]);
});

test("a draft that cannot be written is given up only after a question", async () => {
  const { keys, backend, askToClose, closing } = await opened();
  await openPad(keys);
  const detail = "The draft could not be saved.";
  backend.fail("saveDraft", { code: "internal", detail });
  await keys.type(screen.getByLabelText("Advice"), "Walk");
  await askToClose();
  const discard = await answer(common.discard);
  expect(screen.getByText(common.unsavedText)).toBeTruthy();
  expect(screen.queryByText(common.keptText)).toBeNull();
  expect(screen.getAllByText(detail).length).toBeGreaterThan(0);
  await keys.click(discard);
  await waitFor(() => expect(closing).toEqual(["asks", "closes"]));
});

test("a draft of a pad that was left is not given up by whoever keeps the window open", async () => {
  const { keys, backend, askToClose, closing } = await opened();
  await openPad(keys);
  const { saveDraft } = backend;
  backend.saveDraft = () => Promise.reject({ code: "disk_full", detail: "The disk is full." });
  await keys.type(screen.getByLabelText("Advice"), "Walk");
  await keys.keyboard("{Control>}1{/Control}");
  await screen.findByTestId("today");
  await askToClose();
  await keys.click(await answer(common.keepTyping));
  await waitFor(() => expect(closing).toEqual(["asks", "stays"]));
  backend.saveDraft = saveDraft;
  await askToClose();
  await waitFor(() => expect(closing).toEqual(["asks", "stays", "closes"]));
  const [sunita] = (await backend.findPatients("sunita")).people;
  expect((await backend.openPad(sunita?.id ?? "")).draft.advice).toBe("Walk");
});

test("a draft that a slow disk is still writing is waited for, and then the window closes", async () => {
  const { keys, backend, askToClose, closing } = await opened();
  await openPad(keys);
  const disk = later<void>();
  const { saveDraft } = backend;
  backend.saveDraft = (...asked) => disk.promise.then(() => saveDraft(...asked));
  await keys.type(screen.getByLabelText("Advice"), "Walk");
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    await askToClose();
    expect(closing).toEqual([]);
    await act(() => vi.advanceTimersByTimeAsync(1_000));
    expect(closing).toEqual(["asks"]);
  } finally {
    vi.useRealTimers();
  }
  await act(async () => disk.resolve());
  await waitFor(() => expect(closing).toEqual(["asks", "closes"]));
});
