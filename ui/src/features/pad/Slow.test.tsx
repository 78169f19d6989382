import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { messages } from "../../messages";
import { findSunita, openClinic, openPad } from "../../test/clinic";
import { later } from "../../test/later";

const advice = () => screen.getByRole<HTMLTextAreaElement>("textbox", { name: messages.pad.advice });
const saved = () => screen.getByTestId("pad-saved").textContent;

async function openEmptyPad(prepare?: Parameters<typeof openClinic>[1]) {
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
  const signing = later<void>();
  const { keys, backend } = await openEmptyPad();
  const { signPrescription } = backend;
  backend.signPrescription = (...asked) => signing.promise.then(() => signPrescription(...asked));
  const sign = vi.spyOn(backend, "signPrescription");
  const save = vi.spyOn(backend, "saveDraft");
  fireEvent.change(advice(), { target: { value: "Drink water" } });
  await keys.keyboard("{Control>}{Enter}{/Control}");
  await waitFor(() => expect(sign).toHaveBeenCalledOnce());
  const written = save.mock.calls.length;
  fireEvent.change(advice(), { target: { value: "Drink water." } });
  fireEvent.blur(window);
  await act(async () => {});
  expect(save).toHaveBeenCalledTimes(written);
  await act(async () => signing.resolve());
  await screen.findByTestId("prescription-number");
  expect(save).toHaveBeenCalledTimes(written);
});

test("what is typed while a signature fails is written then", async () => {
  const signing = later<never>();
  const { keys, backend } = await openEmptyPad();
  const sign = vi.spyOn(backend, "signPrescription");
  sign.mockReturnValue(signing.promise.then(() => Promise.reject({ code: "invalid", detail: "Not yet." })));
  fireEvent.change(advice(), { target: { value: "Drink water" } });
  await keys.keyboard("{Control>}{Enter}{/Control}");
  await waitFor(() => expect(sign).toHaveBeenCalledOnce());
  fireEvent.change(advice(), { target: { value: "Drink water." } });
  expect(saved()).toBe(messages.pad.saving);
  signing.resolve(undefined as never);
  await screen.findByText("Not yet.");
  await waitFor(() => expect(saved()).not.toBe(messages.pad.saving));
  expect((await backend.openPad("p1")).draft.advice).toBe("Drink water.");
});

test("who left the pad while it was signed stays where they are, and is told", async () => {
  const signing = later<void>();
  const { keys, backend } = await openEmptyPad();
  const { signPrescription } = backend;
  backend.signPrescription = (...asked) => signing.promise.then(() => signPrescription(...asked));
  const sign = vi.spyOn(backend, "signPrescription");
  fireEvent.change(advice(), { target: { value: "Drink water" } });
  await keys.keyboard("{Control>}{Enter}{/Control}");
  await waitFor(() => expect(sign).toHaveBeenCalledOnce());
  await keys.keyboard("{Control>}1{/Control}");
  await screen.findByTestId("today");
  await act(async () => signing.resolve());
  expect((await screen.findByTestId("toast")).textContent).toMatch(/A-\d+ is signed/);
  expect(screen.queryByTestId("prescription")).toBeNull();
  screen.getByTestId("today");
});

test("who left the pad is told that the signature failed", async () => {
  const signing = later<void>();
  const { keys, backend } = await openEmptyPad();
  const sign = vi.spyOn(backend, "signPrescription");
  sign.mockReturnValue(signing.promise.then(() => Promise.reject({ code: "invalid", detail: "Not yet." })));
  fireEvent.change(advice(), { target: { value: "Drink water" } });
  await keys.keyboard("{Control>}{Enter}{/Control}");
  await waitFor(() => expect(sign).toHaveBeenCalledOnce());
  await findSunita(keys);
  await act(async () => signing.resolve());
  expect((await screen.findByTestId("toast")).textContent).toContain("Not yet.");
});
