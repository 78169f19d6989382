import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import type { UserEvent } from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import type { createFakeBackend } from "../../ipc/fake";
import { emptyDraft } from "../../ipc/fake-data";
import { messages } from "../../messages";
import { expectAccessible, findSunita, openClinic, openPad } from "../../test/clinic";
import { preparedBy } from "./words";

type Backend = ReturnType<typeof createFakeBackend>;

const vitals = { ...emptyDraft.vitals, bpSys: 130, bpDia: 80, tempC: 38.2 };

/** What Sister Asha gives to the doctors about Sunita, on another computer. */
async function prepare(backend: Backend, more: Partial<typeof emptyDraft> = {}) {
  const draft = { ...emptyDraft, vitals, complaints: "Fever since 3 days", ...more };
  await act(() => backend.giveToDoctor("p1", draft));
}

const field = (name: RegExp | string) => screen.getByRole<HTMLInputElement>("textbox", { name });

async function openNurse() {
  const opened = openClinic({ start: "asha@example.in" });
  await screen.findByTestId("today");
  await openPad(opened.keys);
  return opened;
}

const give = (keys: UserEvent) => keys.keyboard("{Control>}{Enter}{/Control}");

test("a nurse gives what she prepared to the doctor with the key that signs for others", async () => {
  const { keys, backend } = await openNurse();
  await keys.type(field(/Pulse/), "82");
  expect(screen.getByTestId("pad-give").textContent).toContain(messages.prepared.give);
  await give(keys);
  expect((await screen.findByTestId("toast")).textContent).toContain(messages.prepared.given);
  expect((await screen.findByTestId("prepared")).textContent).toMatch(
    /Prepared by Sister Asha, \d\d:\d\d: Pulse 82 \/min/,
  );
  expect((await backend.getChart("p1")).hasDraft).toBe(false);
});

test("what only a doctor writes stays in the nurse’s draft, and that is said", async () => {
  const { keys, backend } = await openNurse();
  await keys.type(field(/Pulse/), "82");
  await keys.type(field(messages.pad.advice), "Warm fluids");
  await give(keys);
  expect((await screen.findByTestId("toast")).textContent).toContain(messages.prepared.givenPart);
  expect((await backend.openPad("p1")).draft.advice).toBe("Warm fluids");
});

test("a line that is not finished is not given without a word", async () => {
  const { keys, backend } = await openNurse();
  await keys.keyboard("an old remedy{Escape}");
  await give(keys);
  expect((await screen.findByRole("alert")).textContent).toBe(messages.prepared.lineUnfinished);
  expect((await backend.getChart("p1")).prepared).toEqual([]);
});

test("today and the chart say what was prepared, and the pad begins with it", async () => {
  const { keys, backend } = openClinic();
  await screen.findByTestId("today");
  await prepare(backend);
  const waiting = await screen.findByRole("region", { name: messages.today.prepared });
  expect(waiting.textContent).toContain("BP 130/80 mmHg, Temp 38.2 °C · Fever since 3 days");
  await expectAccessible();
  await keys.click(within(waiting).getByRole("button"));
  await screen.findByTestId("prepared-in");
  expect(field(/BP upper/).value).toBe("130");
  expect(field(messages.pad.complaints).value).toBe("Fever since 3 days");
  expect(screen.queryByTestId("prepared-take")).toBeNull();
  await expectAccessible();
});

test("what a doctor has written stays, and one key fills what is empty; undo takes that back", async () => {
  const { keys, backend } = openClinic();
  await screen.findByTestId("today");
  await openPad(keys);
  await keys.type(field(messages.pad.complaints), "Cough");
  await prepare(backend);
  await screen.findByTestId("prepared-take");
  expect(field(/BP upper/).value).toBe("");
  const take = vi.spyOn(backend, "takeUpPrepared");
  await keys.keyboard("{Control>}i{/Control}");
  await waitFor(() => expect(field(/BP upper/).value).toBe("130"));
  expect(field(messages.pad.complaints).value).toBe("Cough");
  expect(screen.queryByTestId("prepared-take")).toBeNull();
  // However long the key is held, it is one step.
  fireEvent.keyDown(document.body, { key: "i", ctrlKey: true, repeat: true });
  await keys.keyboard("{Control>}z{/Control}");
  await waitFor(() => expect(field(/BP upper/).value).toBe(""));
  expect(screen.getByTestId("prepared-take")).toBeTruthy();
  expect(take).toHaveBeenCalledOnce();
});

test("once it is signed, nothing waits any more", async () => {
  const { keys, backend } = openClinic();
  await screen.findByTestId("today");
  await prepare(backend);
  await openPad(keys);
  await keys.keyboard("metformin 500 1-0-1 x30d pc{Enter}");
  await screen.findByTestId("pad-item");
  await give(keys);
  await screen.findByTestId("prescription-number");
  expect((await backend.getChart("p1")).prepared).toEqual([]);
});

test("what was given by mistake is taken back", async () => {
  const { keys, backend } = openClinic();
  await screen.findByTestId("today");
  await prepare(backend);
  await findSunita(keys);
  await keys.click(await screen.findByRole("button", { name: /^Take back/ }));
  await waitFor(() => expect(screen.queryByTestId("prepared")).toBeNull());
  expect((await screen.findByTestId("toast")).textContent).toContain(messages.prepared.takenBack);
});

test("a doctor gives a draft to another room with a key of its own", async () => {
  const { keys, backend } = openClinic();
  await screen.findByTestId("today");
  await openPad(keys);
  await keys.type(field(messages.pad.advice), "Warm fluids");
  await keys.keyboard("{Control>}g{/Control}");
  await screen.findByTestId("prepared");
  expect((await backend.getChart("p1")).prescriptions).toHaveLength(1);
});

test("a doctor who hands a line on without its reason is told", async () => {
  const { keys, backend } = openClinic();
  await screen.findByTestId("today");
  const line = {
    medicineId: null,
    medicineText: "An old remedy",
    doseText: "1-0-1 x5d",
    source: "typed" as const,
    noSubstitution: false,
  };
  const items = [{ ...line, kept: [{ key: "allergy", reason: "Taken before" }] }];
  await act(() => backend.saveDraft("p1", { ...emptyDraft, items }));
  await openPad(keys);
  await keys.keyboard("{Control>}g{/Control}");
  expect((await screen.findByTestId("toast")).textContent).toContain(messages.prepared.givenWithoutReasons);
  expect((await backend.getChart("p1")).hasDraft).toBe(false);
});

test("what was prepared on another day says which", () => {
  const one = { by: "Sister Asha", at: "2026-09-02T15:41:00", vitals, words: [], items: [], id: "prepared1" };
  expect(preparedBy(one)).toBe("Prepared by Sister Asha, 02 Sep 2026 15:41:");
});

test("the reception is told nothing of it", async () => {
  const { keys, backend } = openClinic({ start: "priya@example.in" });
  await screen.findByTestId("today");
  await prepare(backend);
  expect((await backend.getToday()).prepared).toEqual([]);
  await findSunita(keys);
  expect(screen.queryByTestId("prepared")).toBeNull();
});
