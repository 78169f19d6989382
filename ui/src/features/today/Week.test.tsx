import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { walkIn } from "../../ipc/fake-day";
import { dayWithWeekday, wholeDay } from "../../shared/format";
import {
  dateIn,
  dateTyped,
  expectAccessible,
  openClinic,
  searchSunita,
  type Prepare,
} from "../../test/clinic";
import { later } from "../../test/later";

const at = (day: string, time: string, doctorId = "d1") => ({
  ...walkIn,
  isHere: false,
  day,
  time,
  doctorId,
});

/** Who comes on the days after today: two tomorrow, of two doctors, and one without a time. */
const some: Prepare = (backend) => {
  void backend.bookVisit("p2", at("1d", ""));
  void backend.bookVisit("p4", at("1d", "11:20"));
  void backend.bookVisit("p1", at("1d", "09:30", "d2"));
  void backend.bookVisit("p3", at("3d", "10:00"));
};

/** The reception before the week that begins today. */
async function openWeek(prepare: Prepare = some) {
  const opened = openClinic({ start: "priya@example.in" }, prepare);
  await screen.findByRole("button", { name: "Week" });
  await opened.keys.keyboard("w");
  await screen.findByTestId("week");
  return opened;
}

const day = (days: number) => screen.getByRole("region", { name: wholeDay(dateIn(days)) });
const lines = (days: number) => within(day(days)).queryAllByRole("listitem");
const focused = () => document.activeElement?.textContent ?? "";
const title = (from: number) =>
  screen.findByRole("heading", {
    name: `${dayWithWeekday(dateIn(from))} – ${dayWithWeekday(dateIn(from + 6))}`,
  });

/** The same, where another week is read only once the disk gives it. */
async function openSlowWeek() {
  const disk = later<void>();
  const opened = await openWeek((backend) => {
    some(backend);
    const { getDays } = backend;
    backend.getDays = async (...asked) => {
      if (asked[0] !== null) await disk.promise;
      return getDays(...asked);
    };
  });
  await title(0);
  return { ...opened, disk };
}

test("W shows seven days: by time who comes, with whom, and who comes in between last", async () => {
  await openWeek();
  await title(0);
  expect(within(screen.getByTestId("week-days")).getAllByRole("region")).toHaveLength(7);
  expect(lines(1).map((line) => line.textContent.replace(/\s+/g, " ").trim())).toEqual([
    "09:30 Sunita Deshmukh 54 y F Dr. Vikram Shah",
    "11:20 Ramesh Pawar 61 y M Dr. Anjali Kulkarni",
    "no time Prakash Deshmukh 58 y M Dr. Anjali Kulkarni",
  ]);
  expect(day(1).textContent).toContain("3 visits");
  expect(day(3).textContent).toContain("1 visit");
  expect(day(0).textContent).toContain("Today · Nobody is booked");
  expect(day(2).textContent).toContain("Nobody is booked");
  await expectAccessible();
});

test("of one doctor only their visits stand there, without the name, also in the week after", async () => {
  const { keys, backend } = await openWeek();
  const asked = vi.spyOn(backend, "getDays");
  await title(0);
  await keys.selectOptions(screen.getByLabelText("Doctor"), "Dr. Vikram Shah");
  await waitFor(() => expect(lines(1)).toHaveLength(1));
  expect(lines(1)[0]?.textContent).not.toContain("Dr.");
  expect(asked).toHaveBeenLastCalledWith(null, 7, "d2");
  await keys.keyboard("{Alt>}{ArrowRight}{/Alt}");
  await title(7);
  expect(asked).toHaveBeenLastCalledWith(dateIn(7), 7, "d2");
  expect(screen.getByLabelText("Doctor")).toHaveProperty("value", "d2");
  await keys.selectOptions(screen.getByLabelText("Doctor"), "All doctors");
  await waitFor(() => expect(asked).toHaveBeenLastCalledWith(dateIn(7), 7, null));
});

