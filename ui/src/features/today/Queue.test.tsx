import { act, createEvent, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { walkIn } from "../../ipc/fake-day";
import { messages } from "../../messages";
import { expectAccessible, findSunita, openClinic, openPad, type Prepare } from "../../test/clinic";
import { later } from "../../test/later";

type Start = "anjali@example.in" | "priya@example.in";

const booked = { ...walkIn, isHere: false, time: "23:40" };
const reception = "priya@example.in";
const doctor = "anjali@example.in";

async function openQueue(start: Start, prepare: Prepare) {
  const opened = openClinic({ start }, prepare);
  await screen.findAllByTestId("visit-row");
  return opened;
}

/** Ramesh Pawar waits, and the next patient comes in only once the test says so. */
async function openLateNext() {
  const answer = later<void>();
  const opened = await openQueue(doctor, (backend) => {
    void backend.bookVisit("p4", walkIn);
    const { nextPatient } = backend;
    backend.nextPatient = () => answer.promise.then(nextPatient);
  });
  return { ...opened, answer };
}

const column = (name = "Dr. Anjali Kulkarni") => screen.getByRole("region", { name });
const button = (name: string) => screen.getByRole("button", { name });
const focused = () =>
  document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent;

test("a clinic in which nobody books sees no queue, and reads how one begins", async () => {
  const { keys } = openClinic({ start: reception });
  await screen.findByRole("region", { name: "Registered today" });
  expect(screen.queryByTestId("queue")).toBeNull();
  await keys.click(button("Token or booking"));
  await keys.type(await screen.findByTestId("finder-input"), "sunita");
  await screen.findByRole("option", { name: /Sunita Deshmukh/ });
  await keys.keyboard("{Shift>}{Enter}{/Shift}");
  expect(await screen.findByRole("dialog", { name: "Token or booking: Sunita Deshmukh" })).toBeTruthy();
});

test("who waits stands with the token and the minutes, urgent ones first, and the head counts them", async () => {
  await openQueue(reception, (backend) => {
    void backend.bookVisit("p4", walkIn);
    void backend.bookVisit("p2", { ...walkIn, isUrgent: true, reason: "chest pain" });
    void backend.bookVisit("p3", booked);
  });
  const rows = screen.getAllByTestId("visit-row").map((row) => row.textContent);
  expect(rows[0]).toContain("A-2Prakash Deshmukh 58 y MFollow-up · chest painUrgent0 minCall");
  expect(rows[1]).toContain("A-1Ramesh Pawar");
  expect(rows[2]).toContain("23:40Aditi Deshmukh");
  expect(column().textContent).toContain("2 waiting · 1 booked · 0 seen");
  const counts = screen.getAllByRole("listitem").map((one) => one.textContent);
  expect(counts).toEqual(expect.arrayContaining(["2 waiting", "1 booked"]));
  await expectAccessible();
});

test("rows are walked with the arrows; Enter takes the next step, and the focus goes with the patient", async () => {
  const { keys } = await openQueue(reception, (backend) => {
    void backend.bookVisit("p4", walkIn);
    void backend.bookVisit("p2", booked);
    void backend.bookVisit("p3", { ...booked, time: "23:59" });
  });
  await keys.keyboard("{ArrowDown}");
  expect(focused()).toBe("Call: A-1 Ramesh Pawar");
  await keys.keyboard("{ArrowDown}{ArrowDown}{ArrowUp}");
  expect(focused()).toBe("Arrived: Prakash Deshmukh");
  await keys.keyboard("{Enter}");
  await screen.findByText("Prakash Deshmukh is here: token A-2");
  await waitFor(() => expect(focused()).toBe("Call: A-2 Prakash Deshmukh"));
  await keys.keyboard("{End}");
  expect(focused()).toBe("Arrived: Aditi Deshmukh");
  await keys.keyboard("{Home}");
  expect(focused()).toBe("Call: A-1 Ramesh Pawar");
});

test("Enter that is held down, and the second of a double click, take no second step", async () => {
  const { keys, backend } = await openQueue(reception, (backend) => {
    void backend.bookVisit("p4", walkIn);
  });
  const step = vi.spyOn(backend, "stepVisit");
  const call = button("Call: A-1 Ramesh Pawar");
  const held = createEvent.keyDown(call, { key: "Enter", repeat: true });
  fireEvent(call, held);
  expect(held.defaultPrevented).toBe(true);
  await keys.dblClick(call);
  await screen.findByText("Ramesh Pawar has been called: token A-1");
  expect(step).toHaveBeenCalledTimes(1);
});

test("F10 calls the first who waits in the column of the focus, and then the next", async () => {
  const { keys } = await openQueue(reception, (backend) => {
    void backend.bookVisit("p4", walkIn);
    void backend.bookVisit("p2", { ...walkIn, doctorId: "d2" });
    void backend.bookVisit("p3", { ...walkIn, doctorId: "d2" });
  });
  const step = button("Call: A-2 Prakash Deshmukh");
  step.focus();
  await keys.keyboard("{F10}");
  await screen.findByText("Prakash Deshmukh has been called: token A-2");
  await waitFor(() => expect(screen.getByText(/called \d\d:\d\d$/)).toBeTruthy());
  expect(document.activeElement).toBe(step);
  await keys.keyboard("{F10}");
  await screen.findByText("Aditi Deshmukh has been called: token A-3");
  expect(within(column()).queryByText(/called/)).toBeNull();
});

test("a second press does nothing until the list shows what the first has led to, and another visit is led on meanwhile", async () => {
  const { keys, backend } = await openQueue(reception, (fake) => {
    void fake.bookVisit("p4", walkIn);
    void fake.bookVisit("p2", walkIn);
  });
  const list = later<void>();
  const { getDay } = backend;
  const step = vi.spyOn(backend, "stepVisit");
  backend.getDay = (...asked) => list.promise.then(() => getDay(...asked));
  await keys.keyboard("{F10}");
  await screen.findByText("Ramesh Pawar has been called: token A-1");
  await keys.keyboard("{F10}");
  expect(step).toHaveBeenCalledExactlyOnceWith(expect.any(String), "arrived", { kind: "call_first" });
  await keys.click(button("Call: A-2 Prakash Deshmukh"));
  await screen.findByText("Prakash Deshmukh has been called: token A-2");
  expect(step).toHaveBeenLastCalledWith(expect.any(String), "arrived", { kind: "call" });
  await act(async () => list.resolve());
  await screen.findByRole("button", { name: "Call again: A-1 Ramesh Pawar" });
  await keys.keyboard("{F10}");
  expect(step).toHaveBeenCalledTimes(3);
});

test("a step that fails while another visit is led on says so", async () => {
  const detail = "This cannot be done with this visit as it is now. Nothing was changed.";
  const { keys, backend } = await openQueue(reception, (fake) => {
    void fake.bookVisit("p4", walkIn);
    void fake.bookVisit("p2", walkIn);
  });
  const disk = later<void>();
  vi.spyOn(backend, "stepVisit").mockImplementationOnce(async () => {
    await disk.promise;
    throw { code: "invalid", detail };
  });
  await keys.click(button("Call: A-1 Ramesh Pawar"));
  await keys.click(button("Call: A-2 Prakash Deshmukh"));
  await screen.findByText("Prakash Deshmukh has been called: token A-2");
  await act(async () => disk.resolve());
  expect(await screen.findByText(detail)).toBeTruthy();
});

test("who is taken back from done and only waited before is said to be with the doctor", async () => {
  const { keys } = await openQueue(reception, (backend) => void backend.bookVisit("p4", walkIn));
  await keys.click(button("More: A-1 Ramesh Pawar"));
  await keys.click(button("Done"));
  await screen.findByText("Ramesh Pawar’s visit is finished");
  await keys.keyboard("{Control>}u{/Control}");
  expect(await screen.findByText("Ramesh Pawar is with the doctor")).toBeTruthy();
});

test("F10 says so where nobody waits in the column of the focus", async () => {
  const { keys, backend } = await openQueue(reception, (fake) => {
    void fake.bookVisit("p4", booked);
    void fake.bookVisit("p2", { ...walkIn, doctorId: "d2" });
  });
  const step = vi.spyOn(backend, "stepVisit");
  button("Arrived: Ramesh Pawar").focus();
  await keys.keyboard("{F10}");
  await screen.findByText("Nobody is waiting here to be called.");
  expect(step).not.toHaveBeenCalled();
});

test("with F9 the doctor's patient is done, the next comes in, and their chart is open", async () => {
  const { keys, backend } = await openQueue(doctor, (backend) => {
    void backend.bookVisit("p4", walkIn);
    void backend.bookVisit("p1", walkIn);
  });
  await keys.keyboard("{F9}");
  await screen.findByText("Ramesh Pawar comes in");
  expect((await screen.findByTestId("todays-visit")).textContent).toContain("A-1With the doctor");
  await screen.findByText("next patient");
  await keys.keyboard("{F9}");
  await screen.findByText("Sunita Deshmukh comes in; Ramesh Pawar’s visit is finished");
  await waitFor(() => expect(screen.getByTestId("chart").textContent).toContain("Sunita Deshmukh"));
  await keys.keyboard("{F9}");
  expect(await screen.findByText("Nobody waits for you.")).toBeTruthy();
  const next = vi.spyOn(backend, "nextPatient");
  const line = await openPad(keys);
  screen.getByLabelText("Advice").focus();
  await keys.keyboard("{F9}");
  expect(document.activeElement).toBe(line);
  expect(next).not.toHaveBeenCalled();
});

test("for the reception F9 does nothing", async () => {
  const { keys, backend } = await openQueue(reception, (backend) => {
    void backend.bookVisit("p4", walkIn);
  });
  const next = vi.spyOn(backend, "nextPatient");
  await keys.keyboard("{F9}");
  expect(next).not.toHaveBeenCalled();
  expect(screen.queryByRole("button", { name: "Next patient" })).toBeNull();
});

test("the other steps open with the arrow; cancelling asks for a reason in the row", async () => {
  const { keys, backend } = await openQueue(reception, (backend) => {
    void backend.bookVisit("p4", booked);
    void backend.bookVisit("p2", { ...booked, time: "23:59" });
  });
  const step = vi.spyOn(backend, "stepVisit");
  await keys.keyboard("{ArrowDown}{ArrowRight}");
  expect(focused()).toBe("Confirmed");
  await expectAccessible();
  await keys.keyboard("{Escape}");
  expect(focused()).toBe("Arrived: Ramesh Pawar");
  expect(screen.queryByRole("group")).toBeNull();
  await keys.keyboard("{ArrowRight}");
  button("Cancel visit…").focus();
  await keys.keyboard("{Enter}");
  const why = screen.getByRole("group", { name: "Why is Ramesh Pawar’s visit being cancelled?" });
  expect(within(why).getAllByRole("button")).toHaveLength(6);
  await expectAccessible();
  expect(step).not.toHaveBeenCalled();
  await keys.keyboard("2");
  await screen.findByText("Ramesh Pawar’s visit is cancelled");
  expect(step).toHaveBeenCalledWith(expect.any(String), "booked", { kind: "cancel", reason: "doctor" });
  await waitFor(() => expect(focused()).toBe("Arrived: Prakash Deshmukh"));
  expect(button("1 finished").getAttribute("aria-expanded")).toBe("false");
});

test("a visit that is over can be opened again with one key, and who came after all is here", async () => {
  const { keys } = await openQueue(reception, (backend) => {
    void backend
      .bookVisit("p4", walkIn)
      .then(({ id, status }) => backend.stepVisit(id, status, { kind: "start" }));
    void backend
      .bookVisit("p2", booked)
      .then(({ id, status }) => backend.stepVisit(id, status, { kind: "miss" }));
  });
  await keys.click(await screen.findByRole("button", { name: "Done: A-1 Ramesh Pawar" }));
  await screen.findByText("Ramesh Pawar’s visit is finished");
  await keys.keyboard("{Control>}u{/Control}");
  expect(await screen.findByRole("button", { name: "Done: A-1 Ramesh Pawar" })).toBeTruthy();
  await keys.click(button("1 finished"));
  await keys.click(button("Arrived: Prakash Deshmukh"));
  expect(await screen.findByText("Prakash Deshmukh is here: token A-2")).toBeTruthy();
  await waitFor(() => expect(focused()).toBe("Call: A-2 Prakash Deshmukh"));
});

test("days are turned with keys: who is booked to come stands there, and today is one key away", async () => {
  const { keys } = await openQueue(reception, (backend) => {
    void backend.bookVisit("p4", walkIn);
    void backend.bookVisit("p2", { ...booked, day: "1d", time: "11:20" });
  });
  await keys.keyboard("{Alt>}{ArrowRight}{/Alt}");
  expect(await screen.findByText("11:20")).toBeTruthy();
  expect(screen.queryByText("A-1")).toBeNull();
  expect(screen.queryByRole("region", { name: "Registered today" })).toBeNull();
  expect(screen.queryByRole("button", { name: /^Arrived/ })).toBeNull();
  await keys.keyboard("{Alt>}{ArrowRight}{/Alt}");
  expect(await screen.findByText("Nobody is booked for this day")).toBeTruthy();
  expect(screen.getByText(/press Ctrl B in their chart/)).toBeTruthy();
  await expectAccessible();
  await keys.keyboard("{Alt>}{ArrowLeft}{/Alt}");
  expect(await screen.findByText("11:20")).toBeTruthy();
  await keys.keyboard("{Control>}1{/Control}");
  expect(await screen.findByText("A-1")).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Back to today" })).toBeNull();
});

test("a day of very many visits says that its lists stop before their end", async () => {
  await openQueue(reception, (backend) => {
    void backend.bookVisit("p4", walkIn);
    const { getDay } = backend;
    backend.getDay = async (date) => ({ ...(await getDay(date)), hasMore: true });
  });
  expect(screen.getByText(/Some of the day’s visits/).getAttribute("role")).toBe("status");
});

test("a step that is refused says so in its row, and the row stays as it was", async () => {
  const detail = "This visit was changed on another computer. Nothing was changed here.";
  const { keys } = await openQueue(reception, (backend) => {
    void backend.bookVisit("p4", walkIn);
    backend.fail("stepVisit", { code: "invalid", detail });
  });
  await keys.keyboard("{ArrowDown}{Enter}");
  const row = within(screen.getByTestId("visit-row"));
  expect((await row.findByRole("alert")).textContent).toContain(detail);
  expect(focused()).toBe("Call: A-1 Ramesh Pawar");
});

test("a day that cannot be read says so and can be asked for again, and the lists are there", async () => {
  const detail = "The records could not be read. Nothing was lost.";
  const { keys } = openClinic({ start: reception }, (backend) => {
    vi.spyOn(backend, "getDay").mockRejectedValueOnce({ code: "internal", detail });
    void backend.bookVisit("p4", walkIn);
  });
  expect((await screen.findByRole("alert")).textContent).toContain(detail);
  expect(await screen.findByRole("region", { name: "Registered today" })).toBeTruthy();
  await keys.click(button("Try again"));
  expect(await screen.findByTestId("visit-row")).toBeTruthy();
});

test("what was seen is perhaps no longer so: the refusal stays in sight, and the row stands where it is now", async () => {
  const detail = "This cannot be done with this visit as it is now. Nothing was changed.";
  const { keys } = await openQueue(reception, (backend) => {
    void backend.bookVisit("p4", walkIn);
    const { getDay } = backend;
    let isOver = false;
    backend.getDay = async (date) => {
      const day = await getDay(date);
      const ended = day.doctors.map((one) => ({ ...one, waiting: [], over: one.waiting }));
      return isOver ? { ...day, doctors: ended } : day;
    };
    vi.spyOn(backend, "stepVisit").mockImplementationOnce(() => {
      isOver = true;
      return Promise.reject({ code: "invalid", detail });
    });
  });
  await keys.keyboard("{ArrowDown}{Enter}");
  const over = within(await screen.findByRole("list", { name: "Finished" }));
  expect((await over.findByRole("alert")).textContent).toContain(detail);
  expect(button("1 finished").getAttribute("aria-expanded")).toBe("true");
  await keys.click(button("1 finished"));
  expect(screen.queryByRole("list", { name: "Finished" })).toBeNull();
});

test("a step is not taken with a visit that another computer moved on before the list showed it", async () => {
  const { keys, backend } = await openQueue(reception, (fake) => void fake.bookVisit("p4", walkIn));
  await keys.keyboard("{ArrowDown}{ArrowRight}");
  button("Entered by mistake").focus();
  await keys.keyboard("{Enter}");
  const list = later<void>();
  const { getDay } = backend;
  const id = (await getDay(null)).doctors[0]?.waiting[0]?.id ?? "";
  backend.getDay = (...asked) => list.promise.then(() => getDay(...asked));
  await backend.stepVisit(id, "arrived", { kind: "start" });
  await keys.keyboard("{ArrowRight}{Enter}");
  expect((await screen.findByRole("alert")).textContent).toContain("This visit has changed meanwhile");
  await act(async () => list.resolve());
  expect(await screen.findByRole("button", { name: "Done: A-1 Ramesh Pawar" })).toBeTruthy();
});

test("the second press of Enter answers no question: neither why, nor whether it was a mistake", async () => {
  const { keys, backend } = await openQueue(reception, (backend) => {
    void backend.bookVisit("p4", booked);
  });
  const step = vi.spyOn(backend, "stepVisit");
  await keys.keyboard("{ArrowDown}{ArrowRight}");
  button("Cancel visit…").focus();
  await keys.keyboard("{Enter}{Enter}");
  expect(focused()).toBe("Why is Ramesh Pawar’s visit being cancelled?");
  await keys.keyboard("{Escape}{ArrowRight}");
  button("Entered by mistake").focus();
  await keys.keyboard("{Enter}{Enter}");
  expect(focused()).toMatch(/^Was Ramesh Pawar’s visit entered by mistake\?/);
  await expectAccessible();
  await keys.keyboard("{Escape}");
  expect(focused()).toBe("Arrived: Ramesh Pawar");
  expect(step).not.toHaveBeenCalled();
  await keys.keyboard("{ArrowRight}");
  button("Entered by mistake").focus();
  await keys.keyboard("{Enter}{ArrowRight}{Enter}");
  await screen.findByText("Ramesh Pawar’s visit is marked as a mistake");
  expect(step).toHaveBeenCalledExactlyOnceWith(expect.any(String), "booked", { kind: "mistake" });
});

test("on another day nobody is next but those who wait today", async () => {
  const { keys } = await openQueue(doctor, (backend) => {
    void backend.bookVisit("p2", booked);
    void backend
      .bookVisit("p4", walkIn)
      .then(({ id, status }) => backend.stepVisit(id, status, { kind: "start" }));
    const { getDay } = backend;
    backend.getDay = async (date) => {
      const day = await getDay(date);
      const [own] = (await getDay(null)).doctors;
      // Who was left waiting the day before.
      return date === null || !own ? day : { ...day, doctors: [{ ...own, waiting: own.withDoctor }] };
    };
  });
  await keys.keyboard("{Alt>}{ArrowLeft}{/Alt}");
  await screen.findByRole("button", { name: "Back to today" });
  await screen.findAllByText(/^Ramesh Pawar/);
  expect(screen.queryByRole("button", { name: "Next patient" })).toBeNull();
});

test("what is typed in the chart is asked about once, before anybody comes in", async () => {
  const { keys, backend } = await openQueue(doctor, (backend) => {
    void backend.bookVisit("p4", walkIn);
  });
  const next = vi.spyOn(backend, "nextPatient");
  await findSunita(keys);
  const illness = screen.getByRole("combobox", { name: "Add an illness" });
  await keys.type(illness, "asthma");
  await keys.keyboard("{F9}");
  await keys.click(await screen.findByRole("button", { name: "Keep typing" }));
  expect(next).not.toHaveBeenCalled();
  expect(illness).toHaveProperty("value", "asthma");
  illness.focus();
  await keys.keyboard("{F9}");
  await keys.click(await screen.findByRole("button", { name: "Discard" }));
  await waitFor(() => expect(screen.getByTestId("chart").textContent).toContain("Ramesh Pawar"));
  expect(screen.queryByRole("button", { name: "Discard" })).toBeNull();
  expect(screen.getByRole("combobox", { name: "Add an illness" })).toHaveProperty("value", "");
});

test("who types on another screen before the next patient is called stays there with what is typed", async () => {
  const { keys, backend, answer } = await openLateNext();
  const next = vi.spyOn(backend, "nextPatient");
  await keys.keyboard("{F9}");
  await waitFor(() => expect(next).toHaveBeenCalledOnce());
  await keys.keyboard("{Control>}{Shift>}n{/Shift}{/Control}");
  await keys.type(await screen.findByLabelText(messages.patient.city), "Pune");
  await act(async () => answer.resolve());
  expect((await screen.findByTestId("toast")).textContent).toContain("Ramesh Pawar");
  expect(screen.queryByTestId("chart")).toBeNull();
  expect(screen.getByDisplayValue("Pune")).toBeTruthy();
});

test("an answer that comes late leads nobody away from where they went meanwhile", async () => {
  const { keys, answer } = await openLateNext();
  await keys.keyboard("{F9}");
  await findSunita(keys);
  await keys.type(screen.getByRole("combobox", { name: "Add an illness" }), "asthma");
  await act(async () => answer.resolve());
  await screen.findByText("Ramesh Pawar comes in");
  expect(screen.getByTestId("chart").textContent).toContain("Sunita Deshmukh");
  expect(screen.getByRole("combobox", { name: "Add an illness" })).toHaveProperty("value", "asthma");
});

test("an answer that comes late leads nobody away from the day that they turned to meanwhile", async () => {
  const { keys, answer } = await openLateNext();
  await keys.keyboard("{F9}{Alt>}{ArrowRight}{/Alt}");
  await screen.findByText("Nobody is booked for this day");
  await act(async () => answer.resolve());
  await screen.findByText("Ramesh Pawar comes in");
  expect(screen.queryByTestId("chart")).toBeNull();
  expect(button("Back to today")).toBeTruthy();
});

test("an answer that comes late leads nobody away from what they opened meanwhile", async () => {
  const { keys, answer } = await openLateNext();
  await keys.keyboard("{F9}");
  await keys.keyboard("{Control>}k{/Control}");
  await keys.type(await screen.findByTestId("finder-input"), "sun");
  await act(async () => answer.resolve());
  await screen.findByText("Ramesh Pawar comes in");
  expect(screen.getByTestId("finder-input")).toHaveProperty("value", "sun");
  expect(screen.queryByTestId("chart")).toBeNull();
});

test("an answer that comes late leads nobody away from what they type meanwhile", async () => {
  const { keys, answer } = await openLateNext();
  await findSunita(keys);
  await keys.keyboard("{F9}");
  await keys.type(screen.getByRole("combobox", { name: "Add an illness" }), "asthma");
  await act(async () => answer.resolve());
  await screen.findByText("Ramesh Pawar comes in");
  expect(screen.queryByRole("button", { name: messages.common.discard })).toBeNull();
  expect(screen.getByRole("combobox", { name: "Add an illness" })).toHaveProperty("value", "asthma");
});

test("everybody whose visit is over with the next patient is named", async () => {
  const { keys } = await openQueue(doctor, (backend) => {
    for (const id of ["p4", "p1"])
      void backend
        .bookVisit(id, walkIn)
        .then((visit) => backend.stepVisit(visit.id, visit.status, { kind: "start" }));
    void backend.bookVisit("p2", walkIn);
  });
  await waitFor(() => expect(screen.getAllByText(/^with the doctor/i).length).toBe(2));
  await keys.keyboard("{F9}");
  await screen.findByText(
    "Prakash Deshmukh comes in; the visits of Ramesh Pawar, Sunita Deshmukh are finished",
  );
});

test("of another day nobody counts the minutes", async () => {
  const { keys } = await openQueue(reception, (backend) => {
    void backend.bookVisit("p4", walkIn);
    const { getDay } = backend;
    backend.getDay = async (date) => {
      const day = await getDay(null);
      return date === null ? day : { ...day, date, isToday: false };
    };
  });
  expect(screen.getByText("0 min")).toBeTruthy();
  await keys.keyboard("{Alt>}{ArrowLeft}{/Alt}");
  await screen.findByRole("button", { name: "Back to today" });
  await screen.findAllByText(/^Ramesh Pawar/);
  expect(screen.queryByText(/min$/)).toBeNull();
});
