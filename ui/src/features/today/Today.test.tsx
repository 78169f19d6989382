import { act, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { wholeDay } from "../../shared/format";
import { dateIn, expectAccessible, openClinic } from "../../test/clinic";

test("a quiet day names the next thing to do", async () => {
  openClinic({}, (backend) => {
    backend.getToday = () =>
      Promise.resolve({
        date: "2026-11-23",
        seen: [],
        drafts: [],
        prepared: [],
        followUps: [],
        registered: [],
        hasMore: false,
      });
  });
  expect(await screen.findByText("A quiet day so far")).toBeTruthy();
  expect(screen.getByRole("button", { name: "Register a patient" })).toBeTruthy();
  await expectAccessible();
});

test("today is asked for again when a row changes", async () => {
  const { backend } = openClinic();
  await screen.findByText("Nobody has been seen yet today.");
  await backend.registerPatient({
    mobileNumber: "9000000001",
    firstName: "Kaveri",
    lastName: "",
    sex: "female",
    dateOfBirth: null,
    ageYears: 41,
    ageMonths: null,
    guardianRelation: null,
    guardianName: "",
    addressLine: "",
    city: "",
    allergyStatus: "unknown",
    alerts: "",
    bloodGroup: "unknown",
    preferredLanguage: null,
    pregnancyStatus: null,
    lmpDate: null,
    allergies: [],
    died: null,
  });
  expect(await screen.findByText("Kaveri")).toBeTruthy();
});

test("the reception is not told that nobody was seen or asked to come back: it is not told who was", async () => {
  openClinic({ start: "priya@example.in" });
  expect(await screen.findByRole("region", { name: "Registered today" })).toBeTruthy();
  expect(screen.queryByText("Nobody has been seen yet today.")).toBeNull();
  expect(screen.queryByText("Nobody was asked to come back today.")).toBeNull();
  expect(screen.queryByText("A quiet day so far")).toBeNull();
  const counts = screen.getAllByRole("listitem").map((one) => one.textContent ?? "");
  expect(counts.filter((one) => /^\d+ (seen|to come back|registered)$/.test(one))).toEqual(["2 registered"]);
  await expectAccessible();
});

test("a day of very many people says that its lists stop before their end", async () => {
  openClinic({}, (backend) => {
    const { getToday } = backend;
    backend.getToday = async () => ({ ...(await getToday()), hasMore: true });
  });
  expect((await screen.findByText(/Not everyone is shown/)).getAttribute("role")).toBe("status");
  await expectAccessible();
});

test("at a computer that has prescriptions the reception is told who was asked to come back, and not who was seen", async () => {
  const { backend } = openClinic({ start: "priya@example.in" });
  await screen.findByRole("region", { name: "Registered today" });
  const state = await backend.appState();
  if (state.state !== "unlocked") throw new Error(state.state);
  const session = { ...state.session, scope: "clinical" } as const;
  act(() => backend.emit({ name: "app-state", payload: { ...state, session } }));
  expect(await screen.findByRole("region", { name: "Asked to come back today" })).toBeTruthy();
  expect(screen.queryByRole("region", { name: "Seen" })).toBeNull();
});

const shows = (day: string) => screen.findByRole("heading", { level: 1, name: wholeDay(day) });

test("whoever turned the days and came back to today is shown the new day after midnight", async () => {
  const { keys, backend } = openClinic({ start: "priya@example.in" });
  await shows(dateIn(0));
  await keys.keyboard("{Alt>}{ArrowRight}{/Alt}");
  await shows(dateIn(1));
  await keys.keyboard("{Alt>}{ArrowLeft}{/Alt}");
  await shows(dateIn(0));
  const { getDay } = backend;
  backend.getDay = async (date) => {
    const day = await getDay(date ?? dateIn(1));
    return { ...day, isToday: day.date === dateIn(1) };
  };
  act(() => backend.emit({ name: "rows-changed" }));
  await shows(dateIn(1));
});
