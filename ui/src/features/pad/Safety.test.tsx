import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { messages } from "../../messages";
import { emptyAllergy } from "../chart/AllergyFields";
import { expectAccessible, openClinic, openPad } from "../../test/clinic";

async function openEmptyPad() {
  const { keys, backend } = openClinic();
  await screen.findByTestId("today");
  await openPad(keys);
  return { keys, backend };
}

type Keys = Awaited<ReturnType<typeof openEmptyPad>>["keys"];

async function writeAmoxicillin(keys: Keys) {
  await keys.keyboard("amoxicillin 1-1-1 x5d pc");
  await screen.findByTestId("pad-finding");
  await keys.keyboard("{Enter}");
  await screen.findByText("HELD");
}

test("a line that an allergy speaks against says so before it is accepted, and is held afterwards", async () => {
  const { keys } = await openEmptyPad();
  await keys.keyboard("amoxicillin 1-1-1 x5d pc");
  await waitFor(() =>
    expect(screen.getByTestId("pad-echo").textContent).toContain("Noted allergy: Penicillins"),
  );
  await keys.keyboard("{Enter}");
  const told = screen.getAllByRole("status").find((one) => one.closest("h2"));
  expect((await screen.findByTestId("pad-held")).textContent).toBe("1 held");
  expect(screen.getByTestId("pad-held")).toBe(told);
  await expectAccessible();
});

test("a held line is kept with a reason, by keys alone, and the reason is in the record", async () => {
  const { keys } = await openEmptyPad();
  await writeAmoxicillin(keys);
  await keys.keyboard("{ArrowUp}k");
  await keys.keyboard("Desensitised{Escape}");
  await keys.keyboard("k");
  const reason = await screen.findByRole<HTMLInputElement>("textbox", { name: /Why/ });
  expect(reason.value).toBe("Desensitised");
  await keys.keyboard(" in 2024{Enter}");
  await screen.findByText("Kept: Desensitised in 2024");
  expect(screen.queryByTestId("pad-held")).toBeNull();
  await keys.keyboard("{Control>}{Enter}{/Control}");
  await screen.findByText(/kept: Desensitised in 2024, rules 4/);
});

test("a reason that is half typed is in the draft when the pad is left, and belongs to its own line", async () => {
  const { keys, backend } = await openEmptyPad();
  await writeAmoxicillin(keys);
  await keys.keyboard("{ArrowUp}k");
  await keys.keyboard("Desensitised");
  await waitFor(async () => {
    const { reasons } = (await backend.openPad("p1")).draft;
    expect(reasons.map(({ reason }) => reason)).toEqual(["Desensitised"]);
  });
  await keys.keyboard("{Escape}");
  await keys.click(screen.getByRole("button", { name: messages.pad.removeLine }));
  await waitFor(async () => expect((await backend.openPad("p1")).draft.reasons).toEqual([]));
});

test("a nurse prepares what a doctor signs, and neither signs nor keeps a held line", async () => {
  const { keys, backend } = openClinic({ start: "asha@example.in" });
  await screen.findByTestId("today");
  await openPad(keys);
  await writeAmoxicillin(keys);
  await keys.keyboard("{ArrowUp}k");
  expect(screen.queryByRole("textbox", { name: /Why/ })).toBeNull();
  expect(screen.queryByRole("button", { name: messages.pad.keepLine })).toBeNull();
  await keys.type(screen.getByRole("textbox", { name: /Pulse/ }), "82");
  expect(screen.queryByTestId("pad-sign")).toBeNull();
  await waitFor(async () => expect((await backend.openPad("p1")).draft.vitals.pulse).toBe(82));
  await expectAccessible();
});

test("signing with a held line asks first, and goes on without it", async () => {
  const { keys } = await openEmptyPad();
  await writeAmoxicillin(keys);
  await keys.keyboard("metformin 1-0-1 x30d pc{Enter}");
  await waitFor(() => expect(screen.getAllByTestId("pad-item")).toHaveLength(2));
  await keys.keyboard("{Control>}{Enter}{/Control}");
  const dialog = await screen.findByRole("dialog", { name: "Sign without the held line?" });
  await keys.click(within(dialog).getByRole("button", { name: "Sign without" }));
  await screen.findByTestId("prescription-number");
  expect(screen.getByText(/Amoxicillin is a penicillin.*left out/)).toBeTruthy();
});

test("a second line of the same ingredient is told and may be gone past", async () => {
  const { keys } = await openEmptyPad();
  await keys.keyboard("metformin 1-0-1 x30d pc{Enter}");
  await screen.findByTestId("pad-item");
  await keys.keyboard("metformin 0-0-1 x30d pc{Enter}");
  await screen.findByText("Metformin is on this prescription too.");
  expect(screen.queryByTestId("pad-held")).toBeNull();
});

test("a line stays held when the last prescription is repeated over it", async () => {
  const { keys } = await openEmptyPad();
  await writeAmoxicillin(keys);
  await keys.keyboard("{Control>}r{/Control}");
  await screen.findByTestId("pad-difference");
  expect(screen.getByTestId("pad-held").textContent).toBe("1 held");
  await keys.keyboard("{Control>}r{/Control}");
  expect(screen.getByTestId("pad-held").textContent).toBe("1 held");
});

test("an allergy that the checks do not know is said once above the lines, and each line is partly checked", async () => {
  const { keys, backend } = await openEmptyPad();
  const said = "An allergy is recorded that the checks do not know: that red syrup.";
  const noted = { ...emptyAllergy, substance: "that red syrup" };
  await backend.addAllergy("p1", noted);
  await keys.keyboard("metformin 1-0-1 x30d pc");
  await waitFor(() => expect(screen.getByTestId("pad-echo").textContent).toContain("partly checked"));
  await keys.keyboard("{Enter}");
  await keys.keyboard("cetirizine 0-0-1 x5d{Enter}");
  await waitFor(() => expect(screen.getAllByTestId("pad-item")).toHaveLength(2));
  await waitFor(() => {
    for (const item of screen.getAllByTestId("pad-item"))
      expect(item.textContent).toContain("partly checked");
  });
  expect(screen.getAllByText(said)).toHaveLength(1);
  const told = screen.getByText(said).closest("[aria-live=polite]");
  const isAbove = told?.compareDocumentPosition(screen.getAllByTestId("pad-item")[0] ?? document.body);
  expect(isAbove).toBe(Node.DOCUMENT_POSITION_FOLLOWING);
  await expectAccessible();
  await keys.keyboard("{Control>}{Enter}{/Control}");
  await screen.findByTestId("prescription-number");
  expect(screen.queryByText(said)).toBeNull();
});

test("what the checks know only in part says so, and names what they do not know", async () => {
  const { keys } = await openEmptyPad();
  await keys.keyboard("cefixime 1-0-1 x5d");
  await waitFor(() => expect(screen.getByTestId("pad-echo").textContent).toContain("partly checked"));
  expect(screen.getByTestId("pad-gap").textContent).toBe("The checks know nothing of Clavulanic acid.");
  await keys.keyboard("{Enter}");
  await waitFor(() => expect(screen.getByTestId("pad-item").textContent).toContain("partly checked"));
  await expectAccessible();
});
