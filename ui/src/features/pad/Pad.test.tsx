import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { quietStatus } from "../../ipc/fake-data";
import { messages } from "../../messages";
import { expectAccessible, openClinic, openPad, type Prepare } from "../../test/clinic";

async function openEmptyPad(prepare?: Prepare) {
  const { keys, backend } = openClinic({}, prepare);
  await screen.findByTestId("today");
  await openPad(keys);
  return { keys, backend };
}

const write = async (keys: Awaited<ReturnType<typeof openEmptyPad>>["keys"], line: string) => {
  const before = screen.queryAllByTestId("pad-item").length;
  await keys.keyboard(`${line}{Enter}`);
  await waitFor(() => expect(screen.getAllByTestId("pad-item")).toHaveLength(before + 1));
};
const titles = () =>
  screen.getAllByTestId("pad-item").map((item) => item.querySelector("strong")?.textContent);

test("while several medicines fit, the echo says so and none is marked as taken", async () => {
  const { keys } = await openEmptyPad();
  await keys.keyboard("paracetamol 1-0-1 x3d");
  await waitFor(() => expect(screen.getByTestId("pad-echo").textContent).toContain("2 matches"));
  expect(screen.queryByRole("option", { selected: true })).toBeNull();
  await keys.keyboard("{ArrowDown}{ArrowDown}{Enter}");
  expect((await screen.findByTestId("pad-item")).textContent).toContain("PARACETAMOL 650 MG");
});

test("the echo names the form that will print", async () => {
  const { keys } = await openEmptyPad();
  await keys.keyboard("metformin 500 1-0-1 x30d pc");
  await waitFor(() => expect(screen.getByTestId("pad-echo").textContent).toContain("TAB. Metformin 500 mg"));
});

test("the medicine stays offered and named while its dose is typed, and Enter says what is missing", async () => {
  const { keys } = await openEmptyPad();
  await keys.keyboard("metformin 500 1-0-");
  const echo = screen.getByTestId("pad-echo");
  await waitFor(() => expect(echo.textContent).toBe("Metformin 500 mg"));
  expect(screen.getByRole("option", { selected: true }).textContent).toContain("Metformin");
  expect(screen.queryByText(messages.pad.noSuggestion)).toBeNull();
  await keys.keyboard("{Enter}");
  await waitFor(() => expect(echo.textContent).toContain('Not understood from "1-0-" on'));
  await keys.keyboard("1{Enter}");
  await waitFor(() => expect(titles()).toEqual(["TAB. METFORMIN 500 MG"]));
});

test("a medicine of the clinic’s own whose name says its form is echoed with it once", async () => {
  const own = { sameAs: null, brandName: "", genericName: "Xyzol tablet", strengthText: "5 mg" };
  const { keys } = await openEmptyPad(
    (backend) => void backend.addOwnMedicine({ ...own, dosageForm: "tablet", defaultDose: "" }),
  );
  await keys.keyboard("xyzol 1-0-1");
  const echo = screen.getByTestId("pad-echo");
  await waitFor(() => expect(echo.textContent).toMatch(/^Xyzol tablet 5 mg 1 tablet in the morning/));
});

const told = () => screen.getAllByRole("status").map(({ textContent }) => textContent);

test("whoever does not see the lists of the pad hears how many suggestions stand in them, and that there is none", async () => {
  const { keys } = await openEmptyPad();
  await keys.keyboard("metformin");
  const { length } = await screen.findAllByTestId("pad-suggestion");
  expect(told()).toContain(messages.common.suggestions(length));
  await keys.keyboard("{Escape}");
  expect(told()).not.toContain(messages.common.suggestions(length));
  await keys.keyboard("xyz");
  await waitFor(() => expect(told()).toContain(messages.pad.noSuggestion));
  await keys.keyboard("{F3}j06");
  await screen.findByTestId("pad-diagnosis-option");
  expect(told()).toContain("1 suggestion");
});

test("an arrow in the empty line offers what this doctor writes most often", async () => {
  const { keys } = openClinic();
  await screen.findByTestId("today");
  await openPad(keys);
  await keys.keyboard("{ArrowDown}");
  expect((await screen.findByTestId("pad-suggestion")).textContent).toContain("Metformin");
  await keys.keyboard("{Escape}");
  expect(screen.queryByTestId("pad-suggestion")).toBeNull();
  await keys.keyboard("{ArrowDown}");
  await screen.findByTestId("pad-suggestion");
  await keys.keyboard("{Enter}");
  expect((await screen.findByTestId("pad-medicine")).textContent).toContain("Metformin 500 mg");
});

