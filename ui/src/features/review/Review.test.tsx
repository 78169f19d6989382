import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import type { UserEvent } from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { messages } from "../../messages";
import {
  expectAccessible,
  findSunita,
  openClinic,
  openPad,
  goOnWithout,
  type Prepare,
  refusedElsewhere,
} from "../../test/clinic";
import { later } from "../../test/later";

async function openReview(prepare: Prepare) {
  const opened = openClinic({}, prepare);
  await screen.findByTestId("today");
  await opened.keys.keyboard("{Control>}{Shift>}r{/Shift}{/Control}");
  await screen.findByTestId("review");
  return opened;
}

test("both values stand side by side with who wrote them, and the safer one is focused, not chosen", async () => {
  await openReview((backend) => backend.differ({}));
  expect(await screen.findByRole("heading", { name: "Blood group" })).toBeTruthy();
  const ours = screen.getByTestId("review-ours");
  expect(ours.textContent).toContain("This computer");
  expect(ours.textContent).toContain("O+");
  expect(ours.textContent).toContain("Meena Jadhav");
  const theirs = screen.getByTestId("review-theirs");
  expect(theirs.textContent).toContain("Chair 2 computer");
  expect(theirs.textContent).toContain("counts until decided");
  expect(within(theirs).getByRole("button", { name: "Take “B+”" })).toBe(document.activeElement);
  await expectAccessible();
});

test("a key decides, the next item comes, and the decision stands among those that were made", async () => {
  const { keys } = await openReview((backend) => {
    backend.differ({});
    backend.differ({
      id: "k2",
      column: "sex",
      facts: [{ name: "sex", base: null, theirs: "male", ours: "female" }],
    });
  });
  await screen.findByRole("heading", { name: "Blood group" });
  await keys.type(screen.getByLabelText("Reason (kept in the history)"), "seen on the card");
  act(() => (document.activeElement instanceof HTMLElement ? document.activeElement.blur() : undefined));
  await keys.keyboard("1");
  expect(await screen.findByRole("heading", { name: "Sex" })).toBeTruthy();
  await waitFor(() => expect(screen.getAllByTestId("review-item").length).toBe(1));
  await keys.click(screen.getByRole("radio", { name: "Decided" }));
  const decided = await screen.findByTestId("review-decision");
  expect(decided.textContent).toContain("Decided “O+”");
  expect(decided.textContent).toContain("waiting to be sent");
  expect(decided.textContent).toContain("seen on the card");
});

test("another value is typed, and what was refused stays typed", async () => {
  const { keys, backend } = await openReview((fake) => fake.differ({ entry: { kind: "text" } }));
  await screen.findByRole("heading", { name: "Blood group" });
  await keys.keyboard("3");
  const other = await screen.findByLabelText("Other value");
  expect(other).toBe(document.activeElement);
  backend.fail("decideConflict", { code: "invalid", detail: "This is none of the values that it can have." });
  await keys.keyboard("C+{Enter}");
  expect((await screen.findByRole("alert")).textContent).toContain("none of the values");
  expect(other).toHaveProperty("value", "C+");
  await keys.keyboard("{Escape}");
  await keys.click(await screen.findByRole("button", { name: "Discard" }));
  await waitFor(() => expect(screen.queryByLabelText("Other value")).toBeNull());
});

test("digits that are typed decide nothing", async () => {
  const { keys } = await openReview((backend) => backend.differ({}));
  await keys.type(await screen.findByLabelText("Reason (kept in the history)"), "1 of 2");
  expect(screen.getByRole("heading", { name: "Blood group" })).toBeTruthy();
  expect(screen.getAllByTestId("review-item").length).toBe(1);
});

test("arrows go through the list, and Esc leaves everything as it is", async () => {
  const { keys } = await openReview((backend) => {
    backend.differ({});
    backend.differ({ id: "k2", kind: "two_amendments", facts: [], column: "status", group: "clinical" });
  });
  await screen.findByRole("heading", { name: "Blood group" });
  await keys.keyboard("{ArrowDown}");
  expect(await screen.findByRole("heading", { name: "Two corrections of one prescription" })).toBeTruthy();
  await keys.keyboard("{ArrowUp}");
  await screen.findByRole("heading", { name: "Blood group" });
  await keys.keyboard("{Escape}");
  expect(await screen.findByTestId("today")).toBeTruthy();
});

