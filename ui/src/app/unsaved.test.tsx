import { act, screen, waitFor, within } from "@testing-library/react";
import type { UserEvent } from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";
import { messages } from "../messages";
import { expectAccessible, findSunita, openClinic } from "../test/clinic";
import { later } from "../test/later";

afterEach(() => vi.useRealTimers());

const { common, shell } = messages;

async function openToday() {
  const opened = openClinic({ start: "anjali@example.in" });
  await screen.findByTestId("today");
  return opened;
}

const question = () => screen.findByRole("dialog", { name: common.unsavedTitle });

/** The way to every form that saves nothing until it is told to, and a field of it. */
const forms: Record<string, (keys: UserEvent) => Promise<HTMLElement>> = {
  "a medicine": async (keys) => {
    await keys.click(screen.getByRole("link", { name: shell.medicines }));
    return screen.findByRole("textbox", { name: messages.medicines.brand });
  },
  "a short key": async (keys) => {
    await keys.click(screen.getByRole("link", { name: shell.shortKeys }));
    await keys.click(await screen.findByRole("button", { name: messages.shortKeys.add }));
    return screen.findByRole("textbox", { name: messages.shortKeys.name });
  },
  "the letterhead": async (keys) => {
    await keys.click(screen.getByRole("link", { name: shell.letterhead }));
    return screen.findByLabelText(messages.letterhead.foot);
  },
  "a registration": async (keys) => {
    await keys.keyboard("{Control>}{Shift>}n{/Shift}{/Control}");
    return screen.findByLabelText(messages.patient.city);
  },
  "a correction": async (keys) => {
    await findSunita(keys);
    await keys.click(screen.getByRole("button", { name: messages.chart.correct }));
    return screen.findByLabelText(messages.patient.address);
  },
  "a long illness": async (keys) => {
    await findSunita(keys);
    return screen.findByRole("combobox", { name: messages.known.addCondition });
  },
};

/** Something typed in a form and not saved; what stands in the field now, and stood there then. */
async function typeIn(name: string) {
  const opened = await openToday();
  const field = await forms[name]?.(opened.keys);
  if (!field) throw new Error("no such form");
  await opened.keys.type(field, "zz");
  const typed = () => (field.isConnected && "value" in field ? field.value : "gone");
  return { ...opened, field, typed, before: typed() };
}

test.each(Object.keys(forms))("%s: what is typed is left only after a question", async (name) => {
  const { keys, typed, before } = await typeIn(name);
  await keys.keyboard("{Control>}1{/Control}");
  await question();
  await keys.keyboard("{Enter}");
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect(typed()).toBe(before);
  await keys.click(screen.getByRole("link", { name: shell.today }));
  await keys.click(within(await question()).getByRole("button", { name: common.discard }));
  await screen.findByTestId("today");
});

test.each(Object.keys(forms))("%s: what is typed stays when another language is chosen", async (name) => {
  const { keys, field, typed, before } = await typeIn(name);
  await keys.click(screen.getByTestId("language-hi"));
  await keys.click(await screen.findByTestId("language-en"));
  await screen.findByTestId("language-hi");
  expect(typed()).toBe(before);
  await keys.type(field, "z");
  expect(typed()).toBe(`${before}z`);
});

test("a form in which nothing is typed is left without a question", async () => {
  const { keys } = await openToday();
  await forms["a registration"]?.(keys);
  await keys.keyboard("{Control>}1{/Control}");
  await screen.findByTestId("today");
});

test("a correction that cannot be read anew keeps what is typed in it", async () => {
  const { backend, field } = await typeIn("a correction");
  backend.fail("getChart", { code: "internal", detail: "The chart could not be read." });
  const read = vi.spyOn(backend, "getChart");
  await act(async () => backend.emit({ name: "rows-changed" }));
  await waitFor(() => expect(read).toHaveBeenCalled());
  await act(async () => void (await Promise.allSettled(read.mock.results.map(({ value }) => value))));
  expect(field.isConnected).toBe(true);
});

test("Escape asks before it throws away what is typed in a dialog, and closes an empty one", async () => {
  const { keys } = await openToday();
  await findSunita(keys);
  await keys.keyboard("{Control>}{Shift>}a{/Shift}{/Control}");
  await keys.type(await screen.findByRole("combobox", { name: messages.known.substance }), "zz");
  await keys.keyboard("{Escape}");
  await question();
  await keys.keyboard("{Enter}");
  expect(screen.getByRole("combobox", { name: messages.known.substance })).toHaveProperty("value", "zz");
  await keys.clear(screen.getByRole("combobox", { name: messages.known.substance }));
  await keys.keyboard("{Escape}");
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
});

test("the lock asks before it takes what is typed, and nothing more is said of it", async () => {
  const { keys } = await typeIn("a registration");
  await keys.click(screen.getByRole("button", { name: shell.lock }));
  await keys.click(within(await question()).getByRole("button", { name: common.discard }));
  await keys.type(await screen.findByLabelText("Password"), "right{Enter}");
  await screen.findByTestId("register-form");
  expect(screen.queryByTestId("lost-typed")).toBeNull();
});

