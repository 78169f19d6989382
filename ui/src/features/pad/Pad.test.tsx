import { act, screen, waitFor } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { messages } from "../../messages";
import { expectAccessible, openClinic, openPad } from "../../test/clinic";

async function openEmptyPad(prepare?: Parameters<typeof openClinic>[1]) {
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
  await waitFor(() => expect(screen.getByTestId("pad-echo").textContent).toContain("2 medicines fit"));
  expect(screen.queryByRole("option", { selected: true })).toBeNull();
  await keys.keyboard("{ArrowDown}{ArrowDown}{Enter}");
  expect((await screen.findByTestId("pad-item")).textContent).toContain("PARACETAMOL 650 MG");
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

test("offline changes nothing about signing", async () => {
  const { keys } = await openEmptyPad((backend) =>
    backend.emit({
      name: "sync-status",
      payload: {
        connection: { state: "offline", since: "2026-11-23T09:12:00" },
        filling: null,
        compared: null,
        onlyHere: 0,
        waiting: 0,
        attention: 0,
        decisions: 0,
        filesWaiting: 0,
        filesRefused: 0,
        lastLevelAt: null,
        lastSyncedAt: null,
        lastContactAt: null,
        problem: null,
        notices: [],
        lease: null,
      },
    }),
  );
  await write(keys, "metformin 500 1-0-1 x30d pc");
  await keys.keyboard("{Control>}{Enter}{/Control}");
  expect(await screen.findByText("Saved here, waiting to be sent")).toBeTruthy();
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

test("a line that is half typed is not overwritten by one that is taken back to be changed", async () => {
  const { keys } = await openEmptyPad();
  await write(keys, "metformin 500 1-0-1 x30d pc");
  await keys.keyboard("an old remedy{Escape}{ArrowUp}{F2}");
  expect((await screen.findByTestId("toast")).textContent).toContain(messages.pad.finishFirst);
  expect(screen.getByRole("combobox", { name: messages.pad.line })).toHaveProperty("value", "an old remedy");
  expect(screen.getAllByTestId("pad-item")).toHaveLength(1);
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

const firstItem = () => screen.getByRole("list", { name: messages.pad.medicines }).querySelector("li");

test("the key of the signature signs on an accepted line as well, and edits nothing", async () => {
  const { keys } = await openEmptyPad();
  await write(keys, "metformin 500 1-0-1 x30d pc");
  await keys.keyboard("{ArrowUp}");
  expect(document.activeElement).toBe(firstItem());
  await keys.keyboard("{Control>}{Enter}{/Control}");
  await screen.findByTestId("prescription-number");
});

test("the key that signs without the paper does so on an accepted line as well", async () => {
  const { keys } = await openEmptyPad();
  await write(keys, "metformin 500 1-0-1 x30d pc");
  await keys.keyboard("{ArrowUp}{Control>}{Shift>}{Enter}{/Shift}{/Control}");
  await screen.findByTestId("chart");
  expect(screen.queryByTestId("prescription-number")).toBeNull();
});

test("Delete and the arrows mean an accepted line only where nothing else is held with them", async () => {
  const { keys } = await openEmptyPad();
  await write(keys, "metformin 500 1-0-1 x30d pc");
  await keys.keyboard("{ArrowUp}{Control>}{Delete}{ArrowDown}{/Control}");
  expect(screen.getAllByTestId("pad-item")).toHaveLength(1);
  expect(document.activeElement).toBe(firstItem());
  await keys.keyboard("{Escape}{Alt>}{Backspace}{/Alt}");
  expect(screen.getAllByTestId("pad-item")).toHaveLength(1);
});

test("a diagnosis that is still being typed is signed with the rest", async () => {
  const { keys, backend } = await openEmptyPad();
  await write(keys, "metformin 500 1-0-1 x30d pc");
  const sign = vi.spyOn(backend, "signPrescription");
  await keys.type(screen.getByRole("combobox", { name: messages.pad.diagnosis }), "Gout");
  await keys.keyboard("{Control>}{Enter}{/Control}");
  await screen.findByTestId("prescription-number");
  expect(sign.mock.calls[0]?.[1].diagnoses).toEqual([{ text: "Gout", icd10: null }]);
});

test("a diagnosis that is still being typed is kept with the draft when the pad is left by a key", async () => {
  const { keys } = await openEmptyPad();
  await keys.type(screen.getByRole("combobox", { name: messages.pad.diagnosis }), "Gout");
  await keys.keyboard("{Control>}1{/Control}");
  await screen.findByTestId("today");
  await openPad(keys);
  await screen.findByRole("button", { name: messages.pad.removeDiagnosis("Gout") });
});

test("a chart that cannot be read anew is said, and the draft that is being typed stays", async () => {
  const { keys, backend } = await openEmptyPad();
  const complaints = screen.getByLabelText("Complaints");
  await keys.type(complaints, "Fever");
  backend.fail("getChart", { code: "internal", detail: "The chart could not be read." });
  await act(async () => backend.emit({ name: "rows-changed" }));
  await screen.findByText("The chart could not be read.");
  expect(complaints.isConnected).toBe(true);
  expect(complaints).toHaveProperty("value", "Fever");
});

test("a line that cannot be looked up says why when it is accepted, and stays", async () => {
  const { keys } = await openEmptyPad((backend) =>
    backend.fail("readLine", { code: "internal", detail: "The medicines could not be read." }),
  );
  await keys.keyboard("metformin{Enter}");
  await waitFor(() =>
    expect(screen.getByTestId("pad-echo").textContent).toBe("The medicines could not be read."),
  );
  expect(screen.getByRole("combobox", { name: messages.pad.line })).toHaveProperty("value", "metformin");
});

test("a dose without a medicine says what is missing when it is accepted, and stays", async () => {
  const { keys } = await openEmptyPad();
  await keys.keyboard("1-0-1 x5d{Enter}");
  await waitFor(() => expect(screen.getByTestId("pad-echo").textContent).toBe(messages.pad.medicineMissing));
  expect(screen.getByRole("combobox", { name: messages.pad.line })).toHaveProperty("value", "1-0-1 x5d");
});