test("the arrows walk the days and their visits, and Tab leads into them once", async () => {
  const { keys } = await openWeek();
  await title(0);
  await keys.keyboard("{ArrowRight}");
  expect(focused()).toBe(wholeDay(dateIn(0)));
  await keys.keyboard("{ArrowLeft}{ArrowDown}");
  expect(focused(), "nobody is booked today").toBe(wholeDay(dateIn(0)));
  await keys.keyboard("{ArrowRight}{ArrowDown}{ArrowDown}");
  expect(focused()).toContain("Ramesh Pawar");
  await keys.keyboard("{End}");
  expect(focused()).toContain("Prakash Deshmukh");
  await keys.keyboard("{ArrowRight}");
  expect(focused()).toBe(wholeDay(dateIn(2)));
  await keys.keyboard("{ArrowLeft}{Home}{ArrowDown}");
  expect(focused()).toContain("Sunita Deshmukh");
  const stops = screen.getByTestId("week-days").querySelectorAll('[tabindex="0"]');
  expect([...stops]).toEqual([document.activeElement]);
  await keys.tab();
  expect(screen.getByTestId("week-days").contains(document.activeElement)).toBe(false);
});

test("Enter opens the chart of a visit, and from its heading the day", async () => {
  const { keys } = await openWeek();
  await title(0);
  await keys.keyboard("{ArrowRight}{ArrowRight}{Enter}");
  await screen.findByTestId("today");
  expect(screen.getByRole("heading", { level: 1 }).textContent).toBe(wholeDay(dateIn(1)));
  expect(await screen.findAllByTestId("visit-row")).toHaveLength(3);
  await keys.keyboard("w");
  await title(1);
  await keys.keyboard("{ArrowDown}{ArrowDown}{Enter}");
  expect((await screen.findByTestId("chart")).textContent).toContain("Sunita Deshmukh");
});

test("W leads back to the day in which the focus stands, and today stays today", async () => {
  const { keys } = await openWeek();
  await title(0);
  await keys.keyboard("{ArrowRight}{ArrowRight}{ArrowRight}w");
  await screen.findByTestId("today");
  expect(screen.getByRole("heading", { level: 1 }).textContent).toBe(wholeDay(dateIn(2)));
  await keys.keyboard("w");
  await title(2);
  await keys.click(screen.getByRole("button", { name: "From today" }));
  await title(0);
  await keys.keyboard("w");
  await screen.findByRole("region", { name: "Registered today" });
  expect(screen.queryByRole("button", { name: "Back to today" })).toBeNull();
});

test("weeks are turned with keys, and the focus stays in its place", async () => {
  const { keys } = await openWeek();
  await title(0);
  await keys.keyboard("{ArrowRight}{ArrowRight}{Alt>}{ArrowRight}{/Alt}");
  expect((await title(7)).getAttribute("aria-live"), "whoever does not see it hears of it").toBe("polite");
  expect(focused()).toBe(wholeDay(dateIn(8)));
  await keys.keyboard("{Alt>}{ArrowLeft}{/Alt}{Alt>}{ArrowLeft}{/Alt}");
  await title(-7);
  expect(focused()).toBe(wholeDay(dateIn(-6)));
  expect(day(-6).textContent).toContain("past · Nobody was booked");
  await expectAccessible();
});

test("whoever is found is booked for the day in which the focus stands", async () => {
  const { keys } = await openWeek();
  await title(0);
  await keys.keyboard("{ArrowRight}{ArrowRight}{ArrowRight}");
  await searchSunita(keys);
  await keys.keyboard("{Shift>}{Enter}{/Shift}");
  expect(await screen.findByLabelText("Day")).toHaveProperty("value", dateTyped(2));
});

test("W is a letter where letters are typed", async () => {
  const { keys } = openClinic({ start: "priya@example.in" }, some);
  await screen.findByTestId("today");
  await keys.keyboard("{Control>}k{/Control}");
  await keys.type(await screen.findByTestId("finder-input"), "w");
  expect(screen.getByTestId("finder-input")).toHaveProperty("value", "w");
  expect(screen.queryByTestId("week")).toBeNull();
});

test("how far a visit has come is said in the words of the day, and what was cancelled keeps no time", async () => {
  await openWeek((backend) => {
    void backend
      .bookVisit("p4", walkIn)
      .then(({ id, status }) => backend.stepVisit(id, status, { kind: "start" }));
    void backend.bookVisit("p2", { ...walkIn, isUrgent: true });
    void backend
      .bookVisit("p1", at("1d", "09:30"))
      .then(({ id, status }) => backend.stepVisit(id, status, { kind: "confirm" }));
    void backend
      .bookVisit("p3", at("1d", "10:00"))
      .then(({ id, status }) => backend.stepVisit(id, status, { kind: "cancel", reason: "patient" }));
  });
  await title(0);
  expect(lines(0)[0]?.textContent).toContain("With the doctor");
  expect(lines(0)[1]?.textContent).toMatch(/^A-2 Prakash Deshmukh.*Urgent.*Arrived$/);
  expect(lines(1)).toHaveLength(1);
  expect(lines(1)[0]?.textContent).toMatch(/^09:30 Sunita Deshmukh.*Confirmed$/);
});