test("what was given up for a lock that failed is told of when the window locks by itself later", async () => {
  const { keys, backend } = await typeIn("a registration");
  const detail = "The clinic could not be locked.";
  vi.spyOn(backend, "lock").mockRejectedValueOnce({ code: "internal", detail });
  await keys.click(screen.getByRole("button", { name: shell.lock }));
  await keys.click(within(await question()).getByRole("button", { name: common.discard }));
  await screen.findByText(detail);
  const payload = await backend.lock();
  await act(async () => backend.emit({ name: "app-state", payload }));
  await keys.type(await screen.findByLabelText("Password"), "right{Enter}");
  expect(await screen.findByTestId("lost-typed")).toBeTruthy();
});

test("a window that locked by itself says, to whoever comes back, that what was typed is not kept", async () => {
  const { keys, backend } = await typeIn("a registration");
  const payload = await backend.lock();
  await act(async () => backend.emit({ name: "app-state", payload }));
  await keys.type(await screen.findByLabelText("Password"), "right{Enter}");
  const said = await screen.findByTestId("lost-typed");
  await keys.click(within(said).getByRole("button", { name: common.close }));
  expect(screen.queryByTestId("lost-typed")).toBeNull();
});

/** A registration that is being saved, and has not been answered. */
async function openSaving() {
  const opened = await openToday();
  await forms["a registration"]?.(opened.keys);
  const disk = later<void>();
  const { registerPatient } = opened.backend;
  opened.backend.registerPatient = (form) => disk.promise.then(() => registerPatient(form));
  await opened.keys.type(screen.getByLabelText(messages.patient.firstName), "Zoya{Enter}");
  return { ...opened, disk };
}

const wait = () => screen.findByRole("dialog", { name: common.savingTitle });

test("a save that takes too long keeps nobody, and its late answer leads nobody away", async () => {
  vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"], shouldAdvanceTime: true });
  const { keys, disk } = await openSaving();
  await keys.keyboard("{Control>}1{/Control}");
  const told = within(await wait());
  expect(told.queryByRole("button", { name: common.savingLeave })).toBeNull();
  await keys.click(told.getByRole("button", { name: common.savingBack }));
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  await act(() => vi.advanceTimersByTimeAsync(15_000));
  await keys.keyboard("{Control>}1{/Control}");
  const long = within(await wait());
  expect((await long.findByText(common.savingLong)).getAttribute("aria-live")).toBe("polite");
  await expectAccessible();
  await keys.click(long.getByRole("button", { name: common.savingLeave }));
  await screen.findByTestId("today");
  await act(async () => disk.resolve());
  expect(screen.getByTestId("today")).toBeTruthy();
});

test("a window closes over a save that never ends once somebody does not want to wait", async () => {
  vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"], shouldAdvanceTime: true });
  const { keys, backend } = await openSaving();
  await act(async () => backend.emit({ name: "close-asked" }));
  const told = within(await wait());
  await act(() => vi.advanceTimersByTimeAsync(15_000));
  await keys.click(await told.findByRole("button", { name: common.savingLeave }));
  await waitFor(() => expect(backend.outside.closing).toEqual(["asks", "closes"]));
});

test("what is saved while somebody is told to wait keeps the window open, and the question goes", async () => {
  const { backend, disk } = await openSaving();
  await act(async () => backend.emit({ name: "close-asked" }));
  await wait();
  await act(async () => disk.resolve());
  await screen.findByTestId("chart");
  await waitFor(() => expect(backend.outside.closing).toEqual(["asks", "stays"]));
  expect(screen.queryByRole("dialog")).toBeNull();
});

test("a save that fails gives the form back with what is typed in it, and it can be saved again", async () => {
  const { keys, backend } = await openToday();
  await forms["a registration"]?.(keys);
  const detail = "The registration could not be saved.";
  vi.spyOn(backend, "registerPatient").mockRejectedValueOnce({ code: "internal", detail });
  const name = screen.getByLabelText(messages.patient.firstName);
  await keys.type(name, "Zoya{Enter}");
  await screen.findByText(detail);
  await keys.type(name, "b");
  expect(name).toHaveProperty("value", "Zoyab");
  await keys.keyboard("{Control>}1{/Control}");
  await question();
  await keys.keyboard("{Enter}");
  name.focus();
  await keys.keyboard("{Enter}");
  await screen.findByTestId("chart");
});

test("a window that locked over a save does not say that it was not kept", async () => {
  const { keys, backend, disk } = await openSaving();
  const payload = await backend.lock();
  await act(async () => backend.emit({ name: "app-state", payload }));
  await act(async () => disk.resolve());
  await keys.type(await screen.findByLabelText("Password"), "right{Enter}");
  expect((await screen.findByTestId("lost-typed")).textContent).toContain(shell.lostSaving);
});
