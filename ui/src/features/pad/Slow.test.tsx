import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import type { CommandError } from "../../ipc/bindings/CommandError";
import { messages } from "../../messages";
import { findSunita, openClinic, openPad, signMetformin, type Prepare } from "../../test/clinic";
import { later } from "../../test/later";

const advice = () => screen.getByRole<HTMLTextAreaElement>("textbox", { name: messages.pad.advice });
const saved = () => screen.getByTestId("pad-saved").textContent;

async function openEmptyPad(prepare?: Prepare) {
  const opened = openClinic({}, prepare);
  await screen.findByTestId("today");
  await openPad(opened.keys);
  return opened;
}

/** The disk takes a draft only once the test says so. */
function slowDisk(backend: ReturnType<typeof openClinic>["backend"]) {
  const disk = later<void>();
  const { saveDraft } = backend;
  backend.saveDraft = (...asked) => disk.promise.then(() => saveDraft(...asked));
  return disk;
}

const notYet = { code: "invalid", detail: "Not yet." } as const;

/** A pad with advice whose signature is on its way: it is answered, or refused, only once the test says so. */
async function signSlowly(refused?: CommandError) {
  const signing = later<void>();
  const opened = await openEmptyPad();
  const { signPrescription } = opened.backend;
  const sign = vi.spyOn(opened.backend, "signPrescription");
  sign.mockImplementation((...asked) =>
    signing.promise.then(() => (refused ? Promise.reject(refused) : signPrescription(...asked))),
  );
  fireEvent.change(advice(), { target: { value: "Drink water" } });
  await opened.keys.keyboard("{Control>}{Enter}{/Control}");
  await waitFor(() => expect(sign).toHaveBeenCalledOnce());
  return { ...opened, signing };
}

test("a pad that is opened again before its draft is on disk shows what was typed", async () => {
  const { keys, backend } = await openEmptyPad();
  const disk = slowDisk(backend);
  const openPadOf = vi.spyOn(backend, "openPad");
  fireEvent.change(advice(), { target: { value: "Drink water" } });
  await keys.keyboard("{Control>}1{/Control}");
  await screen.findByTestId("today");
  await keys.keyboard("{Control>}3{/Control}");
  await waitFor(() => expect(screen.queryByTestId("today")).toBeNull());
  await act(async () => {});
  expect(openPadOf).not.toHaveBeenCalled();
  disk.resolve();
  await screen.findByTestId("pad");
  expect(advice().value).toBe("Drink water");
});

test("the lock waits for the draft of a pad that was just left", async () => {
  const { keys, backend } = await openEmptyPad();
  const disk = slowDisk(backend);
  const lock = vi.spyOn(backend, "lock");
  fireEvent.change(advice(), { target: { value: "Drink water" } });
  await keys.keyboard("{Control>}1{/Control}");
  await screen.findByTestId("today");
  fireEvent.click(screen.getByRole("button", { name: messages.shell.lock }));
  await act(async () => {});
  expect(lock).not.toHaveBeenCalled();
  disk.resolve();
  await waitFor(() => expect(lock).toHaveBeenCalledOnce());
});

test("the lock takes along what is typed while it waits for the draft", async () => {
  const { backend } = await openEmptyPad();
  const disk = slowDisk(backend);
  const save = vi.spyOn(backend, "saveDraft");
  const lock = vi.spyOn(backend, "lock");
  fireEvent.change(advice(), { target: { value: "Drink water" } });
  fireEvent.click(screen.getByRole("button", { name: messages.shell.lock }));
  await waitFor(() => expect(save).toHaveBeenCalledOnce());
  fireEvent.change(advice(), { target: { value: "Drink water. Rest." } });
  await act(async () => disk.resolve());
  await waitFor(() => expect(lock).toHaveBeenCalledOnce());
  expect(save.mock.lastCall?.[1].advice).toBe("Drink water. Rest.");
  expect(screen.queryByTestId("toast")).toBeNull();
});

test("who comes back is told of what a lock that came by itself took from the pad", async () => {
  const { keys, backend } = await openEmptyPad();
  backend.saveDraft = () => Promise.reject({ code: "locked", detail: "Sign in first." });
  fireEvent.change(advice(), { target: { value: "Drink water" } });
  const payload = await backend.lock();
  await act(async () => backend.emit({ name: "app-state", payload }));
  await keys.type(await screen.findByLabelText("Password"), "right{Enter}");
  await screen.findByTestId("lost-typed");
});