test("the next letter writes over the usual dose of a medicine as soon as that stands there", async () => {
  const { keys } = await openEmptyPad();
  const line = screen.getByRole<HTMLInputElement>("combobox", { name: messages.pad.line });
  await keys.keyboard("metformin");
  await screen.findByTestId("pad-suggestion");
  fireEvent.keyDown(line, { key: "Enter" });
  const marked = await new Promise<[string, number | null, number | null]>((seen) => {
    const watch = new MutationObserver(() => {
      if (!screen.queryByTestId("pad-medicine")) return;
      watch.disconnect();
      queueMicrotask(() => seen([line.value, line.selectionStart, line.selectionEnd]));
    });
    watch.observe(document.body, { childList: true, subtree: true });
  });
  expect(marked[0]).not.toBe("");
  expect(marked).toEqual([marked[0], 0, marked[0].length]);
});

test("a dose that cannot be read is said, and the line stays", async () => {
  const { keys } = await openEmptyPad();
  await keys.keyboard("metformin 500 1-0-1 x5q{Enter}");
  await waitFor(() => expect(screen.getByTestId("pad-echo").textContent).toContain("Not understood"));
  expect(screen.queryByTestId("pad-item")).toBeNull();
});

test("when to come back is said back, and what means no day is refused in words beside it", async () => {
  const { keys } = await openEmptyPad();
  const field = screen.getByRole("textbox", { name: messages.pad.comeBack });
  await keys.type(field, "soon");
  await screen.findByText("When to come back is not understood. Write it like 5d, 2w or 28/11/2026.");
  await keys.clear(field);
  await keys.type(field, "5d");
  await waitFor(() => expect(screen.queryByText(/is not understood/)).toBeNull());
});

test("a medicine that is not in the list is accepted and marked as not checked", async () => {
  const { keys } = await openEmptyPad();
  await write(keys, "Khasi syrup 1-1-1 x5d");
  expect(screen.getByTestId("pad-item").textContent).toContain("not checked");
});

test("lines are moved with Alt and an arrow, and removed with Ctrl and Backspace", async () => {
  const { keys } = await openEmptyPad();
  await write(keys, "metformin 500 1-0-1 x30d pc");
  await write(keys, "cetirizine 10 0-0-1 x5d");
  await keys.keyboard("{ArrowUp}{Alt>}{ArrowUp}{/Alt}");
  await waitFor(() => expect(titles()).toEqual(["TAB. CETIRIZINE 10 MG", "TAB. METFORMIN 500 MG"]));
  await keys.keyboard("{Control>}{Backspace}{/Control}");
  await waitFor(() => expect(titles()).toEqual(["TAB. METFORMIN 500 MG"]));
});

test("a key held down to empty a field takes nothing that was accepted", async () => {
  const { keys } = await openEmptyPad();
  await write(keys, "metformin 500 1-0-1 x30d pc");
  const held = { key: "Backspace", repeat: true };
  const line = screen.getByRole("combobox", { name: messages.pad.line });
  fireEvent.keyDown(line, { ...held, ctrlKey: true });
  expect(screen.getByTestId("pad-item")).toBeTruthy();
  await keys.keyboard("{F3}viral fever{Enter}");
  fireEvent.keyDown(screen.getByRole("combobox", { name: messages.pad.diagnosis }), held);
  expect(screen.getByRole("button", { name: "Remove viral fever" })).toBeTruthy();
});

test("a removed line comes back with Undo", async () => {
  const { keys } = await openEmptyPad();
  await write(keys, "metformin 500 1-0-1 x30d pc");
  await keys.keyboard("{Control>}{Backspace}{/Control}");
  expect((await screen.findByTestId("toast")).textContent).toContain("Metformin 500 mg removed");
  await keys.click(screen.getByRole("button", { name: "Undo" }));
  expect(await screen.findByTestId("pad-item")).toBeTruthy();
});

test("a preview that fails stands in its own place, and the pad goes on", async () => {
  const detail = "The page could not be drawn.";
  const { keys } = await openEmptyPad((backend) =>
    backend.fail("previewDraft", { code: "internal", detail }),
  );
  expect((await screen.findByRole("alert")).textContent).toContain(detail);
  await write(keys, "metformin 500 1-0-1 x30d pc");
  await waitFor(() => expect(screen.getByTestId("pad-saved").textContent).toContain("Draft saved"));
});

