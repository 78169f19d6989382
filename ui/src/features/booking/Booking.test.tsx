import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import type { UserEvent } from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { walkIn } from "../../ipc/fake-day";
import { dayWithWeekday } from "../../shared/format";
import { messages } from "../../messages";
import {
  expectAccessible,
  findSunita,
  openClinic,
  goOnWithout,
  dateIn,
  type Prepare,
} from "../../test/clinic";
import { later } from "../../test/later";

const booked = { ...walkIn, isHere: false, day: "1d", time: "11:20" };

/** The reception before the dialog for Sunita Deshmukh. */
async function openBooking(prepare?: Prepare) {
  const opened = openClinic({ start: "priya@example.in" }, prepare);
  await screen.findByTestId("today");
  await findSunita(opened.keys);
  await opened.keys.keyboard("{Control>}b{/Control}");
  await screen.findByTestId("booking-form");
  return opened;
}

async function toCome(keys: UserEvent, day: string, time: string) {
  await keys.click(screen.getByLabelText("Later"));
  if (day) await keys.type(screen.getByLabelText("Day"), day);
  if (time) await keys.type(screen.getByLabelText("Time"), time);
}

const taken = () => screen.getByTestId("booking-taken").textContent;
const echo = () => screen.getByTestId("booking-echo").textContent;

test("whoever is registered at the reception has a token two keys later", async () => {
  const { keys } = openClinic({ start: "priya@example.in" });
  await screen.findByTestId("today");
  await keys.keyboard("{Control>}{Shift>}n{/Shift}{/Control}");
  await keys.type(await screen.findByRole("textbox", { name: "Mobile number" }), "9820455127");
  await keys.type(screen.getByLabelText("First name"), "Kaveri");
  await keys.selectOptions(screen.getByLabelText("Sex"), "female");
  await keys.type(screen.getByLabelText("Age in years"), "41{Enter}");
  await screen.findByTestId("chart");
  expect(document.activeElement).toBe(screen.getByRole("button", { name: "Token or booking" }));
  await keys.keyboard("{Enter}");
  await screen.findByRole("button", { name: "Give token A-1" });
  expect(screen.getByLabelText("Type of visit")).toHaveProperty("value", "new");
  expect(document.activeElement).toBe(screen.getByLabelText("Here now"));
  await expectAccessible();
  await keys.keyboard("{Enter}");
  await screen.findByText("Kaveri is waiting with token A-1");
  expect(screen.queryByRole("dialog")).toBeNull();
  expect((await screen.findByTestId("todays-visit")).textContent).toContain("A-1Arrived");
  await expectAccessible();
  await keys.keyboard("{Control>}1{/Control}");
  expect((await screen.findByTestId("visit-row")).textContent).toContain("A-1Kaveri");
});

test("a day and a time are said back as they are understood, and Enter books", async () => {
  const { keys, backend } = await openBooking();
  await keys.keyboard("{ArrowDown}");
  expect(screen.getByLabelText("Later")).toHaveProperty("checked", true);
  await keys.keyboard("{Tab}{Tab}1d");
  await waitFor(() =>
    expect(echo()).toBe(`${dayWithWeekday(dateIn(1))}, no set time: fitted in between the others`),
  );
  await keys.keyboard("{Tab}1120");
  await waitFor(() => expect(echo()).toBe(`${dayWithWeekday(dateIn(1))}, 11:20`));
  await expectAccessible();
  await keys.keyboard("{Enter}");
  await screen.findByText(`Sunita Deshmukh is booked: ${dayWithWeekday(dateIn(1))}, 11:20`);
  const day = await backend.getDay(dateIn(1));
  expect(day.doctors[0]?.booked.map(({ time, visitType }) => [time, visitType])).toEqual([
    ["11:20", "follow_up"],
  ]);
});

test("whoever looks at a day to come finds a patient and books them for it", async () => {
  const { keys, backend } = openClinic({ start: "priya@example.in" });
  await screen.findByTestId("today");
  await keys.keyboard("{Alt>}{ArrowRight}{/Alt}");
  await screen.findByText("Nobody is booked for this day");
  await keys.keyboard("{Control>}k{/Control}");
  await keys.type(await screen.findByTestId("finder-input"), "sunita");
  await screen.findByRole("option", { name: /Sunita Deshmukh/ });
  await keys.keyboard("{Shift>}{Enter}{/Shift}");
  const time = await screen.findByLabelText("Time");
  expect(document.activeElement).toBe(time);
  await keys.keyboard("0930");
  await waitFor(() => expect(echo()).toBe(`${dayWithWeekday(dateIn(1))}, 09:30`));
  await keys.keyboard("{Enter}");
  await screen.findByText(/^Sunita Deshmukh is booked/);
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect((await backend.getDay(dateIn(1))).doctors[0]?.booked).toHaveLength(1);
});

