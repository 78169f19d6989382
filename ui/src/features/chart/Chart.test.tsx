import { act, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { walkIn } from "../../ipc/fake-day";
import { askForChartOf, expectAccessible, findSunita, openChartOf, openClinic } from "../../test/clinic";

test("an allergy stands above everything else in the chart", async () => {
  await openChartOf("Sunita");
  expect((await screen.findByRole("note")).textContent).toContain(
    "ALLERGIESPenicillins anaphylaxis, severe · 2019",
  );
});

test("a first visit says that allergies were not asked and how to begin", async () => {
  await openChartOf("Ramesh");
  expect((await screen.findByRole("note")).textContent).toContain("Allergies not asked yet");
  expect(screen.getByText(/No prescription yet/)).toBeTruthy();
  expect(screen.getByRole("button", { name: "New prescription" })).toBe(document.activeElement);
});

test("a chart that takes long shows that it loads", async () => {
  await askForChartOf("Sunita", (backend) => {
    backend.getChart = () => new Promise(() => undefined);
  });
  expect(await screen.findByRole("status", { name: "Loading" })).toBeTruthy();
});

test("a correction is sent and shown at once", async () => {
  const { keys } = await openChartOf("Ramesh");
  await keys.click(await screen.findByRole("button", { name: "Correct details" }));
  const lastName = await screen.findByLabelText("Last name");
  await keys.clear(lastName);
  await keys.type(lastName, "Pawaskar{Enter}");
  expect((await screen.findByTestId("chart")).textContent).toContain("Ramesh Pawaskar");
});

test("no field of the form takes more than the record has room for", async () => {
  const { keys } = await openChartOf("Ramesh");
  await keys.click(await screen.findByRole("button", { name: "Correct details" }));
  const most = Object.entries({
    "First name": 100,
    "Last name": 100,
    "Guardian’s name": 150,
    City: 100,
    Address: 300,
    "Other warnings": 2000,
  });
  for (const [label, longest] of most)
    expect(await screen.findByLabelText(label)).toHaveProperty("maxLength", longest);
});

test("a correction stays as it is typed when the chart cannot be read anew", async () => {
  const { keys, backend } = await openChartOf("Ramesh");
  await keys.click(await screen.findByRole("button", { name: "Correct details" }));
  const lastName = await screen.findByLabelText("Last name");
  await keys.clear(lastName);
  await keys.type(lastName, "Pawaskar");
  const detail = "The records could not be read. Nothing was lost.";
  vi.spyOn(backend, "getChart").mockRejectedValueOnce({ code: "internal", detail });
  act(() => backend.emit({ name: "rows-changed" }));
  expect((await screen.findByRole("alert")).textContent).toContain(detail);
  expect(screen.getByLabelText("Last name")).toHaveProperty("value", "Pawaskar");
});

const seenIn = (rows: HTMLElement[]) => rows.map((row) => row.textContent ?? "");

test("visits without a prescription stand by date among the prescriptions, in words", async () => {
  await openChartOf("Sunita");
  const rows = seenIn(await screen.findAllByTestId("visit"));
  expect(rows).toHaveLength(3);
  expect(rows[0]).toContain("16 Nov 202610:30Did not comeFollow-upDr. Anjali Kulkarni");
  expect(rows[1]).toContain("02 Nov 2026");
  expect(rows[1]).toContain("METFORMIN");
  expect(rows[2]).toContain("12 Oct 2026Completed");
  expect(rows[2]).toContain("Sugar only");
  expect(rows[2]).toContain("no prescription");
  await expectAccessible();
});

test("the reception sees appointments, and nothing of what was prescribed", async () => {
  const { keys } = openClinic({ start: "priya@example.in" });
  await screen.findByTestId("today");
  await findSunita(keys);
  const rows = seenIn(await screen.findAllByTestId("visit"));
  expect(rows).toHaveLength(2);
  expect(rows.join(" ")).not.toMatch(/METFORMIN|prescription/);
});

test("a chart of very many prescriptions says how many older ones there are, and shows them", async () => {
  const { keys } = await openChartOf("Sunita", (backend) => {
    const { getChart } = backend;
    backend.getChart = async (id) => ({ ...(await getChart(id)), olderPrescriptions: 1 });
    backend.olderPrescriptions = async (id, newer) => {
      const [first] = (await getChart(id)).prescriptions;
      if (!first || newer !== 1) return [];
      return [{ ...first, id: "older", number: "ASHA-A-1", visitDate: "2021-03-04" }];
    };
  });
  const seen = (await screen.findAllByTestId("visit")).length;
  expect(screen.getByText(/One older prescription is not shown/)).toBeTruthy();
  await expectAccessible();
  await keys.click(screen.getByRole("button", { name: "Show older prescriptions" }));
  await screen.findByText("04 Mar 2021");
  expect(screen.getAllByTestId("visit")).toHaveLength(seen + 1);
  expect(screen.queryByRole("button", { name: "Show older prescriptions" })).toBeNull();
  expect(screen.getByText("All are shown.")).toBeTruthy();
});

test("a chart of very many appointments says how many older ones there are, and shows them by key", async () => {
  const { keys } = await openChartOf("Sunita", (backend) => {
    const { getChart, olderVisits } = backend;
    backend.getChart = async (id) => ({ ...(await getChart(id)), olderVisits: 150 });
    backend.olderVisits = async (id, newer) => {
      const [first] = await olderVisits(id, 0);
      if (!first) throw new Error("BUG: no visit");
      const count = newer === 2 ? 100 : newer === 102 ? 50 : 0;
      return Array.from({ length: count }, (_, place) => ({
        ...first,
        id: `older ${newer + place}`,
        day: "2021-03-04",
      }));
    };
  });
  const seen = (await screen.findAllByTestId("visit")).length;
  expect(screen.getByText("150 older appointments are not shown.")).toBeTruthy();
  const button = screen.getByRole("button", { name: "Show older appointments" });
  button.focus();
  await keys.keyboard("{Enter}");
  expect(await screen.findByText("50 older appointments are not shown.")).toBeTruthy();
  expect(screen.getAllByTestId("visit")).toHaveLength(seen + 100);
  expect(document.activeElement).toBe(button);
  await keys.keyboard("{Enter}");
  expect(await screen.findByText("All are shown.")).toBeTruthy();
  expect(screen.getAllByTestId("visit")).toHaveLength(seen + 150);
});

test("a day that cannot be read is told in the chart, in which the visit of today would stand", async () => {
  const detail = "The records could not be read. Nothing was lost.";
  const { keys } = await openChartOf("Sunita", (backend) => {
    void backend.bookVisit("p1", walkIn);
    vi.spyOn(backend, "getDay").mockRejectedValue({ code: "internal", detail });
  });
  expect((await screen.findByRole("alert")).textContent).toContain(detail);
  expect(screen.queryByTestId("todays-visit")).toBeNull();
  vi.restoreAllMocks();
  await keys.click(screen.getByRole("button", { name: "Try again" }));
  expect((await screen.findByTestId("todays-visit")).textContent).toContain("A-1");
  expect(screen.queryByRole("alert")).toBeNull();
});