test("whoever may not decide is told who does", async () => {
  await openReview((backend) => backend.differ({ mayDecide: false, group: "clinical", entry: null }));
  expect(await screen.findByText(/A doctor or dentist decides/)).toBeTruthy();
  expect(screen.queryByRole("button", { name: /Take/ })).toBeNull();
});

test("until someone decides, both count where two allergies differ", async () => {
  await openReview((backend) =>
    backend.differ({
      column: "alerts",
      isUnion: true,
      safer: null,
      facts: [{ name: "alerts", base: null, theirs: "Penicillin", ours: "Sulfa" }],
    }),
  );
  expect(await screen.findByText(/Until you decide, both count/)).toBeTruthy();
});

const factOf = (name: string, theirs: string, ours = theirs) => ({ name, base: null, theirs, ours });

test("a medicine that was stopped twice is told by its name, with both moments and both reasons", async () => {
  const facts = [
    factOf("medicine_text", "Metformin 500 mg"),
    factOf("stop_reason", "rash", "itching"),
    factOf("stopped_at", "2026-09-02T09:41:00.000Z", "2026-09-03T09:41:00.000Z"),
  ];
  await openReview((backend) => backend.differ({ column: "stopped_at", facts, entry: null }));
  expect(await screen.findByRole("heading", { name: "Medicine stopped" })).toBeTruthy();
  const ours = screen.getByTestId("review-ours").textContent;
  for (const said of ["Metformin 500 mg", "itching", "03 Sep 2026"]) expect(ours).toContain(said);
  expect(ours).not.toContain("T09");
});

test("two registrations are shown beside each other and made one", async () => {
  const { keys } = await openReview((backend) => {
    backend.differ({ kind: "duplicate", facts: [], column: null, safer: null, entry: null });
  });
  expect(await screen.findByRole("heading", { name: "Same person registered twice?" })).toBeTruthy();
  // No more than the registration has room for: a longer one would be refused with the merger.
  expect(screen.getByLabelText("Reason (kept in the history)")).toHaveProperty("maxLength", 300);
  await keys.click(screen.getByRole("button", { name: "Same person" }));
  expect(await screen.findByText("Nothing is waiting for a decision.")).toBeTruthy();
});

test("what a rule found is said in a sentence", async () => {
  await openReview((backend) =>
    backend.differ({
      kind: "semantic",
      rule: "allergy_medicine",
      group: "clinical",
      facts: [],
      column: null,
      safer: "settled",
      entry: null,
      theirs: {
        text: "Penicillin",
        who: "Meena Jadhav",
        device: "Chair 2",
        at: null,
        isHere: false,
        holds: false,
      },
      ours: {
        text: "Amoxicillin 500 mg",
        who: "Dr. Shah",
        device: "Room 1",
        at: null,
        isHere: true,
        holds: false,
      },
    }),
  );
  expect(
    await screen.findByText(/Allergy: Penicillin. Amoxicillin 500 mg was signed. Call the patient\?/),
  ).toBeTruthy();
  expect(screen.getByRole("button", { name: "Dealt with" })).toBe(document.activeElement);
});

test("chart and pad show both values, and lead to the decision", async () => {
  const { keys } = openClinic({}, (backend) =>
    backend.differ({
      group: "clinical",
      column: "vitals",
      table: "prescriptions",
      facts: [{ name: "weight_kg", base: "66", theirs: "68.4", ours: "64.8" }],
    }),
  );
  await screen.findByTestId("today");
  await findSunita(keys);
  const banner = await screen.findByTestId("conflict-banner");
  expect(banner.textContent).toContain("Weight in kg: 68.4 or 64.8.");
  await expectAccessible();
  await openPad(keys);
  const inPad = await screen.findByTestId("conflict-banner");
  expect(inPad.textContent).toContain("68.4 or 64.8");
  await keys.click(within(inPad).getByRole("link", { name: /^Review/ }));
  expect(await screen.findByRole("heading", { name: "Weight in kg" })).toBeTruthy();
});

test("Escape in another value that is typed asks first, and an item without a safer side takes the focus itself", async () => {
  const { keys } = await openReview((fake) => fake.differ({ entry: { kind: "text" }, safer: null }));
  const item = await screen.findByRole("article", { name: "Blood group" });
  expect(item).toBe(document.activeElement);
  await keys.keyboard("3");
  const other = await screen.findByLabelText("Other value");
  await keys.keyboard("C+{Escape}");
  await keys.click(await screen.findByRole("button", { name: "Keep typing" }));
  expect(other).toHaveProperty("value", "C+");
  await keys.clear(other);
  await keys.keyboard("{Escape}");
  expect(screen.queryByLabelText("Other value")).toBeNull();
  await waitFor(() => expect(document.activeElement).toBe(item));
});