test("a chart that cannot be read anew leaves the draft as it is typed", async () => {
  const { keys, backend } = await openEmptyPad();
  await write(keys, "metformin 500 1-0-1 x30d pc");
  const detail = "The records could not be read. Nothing was lost.";
  vi.spyOn(backend, "getChart").mockRejectedValueOnce({ code: "internal", detail });
  act(() => backend.emit({ name: "rows-changed" }));
  expect((await screen.findByRole("alert")).textContent).toContain(detail);
  expect(screen.getByTestId("pad-item")).toBeTruthy();
  await keys.click(screen.getByRole("button", { name: messages.common.tryAgain }));
  await waitFor(() => expect(screen.queryByText(detail)).toBeNull());
  expect(screen.getByTestId("pad-item")).toBeTruthy();
});

test("offline changes nothing about signing", async () => {
  const { keys } = await openEmptyPad((backend) =>
    backend.emit({
      name: "sync-status",
      payload: { ...quietStatus, connection: { state: "offline", since: "2026-11-23T09:12:00" } },
    }),
  );
  await write(keys, "metformin 500 1-0-1 x30d pc");
  await keys.keyboard("{Control>}{Enter}{/Control}");
  expect(await screen.findByText("Saved here, waiting to be sent")).toBeTruthy();
});

test("what is signed stands there by its number before it is asked for, and what is left behind is not asked once more", async () => {
  const { keys, backend } = await openEmptyPad();
  await write(keys, "metformin 500 1-0-1 x30d pc");
  vi.spyOn(backend, "getPrescription").mockReturnValue(new Promise(() => undefined));
  const chart = vi.spyOn(backend, "getChart");
  await keys.keyboard("{Control>}{Enter}{/Control}");
  expect((await screen.findByTestId("prescription-number")).textContent).toBe("A-1042");
  // The stand-in tells of every change, also of one that the window made.
  expect(chart).toHaveBeenCalledTimes(1);
});

test("Ctrl+Shift+Enter signs, prints nothing, and leads back to the chart", async () => {
  const { keys, backend } = await openEmptyPad();
  await write(keys, "metformin 500 1-0-1 x30d pc");
  await keys.keyboard("{Control>}{Shift>}{Enter}{/Shift}{/Control}");
  await screen.findByTestId("chart");
  expect((await screen.findByTestId("toast")).textContent).toContain("is signed");
  await keys.keyboard("{Enter}");
  expect(backend.printed).toEqual([]);
  expect(screen.queryByTestId("prescription-number")).toBeNull();
});

test("a draft is discarded only after a question", async () => {
  const { keys } = await openEmptyPad();
  await write(keys, "metformin 500 1-0-1 x30d pc");
  await keys.click(screen.getByRole("button", { name: "Discard draft" }));
  await screen.findByRole("dialog", { name: "Discard this draft?" });
  await keys.keyboard("{Escape}");
  expect(screen.getByTestId("pad-item")).toBeTruthy();
});

test("the last prescription is repeated, changed in sight, and taken back", async () => {
  const { keys } = await openEmptyPad();
  await keys.keyboard("{Control>}r{/Control}");
  await screen.findByTestId("pad-difference");
  expect(titles()).toEqual(["TAB. METFORMIN 500 MG"]);
  await keys.keyboard("{F2}");
  const line = screen.getByRole<HTMLInputElement>("combobox", { name: "Medicine and dose" });
  await keys.clear(line);
  await write(keys, "metformin 500 1-0-0 x30d pc");
  expect((await screen.findByTestId("pad-changed")).textContent).toBe("was 1-0-1 x30d pc");
  await keys.keyboard("{Control>}z{/Control}{Control>}z{/Control}");
  await waitFor(() => expect(screen.queryByTestId("pad-changed")).toBeNull());
});

