import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { walkIn } from "../../ipc/fake-day";
import { forms } from "../../ipc/fake-data";
import { messages } from "../../messages";
import { expectAccessible, findSunita, openChartOf, openClinic, openPad } from "../../test/clinic";

type FakeBackend = ReturnType<typeof openClinic>["backend"];

/** Sunita Deshmukh is marked as deceased. */
function sunitaDied(on: string | null) {
  return (backend: FakeBackend) => {
    const [seen] = forms;
    if (seen) void backend.updatePatient("p1", seen, { ...seen, died: { on } });
  };
}

const said = "Died on 03 May 2026";
const hasDied = () => screen.findByRole("checkbox", { name: "Deceased" });

test("that somebody has died is noted with its day, and stands in the head of the chart", async () => {
  const { keys } = await openChartOf("Sunita");
  expect(screen.getByTestId("chart").textContent).not.toContain("Died");
  await keys.click(screen.getByRole("button", { name: "Correct details" }));
  const mark = await hasDied();
  expect(screen.queryByLabelText("Day of death, if known")).toBeNull();
  mark.focus();
  await keys.keyboard(" ");
  await keys.click(screen.getByLabelText("Day of death, if known"));
  await keys.paste("3/5/2026");
  await keys.keyboard("{Enter}");
  const chart = await screen.findByTestId("chart");
  expect(within(chart).getByRole("heading", { level: 1 }).textContent).toContain(said);
});

test("the finder says it in the list and beside it", async () => {
  const { keys } = openClinic({}, sunitaDied("2026-05-03"));
  await screen.findByTestId("today");
  await keys.keyboard("{Control>}k{/Control}");
  await keys.type(await screen.findByTestId("finder-input"), "sunita");
  expect(await screen.findByRole("option", { name: new RegExp(`Sunita Deshmukh.*${said}`) })).toBeTruthy();
  expect(within(screen.getByRole("dialog")).getAllByText(said).length).toBe(2);
  await expectAccessible();
});

test("without a day it says that they are deceased", async () => {
  const { keys } = await openChartOf("Ramesh");
  await keys.click(screen.getByRole("button", { name: "Correct details" }));
  await keys.click(await hasDied());
  await keys.click(screen.getByRole("button", { name: "Save correction" }));
  expect((await screen.findByTestId("chart")).textContent).toContain("Deceased");
});

test("a day that is none is not sent and stays typed", async () => {
  const { keys } = await openChartOf("Sunita", sunitaDied(null));
  await keys.click(screen.getByRole("button", { name: "Correct details" }));
  const day = await screen.findByLabelText("Day of death, if known");
  await keys.type(day, "31/2/2026{Enter}");
  expect(await screen.findByText("Day, month and year: 14/08/1972.")).toBeTruthy();
  expect(day).toBe(document.activeElement);
  expect(day).toHaveProperty("value", "31/2/2026");
});

test("a mistake is taken back, and the form says what that does before it is saved", async () => {
  const { keys } = await openChartOf("Sunita", sunitaDied("2026-05-03"));
  expect(screen.getByTestId("chart").textContent).toContain(said);
  await keys.click(screen.getByRole("button", { name: "Correct details" }));
  expect(await screen.findByLabelText("Day of death, if known")).toHaveProperty("value", "03/05/2026");
  await keys.click(await hasDied());
  expect(screen.getByText(messages.patient.deathUndone).getAttribute("role")).toBe("status");
  await expectAccessible();
  await keys.click(screen.getByRole("button", { name: "Save correction" }));
  const chart = await screen.findByTestId("chart");
  await waitFor(() => expect(chart.textContent).not.toContain(said));
});

test("nobody is asked whether a new patient has died", async () => {
  const { keys } = openClinic();
  await screen.findByTestId("today");
  await keys.keyboard("{Control>}{Shift>}n{/Shift}{/Control}");
  await screen.findByTestId("register-form");
  expect(screen.queryByRole("checkbox", { name: "Deceased" })).toBeNull();
});

test("the pad says it above the work", async () => {
  const { keys } = openClinic({}, sunitaDied("2026-05-03"));
  await screen.findByTestId("today");
  await openPad(keys);
  expect(within(screen.getByTestId("pad")).getByRole("heading", { level: 1 }).textContent).toContain(said);
});

test("who is marked as deceased is neither booked nor given a token, and it is said what to do", async () => {
  const { keys } = openClinic({ start: "priya@example.in" }, sunitaDied(null));
  await screen.findByTestId("today");
  await findSunita(keys);
  await keys.keyboard("{Control>}b{/Control}");
  const why = /marked as deceased\. If that is wrong, correct it in their chart first\. Nothing was booked\./;
  expect((await screen.findByText(why)).closest("[role=status]")).toBeTruthy();
  await keys.keyboard("{Enter}");
  expect((await screen.findByRole("alert")).textContent).toMatch(why);
  expect(screen.getByRole("dialog")).toBeTruthy();
});

test("a visit that is booked already stays, marked, and does not become a token", async () => {
  const { keys } = openClinic({ start: "priya@example.in" }, (backend) => {
    void backend.bookVisit("p1", { ...walkIn, isHere: false, time: "23:40" });
    sunitaDied("2026-05-03")(backend);
  });
  const row = await screen.findByTestId("visit-row");
  await waitFor(() => expect(row.textContent).toContain(said));
  await expectAccessible();
  await keys.click(within(row).getByRole("button", { name: /^Arrived/ }));
  expect((await screen.findByRole("alert")).textContent).toContain("This patient is marked as deceased.");
  expect(row.textContent).toContain("23:40");
});

test("two computers that differ about a death show both in words", async () => {
  const { keys } = openClinic({}, (backend) =>
    backend.differ({
      column: "is_deceased",
      facts: [
        { name: "deceased_on", base: null, theirs: "2026-05-03", ours: null },
        { name: "is_deceased", base: "false", theirs: "true", ours: "false" },
      ],
      safer: null,
      entry: null,
    }),
  );
  await screen.findByTestId("today");
  await keys.keyboard("{Control>}{Shift>}r{/Shift}{/Control}");
  expect(await screen.findByRole("heading", { name: "Deceased" })).toBeTruthy();
  expect(screen.getByRole("button", { name: `Take “${said}”` })).toBeTruthy();
  expect(screen.getByRole("button", { name: "Keep “Not deceased”" })).toBeTruthy();
  await expectAccessible();
});