test("a reason that is typed stays with its item when another one comes before it", async () => {
  const { keys, backend } = await openReview((fake) => fake.differ({}));
  await screen.findByRole("heading", { name: "Blood group" });
  await keys.type(screen.getByLabelText("Reason (kept in the history)"), "seen on the card");
  const { listConflicts } = backend;
  backend.listConflicts = async (isOpen) => {
    const [first] = await listConflicts(isOpen);
    const facts = [{ name: "sex", base: null, theirs: "male", ours: "female" }];
    return first ? [{ ...first, id: "k0", column: "sex", facts }, first] : [];
  };
  act(() => backend.emit({ name: "rows-changed" }));
  await waitFor(() => expect(screen.getAllByTestId("review-item")).toHaveLength(2));
  expect(screen.getByRole("heading", { name: "Blood group" })).toBeTruthy();
  expect(screen.getByLabelText("Reason (kept in the history)")).toHaveProperty("value", "seen on the card");
});

test("two registrations are compared by all of their prescriptions, and not by those that a chart begins with", async () => {
  const { keys } = openClinic({}, (backend) => {
    const { getChart } = backend;
    backend.getChart = async (id) => ({ ...(await getChart(id)), olderPrescriptions: 1_234 });
  });
  await screen.findByTestId("today");
  const table = await findOther(keys);
  expect(within(table).getByRole("row", { name: /^Prescriptions/ }).textContent).toContain("1,235");
});

/** Finds the registration of Ramesh from the chart of Sunita, by keys alone. */
async function findOther(keys: UserEvent) {
  await findSunita(keys);
  await keys.keyboard("{Control>}{Shift>}m{/Shift}{/Control}");
  await screen.findByLabelText("Find the other registration");
  await keys.keyboard("ramesh");
  await screen.findByTestId("merge-option");
  await keys.keyboard("{ArrowDown}{Enter}");
  return screen.findByRole("table", { name: "Both registrations, side by side" });
}

test("a search for the other registration says that nobody matches, and a failed one is tried again", async () => {
  const { keys, backend } = openClinic();
  await screen.findByTestId("today");
  await findSunita(keys);
  await keys.keyboard("{Control>}{Shift>}m{/Shift}{/Control}");
  await screen.findByLabelText("Find the other registration");
  await keys.keyboard("qqq");
  await screen.findByText("Nobody here matches “qqq”.");
  const { findPatients } = backend;
  backend.findPatients = () => Promise.reject(new Error("lost"));
  await keys.keyboard("{Backspace}");
  const retry = await screen.findByRole("button", { name: "Try again" });
  backend.findPatients = findPatients;
  await keys.click(retry);
  await screen.findByText("Nobody here matches “qq”.");
});

test("from the chart another registration is found, compared and made one person by keys alone, and two again", async () => {
  const { keys } = openClinic();
  await screen.findByTestId("today");
  const table = await findOther(keys);
  const row = within(table).getByRole("row", { name: /^Mobile/ });
  expect(row.textContent).toBe("Mobilediffers+91 98204 41276+91 98765 00011");
  expect(within(table).getByRole("row", { name: /^Allergies/ }).textContent).toContain("Not asked yet");
  await expectAccessible();
  expect(screen.getByRole("radio", { name: /^Show the details of Sunita Deshmukh/ })).toBe(
    document.activeElement,
  );
  await keys.keyboard("{Tab}same mother{Enter}");
  expect((await screen.findByTestId("merged")).textContent).toContain("Ramesh Pawar");
  expect(screen.queryByRole("dialog")).toBeNull();
  const part = screen.getByRole("button", { name: /^Separate again: Ramesh Pawar/ });
  part.focus();
  await keys.keyboard("{Enter}");
  await waitFor(() => expect(screen.queryByTestId("merged")).toBeNull());
  const [undo] = screen.getAllByRole("button", { name: "Undo" }).toReversed();
  await keys.click(undo ?? document.body);
  expect((await screen.findByTestId("merged")).textContent).toContain("Ramesh Pawar");
});

const isOne = async () => expect((await screen.findByTestId("merged")).textContent).toContain("Ramesh");
const areTwo = () => waitFor(() => expect(screen.queryByTestId("merged")).toBeNull());