test("a time that is taken is said while it is typed, refused when it is booked, and stays to be changed", async () => {
  const { keys, backend } = await openBooking((backend) => void backend.bookVisit("p4", booked));
  await toCome(keys, "1d", "11:25");
  await waitFor(() => expect(echo()).toBe("At 11:20 this doctor sees Ramesh Pawar. Choose another time."));
  await keys.keyboard("{Enter}");
  expect((await screen.findByRole("alert")).textContent).toContain("booked at 11:20 already");
  await expectAccessible();
  expect(screen.getByLabelText("Time")).toHaveProperty("value", "11:25");
  await keys.keyboard("{Backspace}{Backspace}40");
  expect(screen.queryByRole("alert")).toBeNull();
  await waitFor(() => expect(echo()).toContain("11:40"));
  await keys.keyboard("{Enter}");
  await screen.findByText(/^Sunita Deshmukh is booked/);
  const day = await backend.getDay(dateIn(1));
  expect(day.doctors[0]?.booked.map(({ time }) => time)).toEqual(["11:20", "11:40"]);
});

test("which times are taken that day stands there while a time is typed, of the doctor who is chosen", async () => {
  const { keys } = await openBooking((backend) => {
    void backend.bookVisit("p4", { ...booked, time: "12:00" });
    void backend.bookVisit("p2", { ...booked, time: "09:30" });
  });
  expect(screen.queryByTestId("booking-taken")).toBeNull();
  await toCome(keys, "1d", "");
  await waitFor(() => expect(taken()).toBe("Taken that day: 09:30–09:40 · 12:00–12:10"));
  await keys.type(screen.getByLabelText("Time"), "1x");
  await waitFor(() => expect(echo()).toContain("is not a time"));
  expect(taken()).toContain("09:30–09:40");
  await keys.selectOptions(screen.getByLabelText("Doctor"), "Dr. Vikram Shah");
  await waitFor(() => expect(taken()).toBe("No time is taken that day."));
  await keys.clear(screen.getByLabelText("Day"));
  await keys.type(screen.getByLabelText("Day"), "soon");
  await waitFor(() => expect(taken()).toBe(""));
});

test("what is not understood is said where it is typed, with an example", async () => {
  const { keys } = await openBooking();
  await toCome(keys, "soon", "");
  await waitFor(() => expect(echo()).toContain("“soon” is not a day. Type 5d, 2w or 28/11/2026."));
});

test("who has a token of that doctor already is not given another one", async () => {
  const { keys } = await openBooking((backend) => void backend.bookVisit("p1", walkIn));
  await waitFor(() => expect(echo()).toBe("Sunita Deshmukh already has token A-1 for this doctor."));
  await keys.selectOptions(screen.getByLabelText("Doctor"), "Dr. Vikram Shah");
  await screen.findByRole("button", { name: "Give token A-2" });
});

test("Enter books from a list and from a tick as well, and the doctor chosen last comes first", async () => {
  const { keys, backend } = await openBooking();
  await keys.click(screen.getByLabelText("Urgent: ahead of others waiting"));
  await keys.type(screen.getByLabelText("Reason, in a few words"), "fever");
  await keys.selectOptions(screen.getByLabelText("Doctor"), "Dr. Vikram Shah");
  screen.getByLabelText("Doctor").focus();
  await keys.keyboard("{Enter}");
  await screen.findByText("Sunita Deshmukh is waiting with token A-1");
  const [, second] = (await backend.getDay(null)).doctors;
  expect(second?.waiting[0]).toMatchObject({ isUrgent: true, reason: "fever", token: "A-1" });
  await keys.keyboard("{Control>}b{/Control}");
  expect(await screen.findByLabelText("Doctor")).toHaveProperty("value", "d2");
});