test("a line that is taken back to be changed is read with the medicine that was chosen", async () => {
  const { keys, backend } = await openEmptyPad();
  const asked: (string | null)[] = [];
  const { readLine, saveDraft } = backend;
  backend.readLine = (text, was) => {
    asked.push(was?.medicineId ?? null);
    return readLine(text, was);
  };
  const saved: (string | null)[] = [];
  backend.saveDraft = (patient, draft) => {
    saved.push(draft.lineWas?.medicineId ?? null);
    return saveDraft(patient, draft);
  };
  await keys.keyboard("metformin{Enter}");
  await screen.findByTestId("pad-medicine");
  expect(asked.every((one) => one === null)).toBe(true);
  const line = screen.getByRole<HTMLInputElement>("combobox", { name: "Medicine and dose" });
  await waitFor(() => expect(line.value).toBe("1-0-1 x30d pc"));
  await keys.keyboard("{Escape}");
  expect(line.value).toBe("Metformin 500 mg: 1-0-1 x30d pc");
  await waitFor(() => expect(asked.at(-1)).not.toBeNull());
  await keys.keyboard("{Enter}");
  await screen.findByTestId("pad-item");
  await waitFor(() => expect(saved.at(-1)).toBeNull());
  await keys.keyboard("{F2}");
  expect(line.value).toBe("Metformin 500 mg: 1-0-1 x30d pc");
  await waitFor(() => expect(saved.at(-1)).not.toBeNull());
});

test("a line that is half typed is not overwritten by one that is taken back to be changed", async () => {
  const { keys } = await openEmptyPad();
  await write(keys, "metformin 500 1-0-1 x30d pc");
  await keys.keyboard("an old remedy{Escape}{ArrowUp}{F2}");
  expect((await screen.findByTestId("toast")).textContent).toContain(messages.pad.finishFirst);
  expect(screen.getByRole("combobox", { name: messages.pad.line })).toHaveProperty("value", "an old remedy");
  expect(screen.getAllByTestId("pad-item")).toHaveLength(1);
});

test("one step back from a line that was taken back to be changed brings the line again", async () => {
  const { keys } = await openEmptyPad();
  await write(keys, "metformin 500 1-0-1 x30d pc");
  await keys.keyboard("{F2}{Control>}z{/Control}");
  expect(titles()).toEqual(["TAB. METFORMIN 500 MG"]);
  expect(screen.getByRole("combobox", { name: messages.pad.line })).toHaveProperty("value", "");
});

test("going back leaves the focus in the field that had it, with what the draft says", async () => {
  const { keys } = await openEmptyPad();
  const advice = screen.getByRole("textbox", { name: messages.pad.advice });
  await keys.keyboard("{F8}rest{Control>}z{/Control}");
  expect(advice).toHaveProperty("value", "");
  expect(document.activeElement).toBe(advice);
  await keys.keyboard("{F4}120{Control>}z{/Control}");
  expect(document.activeElement).toHaveProperty("id", "pad-bpSys");
  expect(document.activeElement).toHaveProperty("value", "");
});

test("undo brings back a removed line and redo takes it away again", async () => {
  const { keys } = await openEmptyPad();
  await write(keys, "metformin 500 1-0-1 x30d pc");
  await keys.keyboard("{Control>}{Backspace}{/Control}");
  expect(screen.queryByTestId("pad-item")).toBeNull();
  await keys.keyboard("{Control>}z{/Control}");
  expect(screen.getByTestId("pad-item")).toBeTruthy();
  await keys.keyboard("{Control>}{Shift>}z{/Shift}{/Control}");
  expect(screen.queryByTestId("pad-item")).toBeNull();
  await keys.keyboard("{Control>}z{/Control}{Control>}z{/Control}");
  expect(screen.queryByTestId("pad-item")).toBeNull();
  const line = screen.getByRole<HTMLInputElement>("combobox", { name: "Medicine and dose" });
  expect(line.value).toBe("metformin 500 1-0-1 x30d pc");
});

test("Escape on a chosen medicine keeps the dose that was typed", async () => {
  const { keys } = await openEmptyPad();
  await keys.keyboard("metformin{Enter}");
  await screen.findByTestId("pad-medicine");
  const line = screen.getByRole<HTMLInputElement>("combobox", { name: "Medicine and dose" });
  await waitFor(() => expect(line.value).toBe("1-0-1 x30d pc"));
  await keys.clear(line);
  await keys.type(line, "1-1-1 x7d{Escape}");
  expect(line.value).toBe("Metformin 500 mg: 1-1-1 x7d");
});

test("a diagnosis is found by its code and added with the arrows, or stays in the doctor's own words", async () => {
  const { keys } = await openEmptyPad();
  await keys.keyboard("{F3}j06");
  await screen.findByTestId("pad-diagnosis-option");
  await keys.keyboard("{ArrowDown}{Enter}");
  await screen.findByRole("button", { name: "Remove Acute upper respiratory infection" });
  await keys.keyboard("tired of work{Enter}");
  await screen.findByRole("button", { name: "Remove tired of work" });
  await expectAccessible();
});