test("the chart follows a merger, a separation and the way back from either, also while nothing is sent", async () => {
  const { keys } = openClinic({}, (backend) => {
    // Rows are told of once the server has answered.
    backend.listen = () => () => undefined;
  });
  await screen.findByTestId("today");
  await findOther(keys);
  const undo = async () => {
    const [last] = screen.getAllByRole("button", { name: "Undo" }).toReversed();
    await keys.click(last ?? document.body);
  };
  await keys.click(screen.getByRole("button", { name: "Same person" }));
  await isOne();
  await undo();
  await areTwo();
  await findOther(keys);
  await keys.click(screen.getByRole("button", { name: "Same person" }));
  await isOne();
  await keys.click(screen.getByRole("button", { name: /^Separate again: Ramesh Pawar/ }));
  await areTwo();
  await undo();
  await isOne();
});

test("the details of the other registration can be those that are kept", async () => {
  const { keys } = openClinic();
  await screen.findByTestId("today");
  await findOther(keys);
  await keys.click(screen.getByRole("radio", { name: /^Show the details of Ramesh Pawar/ }));
  await keys.click(screen.getByRole("button", { name: "Same person" }));
  expect((await screen.findByTestId("merged")).textContent).toContain("Sunita Deshmukh");
  expect(screen.getByRole("heading", { level: 1 }).textContent).toContain("Ramesh Pawar");
});

test("two registrations of one name are told apart by what their choices are called", async () => {
  const { keys } = openClinic({}, (backend) => {
    const { getChart } = backend;
    backend.getChart = async (id) => {
      const chart = await getChart(id);
      return { ...chart, patient: { ...chart.patient, fullName: "Ramesh Pawar" } };
    };
  });
  await screen.findByTestId("today");
  await findOther(keys);
  const choices = screen.getAllByRole("radio", { name: /^Show the details of Ramesh Pawar: / });
  const names = choices.map((choice) => choice.getAttribute("aria-label"));
  expect(names).toHaveLength(2);
  expect(new Set(names).size).toBe(2);
  await keys.click(screen.getByRole("button", { name: "Same person" }));
  const other = "Separate again: Ramesh Pawar, ";
  const part = await screen.findByRole("button", { name: new RegExp(`^${other}`) });
  expect(part.getAttribute("aria-label")).toContain("+91 98765 00011");
});

test.each([
  ["Sunita", ["sunita", "adi"]],
  ["Ramesh", ["adi", "sunita"]],
])(
  "a registration that is merged while it is compared is made one as what is shown for it by then (%s is kept)",
  async (kept, names) => {
    const { keys, backend } = openClinic();
    await screen.findByTestId("today");
    await findOther(keys);
    await keys.click(screen.getByRole("radio", { name: new RegExp(kept) }));
    const idOf = async (name: string) => (await backend.findPatients(name)).people[0]?.id ?? "";
    const expected = await Promise.all(names.map(idOf));
    const [ramesh, aditi] = [await idOf("ramesh"), await idOf("adi")];
    await act(() => backend.mergePatients(aditi, ramesh, ""));
    act(() => backend.emit({ name: "rows-changed" }));
    await screen.findByRole("radio", { name: /Aditi/ });
    const merge = vi.spyOn(backend, "mergePatients");
    await keys.click(screen.getByRole("button", { name: "Same person" }));
    await waitFor(() => expect(merge).toHaveBeenCalledWith(...expected, ""));
  },
);

test("a merger that is slow to be saved closes nothing once another one is looked for", async () => {
  const disk = later<void>();
  const { keys, backend } = openClinic();
  await screen.findByTestId("today");
  await findOther(keys);
  const { mergePatients } = backend;
  backend.mergePatients = (...asked) => disk.promise.then(() => mergePatients(...asked));
  await keys.click(screen.getByRole("button", { name: "Same person" }));
  expect(screen.getByRole("button", { name: messages.review.merge.another })).toHaveProperty(
    "disabled",
    true,
  );
  await goOnWithout(keys);
  await keys.keyboard("{Control>}{Shift>}m{/Shift}{/Control}");
  await keys.type(await screen.findByLabelText("Find the other registration"), "adi");
  await act(async () => disk.resolve());
  expect((await screen.findByTestId("merged")).textContent).toContain("Ramesh Pawar");
  expect(screen.getByLabelText<HTMLInputElement>("Find the other registration").value).toContain("adi");
});