test("a token that was given by mistake is taken back by key", async () => {
  const { keys, backend } = await openBooking();
  await keys.keyboard("{Enter}");
  await screen.findByTestId("todays-visit");
  await keys.keyboard("{Control>}u{/Control}");
  await waitFor(() => expect(screen.queryByTestId("todays-visit")).toBeNull());
  expect((await backend.getDay(null)).doctors.flatMap(({ waiting }) => waiting)).toEqual([]);
});

test("Escape closes an untouched booking, and asks before it throws away what is typed", async () => {
  const { keys } = await openBooking();
  await keys.keyboard("{Escape}");
  expect(screen.queryByRole("dialog")).toBeNull();
  expect(document.activeElement).toBe(screen.getByRole("button", { name: "Token or booking" }));
  await keys.keyboard("{Control>}b{/Control}");
  await keys.type(await screen.findByLabelText("Reason, in a few words"), "fever{Escape}");
  await keys.click(await screen.findByRole("button", { name: "Keep typing" }));
  expect(screen.getByLabelText("Reason, in a few words")).toHaveProperty("value", "fever");
});

test("in the chart of whoever waits, the doctor has them in, and it is over", async () => {
  const { keys } = openClinic({}, (backend) => void backend.bookVisit("p1", walkIn));
  await screen.findByTestId("visit-row");
  await findSunita(keys);
  await keys.click(await screen.findByRole("button", { name: "Send in: A-1 Sunita Deshmukh" }));
  await keys.click(await screen.findByRole("button", { name: "Done: A-1 Sunita Deshmukh" }));
  await screen.findByText("Sunita Deshmukh’s visit is finished");
  expect((await screen.findByTestId("todays-visit")).textContent).toContain("Completed");
});

test("a visit is moved from its row: the new one takes its place, and the old one is over", async () => {
  const { keys, backend } = openClinic({ start: "priya@example.in" }, (backend) => {
    void backend.bookVisit("p4", { ...booked, day: "", time: "23:40", reason: "BP" });
  });
  await screen.findByTestId("visit-row");
  await keys.keyboard("{ArrowDown}{ArrowRight}");
  screen.getByRole("button", { name: "Move…" }).focus();
  await keys.keyboard("{Enter}");
  await screen.findByRole("dialog", { name: "Move the visit: Ramesh Pawar" });
  const day = screen.getByLabelText("Day");
  expect(document.activeElement).toBe(day);
  expect(screen.getByLabelText("Time")).toHaveProperty("value", "23:40");
  expect(screen.getByLabelText("Reason, in a few words")).toHaveProperty("value", "BP");
  await keys.clear(day);
  await keys.type(day, "1d");
  await waitFor(() => expect(echo()).toBe(`${dayWithWeekday(dateIn(1))}, 23:40`));
  await keys.keyboard("{Enter}");
  await screen.findByText(/^Ramesh Pawar is booked/);
  expect((await backend.getDay(dateIn(1))).doctors[0]?.booked).toHaveLength(1);
  expect(await screen.findByRole("button", { name: "1 finished" })).toBeTruthy();
  await waitFor(() =>
    expect(document.activeElement).toBe(screen.getByRole("button", { name: "1 finished" })),
  );
});

test("where no doctor works yet nobody can be booked, and it is said", async () => {
  const { keys } = openClinic({ start: "priya@example.in" }, (backend) => {
    const { getDay } = backend;
    backend.getDay = async (date) => ({ ...(await getDay(date)), doctors: [] });
  });
  await screen.findByTestId("today");
  await findSunita(keys);
  await keys.keyboard("{Control>}b{/Control}");
  expect(await screen.findByText(/No doctor works at this clinic yet/)).toBeTruthy();
  await expectAccessible();
});

test("a day that cannot be read is said in the dialog", async () => {
  const detail = "The records could not be read. Nothing was lost.";
  const { keys, backend } = openClinic({ start: "priya@example.in" });
  backend.fail("getDay", { code: "internal", detail });
  await screen.findByTestId("today");
  await findSunita(keys);
  await keys.keyboard("{Control>}b{/Control}");
  expect((await screen.findByRole("dialog")).textContent).toContain(detail);
});

test("what is booked is sent as it was chosen: whoever is here now has neither day nor time", async () => {
  const { keys, backend } = await openBooking();
  const book = vi.spyOn(backend, "bookVisit");
  await toCome(keys, "1d", "9:30");
  await keys.click(screen.getByLabelText("Here now"));
  await keys.keyboard("{Enter}");
  await screen.findByText("Sunita Deshmukh is waiting with token A-1");
  expect(book).toHaveBeenCalledWith("p1", { ...walkIn, day: "", time: "" });
});

