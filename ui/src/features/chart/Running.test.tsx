import { act, screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { messages } from "../../messages";
import { shortDay } from "../../shared/format";
import { today } from "../../ipc/fake-data";
import { expectAccessible, findSunita, openChartOf, openClinic } from "../../test/clinic";

const metformin = "TAB. METFORMIN 500 MG";
const block = () => within(screen.getByRole("region", { name: "Current medicines" }));
const askToStop = () => screen.findByRole("dialog", { name: `Stop ${metformin}?` });

test("the chart says what the patient takes now, how, until when and by whom it was prescribed", async () => {
  await openChartOf("Sunita");
  const row = block().getByTestId("running").textContent;
  for (const said of [metformin, "1 tablet", "until 02 Dec 2026", "prescribed 02 Nov 2026", "Kulkarni"])
    expect(row).toContain(said);
  await expectAccessible();
});

test("who takes nothing has a sentence that says so", async () => {
  await openChartOf("Ramesh");
  expect(block().getByText("None that is still running.")).toBeTruthy();
});

test("a medicine is stopped by keyboard with a reason, leaves the list, and its prescription says so", async () => {
  const { keys } = await openChartOf("Sunita");
  block()
    .getByRole("button", { name: `Stop ${metformin}` })
    .focus();
  await keys.keyboard("{Enter}");
  const dialog = within(await askToStop());
  const field = dialog.getByRole("textbox", { name: "Why (kept with the prescription)" });
  expect(field).toBe(document.activeElement);
  // A longer reason than the record has room for would be refused.
  expect(field).toHaveProperty("maxLength", 300);
  expect(dialog.getByRole("button", { name: "Stop" })).toHaveProperty("disabled", true);
  await expectAccessible();
  await keys.keyboard("rash{Enter}");
  expect(await screen.findByText(`${metformin} stopped`)).toBeTruthy();
  expect(await block().findByText("None that is still running.")).toBeTruthy();
  await waitFor(() => expect(document.activeElement).not.toBe(document.body));
  const said = `Stopped on ${shortDay(today())}: rash`;
  expect(within(screen.getByTestId("stopped")).getByText(said)).toBeTruthy();
  expect(screen.getAllByTestId("visit").some((visit) => visit.textContent?.includes(said))).toBe(true);
  await expectAccessible();
  await keys.click(screen.getByRole("link", { name: "02 Nov 2026" }));
  await screen.findByTestId("prescription-number");
  expect(screen.getByText(new RegExp(said))).toBeTruthy();
});

test("what was stopped by mistake is taken up again at once", async () => {
  const { keys } = await openChartOf("Sunita");
  await keys.click(screen.getByRole("button", { name: `Stop ${metformin}` }));
  await askToStop();
  await keys.keyboard("rash{Enter}");
  await screen.findByText(`${metformin} stopped`);
  await keys.keyboard("{Control>}u{/Control}");
  expect(await screen.findByRole("button", { name: `Stop ${metformin}` })).toBeTruthy();
  expect(screen.queryByText(/^Stopped on/)).toBeNull();
});

test("what was stopped stays folded away under what is taken, and is taken up again later too", async () => {
  const { keys, backend } = await openChartOf("Sunita");
  await act(async () => backend.stopMedicine("rx0.0", "rash"));
  act(() => backend.emit({ name: "rows-changed" }));
  await keys.click(await screen.findByText("1 stopped"));
  await keys.click(screen.getByRole("button", { name: `Take up again: ${metformin}` }));
  expect(await screen.findByText(`${metformin} taken up again`)).toBeTruthy();
  expect(await screen.findByRole("button", { name: `Stop ${metformin}` })).toBeTruthy();
  expect(screen.queryByTestId("stopped")).toBeNull();
});

test("Escape asks before it throws away a reason that was typed", async () => {
  const { keys } = await openChartOf("Sunita");
  await keys.click(screen.getByRole("button", { name: `Stop ${metformin}` }));
  await askToStop();
  await keys.keyboard("rash{Escape}");
  await keys.click(await screen.findByRole("button", { name: messages.common.keepTyping }));
  const field = within(await askToStop()).getByRole("textbox");
  expect(field).toHaveProperty("value", "rash");
  await keys.click(field);
  await keys.keyboard("{Escape}");
  await keys.click(await screen.findByRole("button", { name: messages.common.discard }));
  expect(screen.queryByRole("dialog")).toBeNull();
  expect(block().getByTestId("running")).toBeTruthy();
});

test("what cannot be stopped any more is said in the dialog, and the reason stays", async () => {
  const detail = "This medicine was stopped already. Nothing was changed.";
  const { keys } = await openChartOf("Sunita", (backend) =>
    backend.fail("stopMedicine", { code: "invalid", detail }),
  );
  await keys.click(screen.getByRole("button", { name: `Stop ${metformin}` }));
  const dialog = within(await askToStop());
  await keys.keyboard("rash{Enter}");
  expect((await dialog.findByRole("alert")).textContent).toContain(detail);
  expect(dialog.getByRole("textbox")).toHaveProperty("value", "rash");
});

test("a medicine about which two computers differ leads to the decision, and one without an end says so", async () => {
  await openChartOf("Sunita", (backend) => {
    const { getChart } = backend;
    backend.getChart = async (id) => {
      const chart = await getChart(id);
      return {
        ...chart,
        running: chart.running.map((one) => ({ ...one, conflict: "k1", isEndSaid: false })),
      };
    };
  });
  expect(block().getByRole("link", { name: `Two computers differ about ${metformin}: review` })).toBeTruthy();
  expect(block().queryByRole("button")).toBeNull();
  expect(block().getByText("no end given; counts until 02 Dec 2026")).toBeTruthy();
});

test("a stopped medicine about which two computers differ leads to the decision, and is not taken up again", async () => {
  const { keys, backend } = await openChartOf("Sunita", (prepared) => {
    const { getChart } = prepared;
    prepared.getChart = async (id) => {
      const chart = await getChart(id);
      return { ...chart, stopped: chart.stopped.map((one) => ({ ...one, conflict: "k1" })) };
    };
  });
  await act(async () => backend.stopMedicine("rx0.0", "rash"));
  act(() => backend.emit({ name: "rows-changed" }));
  await keys.click(await screen.findByText("1 stopped"));
  const row = within(screen.getByTestId("stopped"));
  expect(row.getByRole("link", { name: `Two computers differ about ${metformin}: review` })).toBeTruthy();
  expect(row.queryByRole("button")).toBeNull();
});

test("a nurse sees what the patient takes, and does not stop it", async () => {
  const { keys } = openClinic({ start: "asha@example.in" });
  await screen.findByTestId("today");
  await findSunita(keys);
  expect(block().getByTestId("running").textContent).toContain(metformin);
  expect(screen.queryByRole("button", { name: `Stop ${metformin}` })).toBeNull();
});