test("reception proposes what it may not decide, and sees nothing clinical beside it", async () => {
  const { keys } = openClinic({ start: "priya@example.in" });
  await screen.findByTestId("today");
  const table = await findOther(keys);
  expect(within(table).queryByRole("row", { name: /^Allergies/ })).toBeNull();
  await keys.click(screen.getByRole("button", { name: "Propose it" }));
  expect((await screen.findByTestId("toast")).textContent).toContain("Proposed");
});

test("a refused change of a computer that is gone is looked at and corrected here", async () => {
  const { keys, backend } = await openReview((fake) => fake.differ(refusedElsewhere));
  expect(await screen.findByText(/Nobody can deal with it at the computer where it was made/)).toBeTruthy();
  const corrected: unknown[] = [];
  const { correctRefused } = backend;
  backend.correctRefused = (...asked) => {
    corrected.push(asked[1]);
    return correctRefused(...asked);
  };
  await keys.click(screen.getByRole("button", { name: "Look at it…" }));
  const city = await screen.findByDisplayValue("Pune");
  await keys.clear(city);
  await keys.type(city, "Poona");
  await expectAccessible();
  await keys.click(screen.getByRole("button", { name: "Save and send" }));
  await waitFor(() => expect(corrected).toEqual([[{ record: 0, column: "city", typed: "Poona" }]]));
  expect((await screen.findByTestId("toast")).textContent).toContain("Corrected");
});

test("a refused change that was handed over says who, when and why, and an admin tries it again or discards it", async () => {
  const { keys, backend } = await openReview((fake) =>
    fake.differ({
      kind: "refused",
      column: null,
      facts: [],
      entry: null,
      safer: "ours",
      theirs: {
        text: null,
        who: "Meena Jadhav",
        device: "Front desk",
        at: "2026-11-23T09:05:00",
        isHere: false,
        holds: false,
      },
      refused: {
        title: "Patient corrected",
        detail: "A value is missing or not allowed.",
        why: "Which group is meant?",
        triedAt: null,
        asked: null,
      },
    }),
  );
  await screen.findByRole("heading", { name: "Refused change, handed to the admins" });
  expect(screen.getByText(/Meena Jadhav handed it over: “Which group is meant\?”/)).toBeTruthy();
  expect(screen.getByRole("button", { name: "Try it again" })).toBe(document.activeElement);
  await expectAccessible();
  const decided: unknown[] = [];
  const { decideConflict } = backend;
  backend.decideConflict = (...asked) => {
    decided.push(asked.slice(1));
    return decideConflict(...asked);
  };
  await keys.type(screen.getByLabelText("Reason (kept in the history)"), "Asked her: unknown.");
  act(() => (document.activeElement instanceof HTMLElement ? document.activeElement.blur() : undefined));
  await keys.keyboard("2");
  await waitFor(() => expect(decided).toEqual([["theirs", null, "Asked her: unknown."]]));
});

const sexDiffers = {
  id: "k2",
  column: "sex",
  facts: [{ name: "sex", base: null, theirs: "male", ours: "female" }],
};

test("a key that is held down decides about one item and no more", async () => {
  const { backend } = await openReview((fake) => {
    fake.differ({});
    fake.differ(sexDiffers);
  });
  await screen.findByRole("heading", { name: "Blood group" });
  const decide = vi.spyOn(backend, "decideConflict");
  fireEvent.keyDown(document.body, { key: "1" });
  await screen.findByRole("heading", { name: "Sex" });
  fireEvent.keyDown(document.body, { key: "1", repeat: true });
  await act(async () => {});
  expect(decide).toHaveBeenCalledOnce();
});

test("who went on to another item before a decision was taken down stays there with what is typed", async () => {
  const { keys, backend } = await openReview((fake) => {
    fake.differ({});
    fake.differ(sexDiffers);
    fake.differ({ id: "k3", kind: "two_amendments", facts: [], column: "status", group: "clinical" });
  });
  const disk = later<void>();
  const { decideConflict } = backend;
  backend.decideConflict = (...asked) => disk.promise.then(() => decideConflict(...asked));
  await screen.findByRole("heading", { name: "Blood group" });
  await keys.keyboard("1{ArrowDown}{ArrowDown}");
  await screen.findByRole("heading", { name: "Two corrections of one prescription" });
  const reason = screen.getByLabelText("Reason (kept in the history)");
  await keys.type(reason, "moved");
  await act(async () => disk.resolve());
  await waitFor(() => expect(screen.getAllByTestId("review-item")).toHaveLength(2));
  expect(screen.getByRole("heading", { name: "Two corrections of one prescription" })).toBeTruthy();
  expect(reason).toHaveProperty("value", "moved");
});