test("what is said of a booking is what was booked, also before the echo of the last letter", async () => {
  const { keys, backend } = await openBooking();
  await toCome(keys, "1d", "");
  await waitFor(() => expect(echo()).toContain(dayWithWeekday(dateIn(1))));
  vi.spyOn(backend, "readBooking").mockReturnValueOnce(new Promise(() => undefined));
  const time = screen.getByLabelText("Time");
  fireEvent.change(time, { target: { value: "1120" } });
  time.focus();
  await keys.keyboard("{Enter}");
  await screen.findByText(`Sunita Deshmukh is booked: ${dayWithWeekday(dateIn(1))}, 11:20`);
});

test("what is moved stays with its doctor, also one who is not here today", async () => {
  const { keys } = openClinic({ start: "priya@example.in" }, (backend) => {
    void backend.bookVisit("p4", { ...booked, doctorId: "d2" });
    const { getDay } = backend;
    backend.getDay = async (date) => {
      const day = await getDay(date);
      return date === null ? { ...day, doctors: day.doctors.slice(0, 1) } : day;
    };
  });
  await screen.findByTestId("today");
  await keys.keyboard("{Alt>}{ArrowRight}{/Alt}");
  await screen.findByTestId("visit-row");
  await keys.keyboard("{ArrowDown}{ArrowRight}");
  screen.getByRole("button", { name: "Move…" }).focus();
  await keys.keyboard("{Enter}");
  const dialog = within(await screen.findByRole("dialog"));
  expect(await dialog.findByLabelText("Doctor")).toHaveProperty("value", "d2");
});

test("which day is today the clinic's clock says: whoever is found on it gets a token", async () => {
  const { keys } = openClinic({ start: "priya@example.in" }, (backend) => {
    const { getDay } = backend;
    // In India it is tomorrow already.
    backend.getDay = async (date) => {
      const day = date ?? dateIn(1);
      return { ...(await getDay(day)), isToday: day === dateIn(1) };
    };
  });
  await screen.findByTestId("today");
  await keys.keyboard("{Alt>}{ArrowLeft}{/Alt}");
  await screen.findByRole("button", { name: "Back to today" });
  await keys.keyboard("{Alt>}{ArrowRight}{/Alt}");
  await waitFor(() => expect(screen.queryByRole("button", { name: "Back to today" })).toBeNull());
  await keys.keyboard("{Control>}k{/Control}");
  await keys.type(await screen.findByTestId("finder-input"), "sunita");
  await screen.findByRole("option", { name: /Sunita Deshmukh/ });
  await keys.keyboard("{Shift>}{Enter}{/Shift}");
  expect(await screen.findByLabelText("Here now")).toHaveProperty("checked", true);
});

test("a booking that is slow to be saved takes nothing more, and closes no other one that was opened meanwhile", async () => {
  const disk = later<void>();
  const { keys } = await openBooking((backend) => {
    const { bookVisit } = backend;
    backend.bookVisit = (...asked) => disk.promise.then(() => bookVisit(...asked));
  });
  const reason = screen.getByLabelText("Reason, in a few words");
  await keys.type(reason, "fever{Enter}");
  await keys.type(reason, " and cough");
  expect(reason).toHaveProperty("value", "fever");
  // Nobody is asked to give up what is being saved.
  await keys.keyboard("{Escape}");
  const told = await screen.findByRole("dialog", { name: messages.common.savingTitle });
  await expectAccessible();
  await keys.keyboard("{Enter}");
  await waitFor(() => expect(told.isConnected).toBe(false));
  expect(reason).toHaveProperty("value", "fever");
  expect(screen.getByRole("button", { name: messages.common.cancel })).toHaveProperty("disabled", true);
  await goOnWithout(keys);
  await keys.keyboard("{Control>}b{/Control}");
  await keys.type(await screen.findByLabelText("Reason, in a few words"), "sugar");
  await act(async () => disk.resolve());
  await screen.findByText("Sunita Deshmukh is waiting with token A-1");
  expect(screen.getByLabelText("Reason, in a few words")).toHaveProperty("value", "sugar");
});