test("a diagnosis that is still being typed is signed with the prescription", async () => {
  const { keys } = await openEmptyPad();
  await write(keys, "metformin 500 1-0-1 x30d pc");
  await keys.keyboard("{F3}viral fever{Control>}{Enter}{/Control}");
  await screen.findByTestId("prescription-number");
  expect(await screen.findByText("viral fever")).toBeTruthy();
});

test("a diagnosis that is still being typed is saved, and stands in the draft when the pad is opened again", async () => {
  const { keys } = await openEmptyPad();
  await keys.keyboard("{F3}viral fever");
  await waitFor(() => expect(screen.getByTestId("pad-saved").textContent).toContain("Draft saved"));
  await keys.keyboard("{Control>}2{/Control}");
  await screen.findByTestId("chart");
  await keys.keyboard("{Control>}3{/Control}");
  expect(await screen.findByRole("button", { name: "Remove viral fever" })).toBeTruthy();
});

test("passing through the field of the diagnosis makes no draft", async () => {
  const { keys, backend } = await openEmptyPad();
  const saveDraft = vi.spyOn(backend, "saveDraft");
  await keys.keyboard("{F3}{F9}{Control>}2{/Control}");
  await screen.findByTestId("chart");
  expect(saveDraft).not.toHaveBeenCalled();
});

test("the keys of the fields lead there, and weight and height give the body mass index", async () => {
  const { keys } = await openEmptyPad();
  await keys.keyboard("{F4}");
  expect(document.activeElement?.id).toBe("pad-bpSys");
  await keys.type(screen.getByLabelText(/^Weight/), "68.5");
  await keys.type(screen.getByLabelText(/^Height/), "162");
  await waitFor(() => expect(screen.getByTestId("pad-bmi").textContent).toContain("26.1"));
  await keys.keyboard("{F6}5d");
  expect(screen.getByLabelText<HTMLInputElement>(/^Come back/).value).toBe("5d");
  await keys.keyboard("{F9}");
  expect(document.activeElement).toBe(screen.getByRole("combobox", { name: "Medicine and dose" }));
});

test.each(["{Escape}", "{Enter}{F2}"])("%s does not make a dose a part of the name", async (way) => {
  const { keys } = await openEmptyPad();
  await keys.keyboard("khasi syrup{Enter}");
  await screen.findByTestId("pad-medicine");
  await keys.keyboard(`1-1-1 x5d${way}`);
  const line = screen.getByRole<HTMLInputElement>("combobox", { name: "Medicine and dose" });
  await waitFor(() => expect(line.value).toBe("khasi syrup: 1-1-1 x5d"));
  await keys.keyboard("{Enter}");
  await waitFor(() => expect(titles()).toEqual(["KHASI SYRUP"]));
});

test("a medicine that was chosen and its dose are kept apart in the draft", async () => {
  const { keys, backend } = await openEmptyPad();
  const saved: string[] = [];
  const { saveDraft } = backend;
  backend.saveDraft = (patient, draft) => {
    saved.push(draft.line);
    return saveDraft(patient, draft);
  };
  await keys.keyboard("khasi syrup{Enter}");
  await screen.findByTestId("pad-medicine");
  await keys.keyboard("5 tds x5d");
  await waitFor(() => expect(saved.at(-1)).toBe("khasi syrup: 5 tds x5d"));
});

/** Has every answer to this wait until it is let go. */
function held<Asked extends unknown[], Answer>(ask: (...asked: Asked) => Promise<Answer>) {
  let letGo: (() => void) | undefined;
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const wait = async (...asked: Asked) => {
    await gate;
    return ask(...asked);
  };
  return { wait, letGo: () => letGo?.() };
}

test("what is typed while a line is accepted is the next line, and a second Enter adds nothing twice", async () => {
  const { keys, backend } = await openEmptyPad();
  const { wait, letGo } = held(backend.readDosage);
  backend.readDosage = wait;
  await keys.keyboard("metformin 500 1-0-1 x30d pc{Enter}{Enter} parac");
  act(letGo);
  await screen.findByTestId("pad-item");
  await waitFor(() => expect(titles()).toEqual(["TAB. METFORMIN 500 MG"]));
  expect(screen.getByRole("combobox", { name: messages.pad.line })).toHaveProperty("value", "parac");
});