test("what comes from another computer stands there by itself, and the focus stays", async () => {
  const { keys, backend } = await openWeek();
  await title(0);
  await keys.keyboard("{ArrowRight}{ArrowRight}{ArrowDown}{ArrowDown}");
  await act(async () => {
    await backend.bookVisit("p3", at("1d", "10:40"));
    backend.emit({ name: "rows-changed" });
  });
  await waitFor(() => expect(lines(1)).toHaveLength(4));
  expect(focused()).toContain("Ramesh Pawar");
  expect(lines(1)[1]?.textContent).toContain("Aditi Deshmukh");
});

test("a day whose visits are not all there says so, and is not said to be free", async () => {
  await openWeek((backend) => {
    some(backend);
    const { getDays } = backend;
    backend.getDays = async (...asked) => {
      const week = await getDays(...asked);
      return { ...week, days: week.days.map((one, at) => (at < 3 ? one : { ...one, hasMore: true })) };
    };
  });
  await title(0);
  expect(screen.getByText(/^There are too many visits to show/).getAttribute("role")).toBe("status");
  expect(day(2).textContent).toContain("Nobody is booked");
  expect(day(3).textContent).not.toContain("1 visit");
  expect(day(4).textContent).toContain("Not all visits of this day are shown");
  expect(day(4).textContent).not.toContain("Nobody");
  await expectAccessible();
});

test("a week that cannot be read says so, and can be asked for again", async () => {
  const detail = "The records could not be read. Nothing was lost.";
  const { keys } = await openWeek((backend) => {
    some(backend);
    vi.spyOn(backend, "getDays").mockRejectedValueOnce({ code: "internal", detail });
  });
  expect((await screen.findByRole("alert")).textContent).toContain(detail);
  await expectAccessible();
  await keys.click(screen.getByRole("button", { name: "Try again" }));
  await title(0);
  expect(lines(1)).toHaveLength(3);
});

test("while the next week is read, this one stays in sight", async () => {
  const { keys, disk } = await openSlowWeek();
  await keys.keyboard("{Alt>}{ArrowRight}{/Alt}");
  expect(lines(1)).toHaveLength(3);
  await act(async () => disk.resolve());
  await title(7);
});

test.each([
  ["5", true, "sync-centre"],
  ["w", false, "today"],
])(
  "a week that comes late leads nobody back who goes elsewhere by %s meanwhile",
  async (key, ctrlKey, there) => {
    const { keys, disk } = await openSlowWeek();
    await keys.keyboard("{ArrowRight}{ArrowRight}{Alt>}{ArrowRight}{/Alt}");
    await act(async () => {
      fireEvent.keyDown(document.activeElement ?? document.body, { key, ctrlKey });
      disk.resolve();
    });
    await screen.findByTestId(there);
    expect(screen.queryByTestId("week")).toBeNull();
  },
);

test("whoever turned the weeks and came back to this one is shown the new week after midnight", async () => {
  const { keys, backend } = await openWeek();
  await title(0);
  await keys.keyboard("{Alt>}{ArrowRight}{/Alt}");
  await title(7);
  await keys.keyboard("{Alt>}{ArrowLeft}{/Alt}");
  await title(0);
  const { getDays } = backend;
  backend.getDays = (from, ...rest) => getDays(from ?? dateIn(1), ...rest);
  act(() => backend.emit({ name: "rows-changed" }));
  await title(1);
});

test("W leads to no day that has left the week over night", async () => {
  const { keys, backend } = await openWeek();
  await title(0);
  await keys.keyboard("{ArrowRight}");
  act(() => screen.getByRole("button", { name: "One day" }).focus());
  const { getDays } = backend;
  backend.getDays = (from, ...rest) => getDays(from ?? dateIn(1), ...rest);
  act(() => backend.emit({ name: "rows-changed" }));
  await title(1);
  const day = vi.spyOn(backend, "getDay");
  await keys.keyboard("w");
  await screen.findByTestId("today");
  expect(day).not.toHaveBeenCalledWith(dateIn(0));
});
