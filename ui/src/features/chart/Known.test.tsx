import { act, screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { messages } from "../../messages";
import {
  expectAccessible,
  findSunita,
  openChartOf,
  openClinic,
  openPad,
  goOnWithout,
} from "../../test/clinic";
import { later } from "../../test/later";

const bar = () => screen.getByRole("note").textContent;

test("an allergy is noted by keyboard, from the list, and stands in the bar at once", async () => {
  const { keys } = await openChartOf("Ramesh");
  expect(bar()).toContain("Allergies not asked yet");
  await keys.keyboard("{Control>}{Shift>}a{/Shift}{/Control}");
  const dialog = within(await screen.findByRole("dialog", { name: "Note an allergy" }));
  expect(dialog.getByRole("combobox", { name: "Allergic to" })).toBe(document.activeElement);
  await keys.keyboard("diclo");
  await dialog.findByRole("option", { name: /Diclofenac/ });
  const told = () => dialog.getAllByRole("status").map(({ textContent }) => textContent);
  expect(told()).toContain("1 suggestion");
  await keys.keyboard("{ArrowDown}{Enter}");
  expect(told()).not.toContain("1 suggestion");
  expect(dialog.getByText("Every line is checked for Diclofenac.")).toBeTruthy();
  await expectAccessible();
  await keys.type(dialog.getByLabelText("What happened"), "hives{Enter}");
  expect(await screen.findByText("Diclofenac noted")).toBeTruthy();
  expect(bar()).toContain("Diclofenac hives");
  await expectAccessible();
});

test("what is in no list is noted in words, and it is said how little that finds", async () => {
  const { keys } = await openChartOf("Ramesh");
  await keys.keyboard("{Control>}{Shift>}a{/Shift}{/Control}");
  await keys.keyboard("peanuts");
  expect(await screen.findByText(/Not in the list/)).toBeTruthy();
  await keys.keyboard("{Enter}");
  expect((await screen.findByTestId("allergy")).textContent).toContain("peanuts");
});

test("Enter behind the beginning of a substance notes the first of the list, which is checked", async () => {
  const { keys } = await openChartOf("Ramesh");
  await keys.keyboard("{Control>}{Shift>}a{/Shift}{/Control}");
  await keys.keyboard("penicil{Enter}");
  expect(await screen.findByText("Every line is checked for Penicillins.")).toBeTruthy();
  await keys.keyboard("{Enter}");
  expect(await screen.findByText("Penicillins noted")).toBeTruthy();
});

test("Escape closes the list first, and the words that were typed stay", async () => {
  const { keys } = await openChartOf("Ramesh");
  await keys.keyboard("{Control>}{Shift>}a{/Shift}{/Control}");
  await keys.keyboard("penicil");
  await screen.findByRole("option", { name: /Penicillins/ });
  await keys.keyboard("{Escape}");
  expect(screen.queryByRole("option", { name: /Penicillins/ })).toBeNull();
  expect(screen.getByRole("combobox", { name: "Allergic to" })).toHaveProperty("value", "penicil");
  await keys.keyboard("{Escape}");
  await keys.click(await screen.findByRole("button", { name: messages.common.discard }));
  expect(screen.queryByRole("dialog")).toBeNull();
});

test("an allergy that was an error leaves the bar and stays in sight", async () => {
  const { keys } = await openChartOf("Sunita");
  expect(bar()).toContain("Sulfonamides rash, mild · 2022");
  await keys.click(screen.getByRole("button", { name: "Change Sulfonamides" }));
  expect(await screen.findByLabelText("Still active")).toBe(document.activeElement);
  await keys.selectOptions(screen.getByLabelText("Still active"), "No, an error");
  await keys.click(screen.getByRole("button", { name: "Save" }));
  await screen.findByText("1 not active");
  expect(bar()).not.toContain("Sulfonamides");
  expect(screen.getByText("error")).toBeTruthy();
  await expectAccessible();
});

test("none known is said with one button, and is another thing than not asked", async () => {
  const { keys } = await openChartOf("Ramesh");
  await keys.click(screen.getByRole("button", { name: "Asked, none known" }));
  await screen.findByText("Asked: none known.");
  expect(bar()).toBe("No known allergies");
});

test("what was noted twice is refused with a sentence, and what was typed stays", async () => {
  const { keys } = await openChartOf("Sunita");
  await keys.keyboard("{Control>}{Shift>}a{/Shift}{/Control}");
  await keys.keyboard("penicil");
  await screen.findByRole("option", { name: /Penicillins/ });
  await keys.keyboard("{ArrowDown}{Enter}{Enter}");
  expect((await screen.findByRole("alert")).textContent).toContain("noted already");
  expect(screen.getByRole("combobox", { name: "Allergic to" })).toHaveProperty("value", "Penicillins");
});

test("an allergy about which two computers differ leads to the decision", async () => {
  const { keys } = await openChartOf("Sunita", (backend) => {
    backend.differ({});
    const { getChart } = backend;
    backend.getChart = async (id) => {
      const chart = await getChart(id);
      return { ...chart, allergies: chart.allergies.map((one) => ({ ...one, conflict: "k1" })) };
    };
  });
  await keys.click(screen.getByRole("link", { name: /differ about Penicillins/ }));
  expect(await screen.findByTestId("review")).toBeTruthy();
});

test("long illnesses are added from the index or in words, taken out, and put back", async () => {
  const { keys } = await openChartOf("Sunita");
  const field = screen.getByRole("combobox", { name: "Add an illness" });
  await keys.type(field, "upper resp");
  await screen.findByRole("option", { name: /Acute upper/ });
  await keys.keyboard("{ArrowDown}{Enter}");
  await screen.findByText("Acute upper respiratory infection");
  await keys.type(field, "Knee pain{Enter}");
  await screen.findByText("Knee pain");
  await keys.click(screen.getByRole("button", { name: "Remove Hypertension" }));
  expect(await screen.findByText("Hypertension removed")).toBeTruthy();
  expect(screen.getAllByTestId("condition").map((one) => one.textContent)).toEqual([
    "Type 2 diabetesE11.9",
    "Acute upper respiratory infectionJ06.9",
    "Knee pain",
  ]);
  await keys.click(screen.getByRole("button", { name: "Undo" }));
  await screen.findByRole("button", { name: "Remove Hypertension" });
  expect(screen.getAllByTestId("condition")).toHaveLength(4);
});

test("a search for illnesses that fails says so, and what is typed can still be added", async () => {
  const { keys, backend } = await openChartOf("Sunita");
  const detail = "The records could not be read. Nothing was lost.";
  backend.findDiagnoses = () => Promise.reject({ code: "internal", detail });
  await keys.type(screen.getByRole("combobox", { name: "Add an illness" }), "Gout");
  expect(await screen.findByText(detail)).toBeTruthy();
  await keys.keyboard("{Enter}");
  await screen.findByText("Gout");
});

test("an illness that is half typed stays when another one is taken out and put back", async () => {
  const { keys, backend } = await openChartOf("Sunita");
  const field = screen.getByRole("combobox", { name: "Add an illness" });
  await keys.type(field, "Knee pa");
  await keys.click(screen.getByRole("button", { name: "Remove Hypertension" }));
  await screen.findByText("Hypertension removed");
  expect(field).toHaveProperty("value", "Knee pa");
  const detail = "The records could not be written. Nothing was lost.";
  const { saveConditions } = backend;
  backend.saveConditions = () => Promise.reject({ code: "internal", detail });
  await keys.click(screen.getByRole("button", { name: "Undo" }));
  expect(await screen.findByText(detail)).toBeTruthy();
  backend.saveConditions = saveConditions;
  expect(field).toHaveProperty("value", "Knee pa");
});

test("what is typed while an illness is being saved stays, and a second Enter adds nothing twice", async () => {
  const { keys, backend } = await openChartOf("Sunita");
  const { saveConditions } = backend;
  let write: (() => void) | undefined;
  const calls: unknown[] = [];
  backend.saveConditions = async (...what) => {
    calls.push(what);
    await new Promise<void>((resolve) => {
      write = resolve;
    });
    return saveConditions(...what);
  };
  const field = screen.getByRole("combobox", { name: "Add an illness" });
  await keys.type(field, "Gout{Enter}{Enter} of the knee");
  write?.();
  await screen.findByText("Gout");
  expect(calls).toHaveLength(1);
  expect(field).toHaveProperty("value", "Gout of the knee");
});

test("allergies are noted while a patient is registered", async () => {
  const { keys } = openClinic();
  await screen.findByTestId("today");
  await keys.keyboard("{Control>}{Shift>}n{/Shift}{/Control}");
  await keys.type(await screen.findByRole("textbox", { name: "Mobile number" }), "9000000009");
  await keys.type(screen.getByLabelText("First name"), "Asha");
  await keys.type(screen.getByLabelText("Age in years"), "30");
  await keys.selectOptions(screen.getByLabelText("Allergies"), "Has allergies");
  await keys.type(screen.getByRole("combobox", { name: "Allergic to" }), "diclo");
  await screen.findByRole("option", { name: /Diclofenac/ });
  await keys.keyboard("{ArrowDown}{Enter}");
  await expectAccessible();
  await keys.click(screen.getByRole("button", { name: "Register" }));
  await screen.findByTestId("chart");
  expect(bar()).toContain("Diclofenac");
});

test("reception sees that there are allergies, and neither which nor illnesses", async () => {
  const { keys } = openClinic({ start: "priya@example.in" });
  await screen.findByTestId("today");
  await findSunita(keys);
  await screen.findByText(messages.chart.allergiesHidden);
  expect(screen.queryByText(/Penicillins/)).toBeNull();
  expect(screen.queryByRole("heading", { name: "Long illnesses" })).toBeNull();
  await keys.keyboard("{Control>}{Shift>}a{/Shift}{/Control}");
  expect(screen.queryByRole("dialog")).toBeNull();
});

test("the bar stands above the pad too", async () => {
  const { keys } = openClinic();
  await screen.findByTestId("today");
  await openPad(keys);
  expect(bar()).toContain("Penicillins anaphylaxis, severe · 2019");
});

test("an allergy that is learnt while prescribing is noted without leaving the pad, and holds the line", async () => {
  const { keys } = await openChartOf("Ramesh");
  await keys.keyboard("{Control>}n{/Control}");
  await screen.findByTestId("pad");
  await keys.keyboard("amoxicillin 500 1-1-1 x5d{Enter}");
  await screen.findByTestId("pad-item");
  expect(screen.queryByText("HELD")).toBeNull();
  await keys.click(screen.getByRole("button", { name: new RegExp(`^${messages.known.addAllergy}`) }));
  await screen.findByRole("dialog", { name: messages.known.addAllergy });
  await keys.keyboard("penicil{Enter}");
  await screen.findByText("Every line is checked for Penicillins.");
  await keys.keyboard("{Enter}");
  await screen.findByText("HELD");
  expect(bar()).toContain("Penicillins");
  expect(screen.getByTestId("pad-item")).toBeTruthy();
  expect(screen.getByRole("combobox", { name: messages.pad.line })).toBe(document.activeElement);
  await keys.keyboard("{Control>}{Shift>}a{/Shift}{/Control}");
  await screen.findByRole("dialog", { name: messages.known.addAllergy });
});

test("what was measured is drawn, and can be read as a table", async () => {
  const { keys } = await openChartOf("Sunita");
  const trends = screen.getAllByTestId("trend").map((one) => one.querySelector("figcaption")?.textContent);
  expect(trends.slice(0, 2)).toEqual(["Blood pressure138/86 mmHg02 Nov 2026", "Weight68.4 kg02 Nov 2026"]);
  expect(trends).toContain("Temperature38.4 °C18 Mar 2026");
  expect(screen.getByRole("img", { name: /^Weight, 7 visits: from 72.1 kg/ })).toBeTruthy();
  await keys.click(screen.getByText("As a table"));
  const rows = within(screen.getByRole("table", { name: /What was measured/ })).getAllByRole("row");
  expect(rows[1]?.textContent).toBe("02 Nov 2026138/86 mmHg68.4 kg27.182 /min–97 %159 cm");
  await expectAccessible();
});

test("what was measured long ago is drawn by key, before what stood there", async () => {
  const { keys } = await openChartOf("Sunita", (backend) => {
    const { getChart, olderMeasured } = backend;
    backend.getChart = async (id) => ({ ...(await getChart(id)), olderMeasured: 1 });
    backend.olderMeasured = async (id, newer) => {
      const [first] = await olderMeasured(id, 0);
      return first && newer === 7 ? [{ ...first, prescriptionId: "older", day: "2019-03-04" }] : [];
    };
  });
  expect(screen.getByText("One older visit is not shown.")).toBeTruthy();
  screen.getByRole("button", { name: "Show older visits" }).focus();
  await keys.keyboard("{Enter}");
  expect(
    await screen.findByRole("img", { name: /^Weight, 8 visits: from 72.1 kg, 04 Mar 2019/ }),
  ).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Show older visits" })).toBeNull();
  await expectAccessible();
});

test("someone of whom nothing was measured has no empty plot", async () => {
  await openChartOf("Ramesh");
  expect(screen.getByText("Nothing measured yet.")).toBeTruthy();
  expect(screen.queryByTestId("trend")).toBeNull();
});

test("an allergy that is slow to be saved closes no other one that is being noted meanwhile", async () => {
  const disk = later<void>();
  const { keys, backend } = await openChartOf("Ramesh");
  const { addAllergy } = backend;
  backend.addAllergy = (...asked) => disk.promise.then(() => addAllergy(...asked));
  await keys.keyboard("{Control>}{Shift>}a{/Shift}{/Control}");
  await keys.type(await screen.findByRole("combobox", { name: "Allergic to" }), "peanuts{Enter}");
  expect(screen.getByRole("button", { name: messages.common.cancel })).toHaveProperty("disabled", true);
  await goOnWithout(keys);
  await keys.keyboard("{Control>}{Shift>}a{/Shift}{/Control}");
  await keys.type(await screen.findByRole("combobox", { name: "Allergic to" }), "lat");
  await act(async () => disk.resolve());
  await screen.findByText("peanuts noted");
  expect(await screen.findByRole("combobox", { name: "Allergic to" })).toHaveProperty("value", "lat");
});