test("what is typed while a medicine is looked up is its dose", async () => {
  const { keys, backend } = await openEmptyPad();
  const { wait, letGo } = held(backend.readLine);
  backend.readLine = wait;
  await keys.keyboard("metformin{Enter} 1-0-1");
  act(letGo);
  expect((await screen.findByTestId("pad-medicine")).textContent).toContain("Metformin 500 mg");
  await keys.keyboard(" x5d");
  expect(screen.getByRole("combobox", { name: messages.pad.line })).toHaveProperty("value", "1-0-1 x5d");
});

test("what is typed while a short key is expanded stays", async () => {
  const { keys, backend } = await openEmptyPad();
  const { wait, letGo } = held(backend.expandShortKey);
  backend.expandShortKey = wait;
  await keys.keyboard("/ur");
  await screen.findByTestId("pad-short-key");
  await keys.keyboard("{Tab} parac");
  await keys.type(screen.getByLabelText("Complaints"), "Cough");
  act(letGo);
  await waitFor(() => expect(screen.getAllByTestId("pad-item")).toHaveLength(2));
  expect(screen.getByRole("combobox", { name: messages.pad.line })).toHaveProperty("value", "parac");
  expect(screen.getByLabelText("Complaints")).toHaveProperty("value", "Cough");
});

test("a line that is accepted while the last prescription is repeated stays beside it", async () => {
  const { keys, backend } = await openEmptyPad();
  const { wait, letGo } = held(backend.repeatPrescription);
  backend.repeatPrescription = wait;
  await keys.keyboard("{Control>}r{/Control}");
  await write(keys, "paracetamol 650 1-0-1 x3d");
  act(letGo);
  await waitFor(() => expect(titles()).toEqual(["TAB. METFORMIN 500 MG", "TAB. PARACETAMOL 650 MG"]));
});

test("a line that is removed by its button leaves the hands in the line that is typed", async () => {
  const { keys } = await openEmptyPad();
  await write(keys, "metformin 500 1-0-1 x30d pc");
  screen.getByRole("button", { name: /^Remove / }).focus();
  await keys.keyboard("{Enter}");
  await waitFor(() => expect(screen.queryByTestId("pad-item")).toBeNull());
  expect(screen.getByRole("combobox", { name: messages.pad.line })).toBe(document.activeElement);
});

test("a medicine that is marked is taken, and never the one that another answer has in its place", async () => {
  const { keys, backend } = await openEmptyPad();
  const read = backend.readLine;
  await keys.keyboard("paracetamol 1-0-1 x3d");
  const marked = (await screen.findAllByTestId("pad-suggestion"))[1]?.textContent ?? "";
  expect(marked).toContain("650 mg");
  // The next answer has them in another order.
  const { wait, letGo } = held(async (...asked: Parameters<typeof read>) => {
    const answer = await read(...asked);
    return { ...answer, found: answer.found.toReversed() };
  });
  backend.readLine = wait;
  await keys.keyboard(" pc{ArrowDown}{ArrowDown}{Enter}");
  act(letGo);
  expect((await screen.findByTestId("pad-item")).textContent).toContain("PARACETAMOL 650 MG");
});

test("what is undone after its pad was left changes nothing that was written since", async () => {
  const { keys, backend } = await openEmptyPad();
  const saved = vi.spyOn(backend, "saveDraft");
  await write(keys, "metformin 500 1-0-1 x30d pc");
  await keys.click(screen.getByRole("button", { name: /^Remove / }));
  await waitFor(() => expect(screen.queryByTestId("pad-item")).toBeNull());
  await keys.keyboard("{Control>}1{/Control}");
  await screen.findByTestId("today");
  await openPad(keys);
  await write(keys, "paracetamol 650 1-0-1 x3d");
  await waitFor(() => expect(saved.mock.lastCall?.[1].items).toHaveLength(1));
  await keys.keyboard("{Control>}u{/Control}");
  expect(await screen.findByText(messages.pad.padLeft)).toBeTruthy();
  expect(screen.queryByText(/^Undone/)).toBeNull();
  expect((await backend.openPad(saved.mock.lastCall?.[0] ?? "")).draft.items).toHaveLength(1);
  expect(titles()).toEqual(["TAB. PARACETAMOL 650 MG"]);
});

test("a chart that is looked at right after the pad says that a draft waits", async () => {
  const { keys } = await openEmptyPad();
  await keys.keyboard("metformin 500 1-0-1 x30d pc{Enter}");
  await screen.findByTestId("pad-item");
  await keys.keyboard("{Control>}2{/Control}");
  await screen.findByTestId("chart");
  expect(await screen.findByText(messages.chart.draftWaits)).toBeTruthy();
});