test("a pad waits for a copy that is on its way into its draft, and one key makes one copy", async () => {
  const { keys, backend } = openClinic();
  await screen.findByTestId("today");
  await signMetformin(keys);
  const disk = slowDisk(backend);
  const repeat = vi.spyOn(backend, "repeatPrescription");
  const openPadOf = vi.spyOn(backend, "openPad");
  await keys.keyboard("{Control>}r{/Control}");
  await waitFor(() => expect(repeat).toHaveBeenCalledOnce());
  await keys.keyboard("{Control>}3{/Control}");
  await waitFor(() => expect(screen.queryByTestId("prescription-number")).toBeNull());
  await act(async () => {});
  expect(openPadOf).not.toHaveBeenCalled();
  await act(async () => disk.resolve());
  expect((await screen.findByTestId("pad-item")).textContent).toContain("METFORMIN");
  fireEvent.keyDown(line(), { key: "r", ctrlKey: true, repeat: true });
  await act(async () => {});
  expect(repeat).toHaveBeenCalledOnce();
});

test("a signature that was refused over a line that is held no more asks nobody about the next one", async () => {
  const { keys, backend } = await openEmptyPad();
  const detail = "A line is held.";
  vi.spyOn(backend, "signPrescription").mockRejectedValue({ code: "held", detail });
  fireEvent.change(advice(), { target: { value: "Drink water" } });
  await keys.keyboard("{Control>}{Enter}{/Control}");
  await screen.findByText(detail);
  await keys.keyboard("amoxicillin 1-1-1 x5d pc");
  await screen.findByTestId("pad-finding");
  await keys.keyboard("{Enter}");
  await screen.findByText("HELD");
  expect(screen.queryByRole("dialog")).toBeNull();
});

test("a draft that cannot be written when its pad is left is told, and is there when the pad is opened again", async () => {
  const { keys, backend } = await openEmptyPad();
  const { saveDraft } = backend;
  const full = { code: "internal", detail: "The disk is full. Nothing was saved." } as const;
  backend.saveDraft = () => Promise.reject(full);
  fireEvent.change(advice(), { target: { value: "Drink water" } });
  await keys.keyboard("{Control>}1{/Control}");
  expect((await screen.findByTestId("toast")).textContent).toContain(full.detail);
  await keys.keyboard("{Control>}3{/Control}");
  const again = await screen.findByRole("button", { name: messages.common.tryAgain });
  backend.saveDraft = saveDraft;
  await keys.click(again);
  await screen.findByTestId("pad");
  expect(advice().value).toBe("Drink water");
});

test("what is typed while the signature is on its way is not written behind it as a draft", async () => {
  const { backend, signing } = await signSlowly();
  const save = vi.spyOn(backend, "saveDraft");
  fireEvent.change(advice(), { target: { value: "Drink water." } });
  fireEvent.blur(window);
  await act(async () => {});
  expect(save).not.toHaveBeenCalled();
  await act(async () => signing.resolve());
  await screen.findByTestId("prescription-number");
  expect(save).not.toHaveBeenCalled();
  // Nor is it lost without a word.
  expect(screen.getByTestId("toast").textContent).toContain(messages.pad.typedAfter);
});

test("what is being signed is not given to the doctors or discarded as well", async () => {
  const { keys, backend, signing } = await signSlowly();
  const give = vi.spyOn(backend, "giveToDoctor");
  const discard = vi.spyOn(backend, "discardDraft");
  await keys.keyboard("{Control>}g{/Control}{Control>}d{/Control}");
  const question = within(await screen.findByRole("dialog"));
  await keys.click(question.getByRole("button", { name: messages.pad.discard }));
  await act(async () => signing.resolve());
  await screen.findByTestId("prescription-number");
  expect([give, discard].map(({ mock }) => mock.calls.length)).toEqual([0, 0]);
});

test("who types while the draft is on its way to the doctor is told that it is not in it", async () => {
  const giving = later<void>();
  const { keys, backend } = await openEmptyPad();
  const { giveToDoctor } = backend;
  backend.giveToDoctor = (...asked) => giving.promise.then(() => giveToDoctor(...asked));
  const give = vi.spyOn(backend, "giveToDoctor");
  fireEvent.change(advice(), { target: { value: "Drink water" } });
  await keys.keyboard("{Control>}g{/Control}");
  await waitFor(() => expect(give).toHaveBeenCalledOnce());
  fireEvent.change(advice(), { target: { value: "Drink water. Rest." } });
  await act(async () => giving.resolve());
  await screen.findByText(messages.prepared.typedAfter);
});

test("what is typed while a signature fails is written then", async () => {
  const { backend, signing } = await signSlowly(notYet);
  fireEvent.change(advice(), { target: { value: "Drink water." } });
  expect(saved()).toBe(messages.pad.saving);
  signing.resolve();
  await screen.findByText(notYet.detail);
  await waitFor(() => expect(saved()).not.toBe(messages.pad.saving));
  expect((await backend.openPad("p1")).draft.advice).toBe("Drink water.");
});

test("who left the pad while it was signed stays where they are, and is told", async () => {
  const { keys, signing } = await signSlowly();
  await keys.keyboard("{Control>}1{/Control}");
  await screen.findByTestId("today");
  await act(async () => signing.resolve());
  expect((await screen.findByTestId("toast")).textContent).toMatch(/A-\d+ is signed/);
  expect(screen.queryByTestId("prescription")).toBeNull();
  screen.getByTestId("today");
});

test("who left the pad is told that the signature failed", async () => {
  const { keys, signing } = await signSlowly(notYet);
  await findSunita(keys);
  await act(async () => signing.resolve());
  expect((await screen.findByTestId("toast")).textContent).toContain(notYet.detail);
});

/** What was answered is worked on, and React has drawn nothing of it yet: no task of its own ran. */
async function beforeDrawing() {
  for (let turn = 0; turn < 100; turn += 1) await Promise.resolve();
}

const line = () => screen.getByRole<HTMLInputElement>("combobox", { name: messages.pad.line });
/** Letters as they come to a field that shows what it shows now. */
const typeOn = (letters: string) =>
  fireEvent.change(line(), { target: { value: `${line().value}${letters}` } });

test("a letter typed as a line is taken begins the next line, and not the same one again", async () => {
  const { keys, backend } = await openEmptyPad();
  typeOn("metformin 500 1-0-1 x3d");
  await waitFor(() => expect(screen.getByTestId("pad-echo").textContent).toContain("Metformin"));
  fireEvent.keyDown(line(), { key: "Enter" });
  await beforeDrawing();
  typeOn("a");
  expect(line().value).toBe("a");
  await screen.findByTestId("pad-item");
  await keys.keyboard("{Control>}1{/Control}");
  await screen.findByTestId("today");
  const { draft } = await backend.openPad((await backend.findPatients("sunita")).people[0]?.id ?? "");
  expect([draft.line, draft.items.length]).toEqual(["a", 1]);
});

test("whoever types faster than the lookup, over two Enters, has the line taken, and the next one begun", async () => {
  const answer = later<void>();
  const { backend } = await openEmptyPad();
  const { readLine } = backend;
  backend.readLine = (...asked) => answer.promise.then(() => readLine(...asked));
  typeOn("metformin 500");
  fireEvent.keyDown(line(), { key: "Enter" });
  typeOn("1-0-1 x3d");
  fireEvent.keyDown(line(), { key: "Enter" });
  typeOn("amlo");
  await act(async () => answer.resolve());
  expect((await screen.findByTestId("pad-item")).textContent).toContain("1-0-1");
  expect(line().value).toBe("amlo");
  expect(screen.queryByTestId("pad-medicine")).toBeNull();
});

test("a key that is slow to expand takes away nothing that is typed meanwhile", async () => {
  const answer = later<void>();
  const { keys, backend } = await openEmptyPad();
  const expand = vi.spyOn(backend, "expandShortKey");
  expand.mockImplementation((_, _key, own) =>
    answer.promise.then(() => ({ ...own, advice: "Rest", followUp: "5d" })),
  );
  await keys.type(line(), "/urti{Tab}");
  await waitFor(() => expect(expand).toHaveBeenCalled());
  fireEvent.change(advice(), { target: { value: "No cold drinks" } });
  await act(async () => answer.resolve());
  await screen.findByDisplayValue("5d");
  expect(advice().value).toBe("No cold drinks\nRest");
});

test("a diagnosis that is marked is the one that is meant, whatever a late answer has in its place", async () => {
  const late = later<void>();
  const { keys, backend } = await openEmptyPad();
  const field = screen.getByRole<HTMLInputElement>("combobox", { name: messages.pad.diagnosis });
  const [fever, sugar] = [
    { text: "Fever, unspecified", icd10: "R50.9" },
    { text: "Type 2 diabetes mellitus", icd10: "E11.9" },
  ];
  backend.findDiagnoses = (typed) =>
    typed === "fe" ? Promise.resolve([fever]) : late.promise.then(() => [sugar]);
  await keys.type(field, "fe");
  await screen.findByTestId("pad-diagnosis-option");
  await keys.type(field, "v");
  await keys.keyboard("{ArrowDown}");
  await act(async () => late.resolve());
  await screen.findByText(sugar.text);
  expect(screen.getByRole("option", { selected: true }).textContent).toContain(fever.text);
  await keys.keyboard("{Enter}");
  expect(screen.getByRole("button", { name: messages.pad.removeDiagnosis(fever.text) })).toBeTruthy();
  expect(screen.queryByRole("button", { name: messages.pad.removeDiagnosis(sugar.text) })).toBeNull();
});
