import { act, screen, waitFor, within } from "@testing-library/react";
import type { UserEvent } from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import type { CommandError } from "../../ipc/bindings/CommandError";
import { dayWithWeekday } from "../../shared/format";
import { dateIn, dateTyped, expectAccessible, openClinic } from "../../test/clinic";
import { later } from "../../test/later";

const goThere = (keys: UserEvent) => keys.keyboard("{Control>}{Shift>}f{/Shift}{/Control}");

async function openFollowUps(...asked: Parameters<typeof openClinic>) {
  const opened = openClinic(...asked);
  await screen.findByTestId("today");
  await goThere(opened.keys);
  await screen.findByTestId("follow-ups");
  return opened;
}

const rows = () => screen.findAllByTestId("due-row");
const names = async () =>
  (await rows()).map((row) => within(row).getAllByRole("button")[0]?.querySelector("strong")?.textContent);

test("who was asked to come again stands there by day, with their number, the day in words and the doctor", async () => {
  await openFollowUps();
  expect(await names()).toEqual(["Ramesh Pawar", "Sunita Deshmukh"]);
  const [ramesh, sunita] = await rows();
  expect(ramesh?.textContent).toContain("5 days ago");
  expect(sunita?.textContent).toContain("+91 98204 41276");
  expect(sunita?.textContent).toContain("54 y F");
  expect(sunita?.textContent).toContain(`in 2 days ${dayWithWeekday(dateIn(2))}`);
  expect(sunita?.textContent).toContain("Dr. Anjali Kulkarni");
  expect(screen.getByText("2 people due").getAttribute("role")).toBe("status");
  await expectAccessible();
});

test("work starts at the first row, the arrows walk, and Enter opens the chart", async () => {
  const { keys } = await openFollowUps();
  await rows();
  await waitFor(() => expect(document.activeElement?.textContent).toContain("Ramesh Pawar"));
  await keys.keyboard("{ArrowDown}");
  expect(document.activeElement?.textContent).toContain("Sunita Deshmukh");
  await keys.keyboard("{Home}{End}{Enter}");
  expect((await screen.findByTestId("chart")).textContent).toContain("Sunita Deshmukh");
});

test("the key of the booking books for the day and with the doctor of the return, and the next row has the focus", async () => {
  const { keys, backend } = await openFollowUps();
  const book = vi.spyOn(backend, "bookVisit");
  await rows();
  await keys.keyboard("{End}{Control>}b{/Control}");
  const dialog = within(await screen.findByRole("dialog", { name: /Sunita Deshmukh/ }));
  expect(await dialog.findByLabelText("Day")).toHaveProperty("value", dateTyped(2));
  expect(dialog.getByLabelText("Doctor")).toHaveProperty("value", "d1");
  expect(dialog.getByLabelText("Type of visit")).toHaveProperty("value", "follow_up");
  expect(document.activeElement).toBe(dialog.getByLabelText("Time"));
  await keys.keyboard("9:30{Enter}");
  await screen.findByText(/^Sunita Deshmukh is booked/);
  expect(book.mock.calls[0]?.[1]).toMatchObject({ wasAsked: true, isHere: false, time: "9:30" });
  await waitFor(async () => expect(await names()).toEqual(["Ramesh Pawar"]));
  await waitFor(() => expect(document.activeElement?.textContent).toContain("Ramesh Pawar"));
});

test("of a day that is over, the day is asked for", async () => {
  const { keys } = await openFollowUps();
  await rows();
  await keys.keyboard("{Control>}b{/Control}");
  const dialog = within(await screen.findByRole("dialog", { name: /Ramesh Pawar/ }));
  const day = await dialog.findByLabelText("Day");
  expect(day).toHaveProperty("value", "");
  expect(document.activeElement).toBe(day);
  expect(dialog.getByLabelText("Later")).toHaveProperty("checked", true);
});

test("each row is booked by its own button, too", async () => {
  const { keys } = await openFollowUps();
  await rows();
  await keys.click(screen.getByRole("button", { name: "Book: Sunita Deshmukh, Dr. Anjali Kulkarni" }));
  expect(await screen.findByRole("dialog", { name: /Sunita Deshmukh/ })).toBeTruthy();
});

test("other days are a choice away, and somebody who is due with two doctors stands there with both", async () => {
  const { keys } = await openFollowUps();
  await rows();
  await keys.click(screen.getByRole("radio", { name: "Overdue" }));
  await waitFor(async () => expect(await names()).toEqual(["Ramesh Pawar", "Ramesh Pawar"]));
  const doctors = (await rows()).map((row) => row.textContent);
  expect(doctors[0]).toContain("Dr. Vikram Shah");
  expect(doctors[1]).toContain("Dr. Anjali Kulkarni");
  expect(screen.getByRole("button", { name: "Book: Ramesh Pawar, Dr. Vikram Shah" })).toBeTruthy();
  expect(document.activeElement).toBe(screen.getByRole("radio", { name: "Overdue" }));
  await keys.click(screen.getByRole("radio", { name: "Next 30 days" }));
  await waitFor(async () => expect(await names()).toHaveLength(2));
});

test("what changes elsewhere is seen at once", async () => {
  const { backend } = await openFollowUps();
  expect(await names()).toHaveLength(2);
  await act(() =>
    backend.bookVisit("p1", {
      doctorId: "d1",
      day: "1d",
      time: "",
      visitType: "follow_up",
      isUrgent: false,
      reason: "",
      isHere: false,
      wasAsked: false,
    }),
  );
  await waitFor(async () => expect(await names()).toEqual(["Ramesh Pawar"]));
});

test("where nobody is due it says so", async () => {
  await openFollowUps({}, (backend) => {
    backend.listFollowUps = () => Promise.resolve({ people: [], hasMore: false });
  });
  expect((await screen.findByText("Nobody is due.")).getAttribute("role")).toBe("status");
  await expectAccessible();
});

test("a list that stops before its end says so", async () => {
  await openFollowUps({}, (backend) => {
    const { listFollowUps } = backend;
    backend.listFollowUps = async (days) => ({ ...(await listFollowUps(days)), hasMore: true });
  });
  expect(await screen.findByText("The 2 due nearest to today; there are more.")).toBeTruthy();
});

test("it says that it loads, and a failure in a sentence with a way to try again", async () => {
  const disk = later<void>();
  const detail = "The records could not be read.";
  let isBroken = true;
  const { keys } = await openFollowUps({}, (backend) => {
    const { listFollowUps } = backend;
    backend.listFollowUps = async (days) => {
      if (!isBroken) return listFollowUps(days);
      await disk.promise;
      throw { code: "internal", detail } satisfies CommandError;
    };
  });
  expect(await screen.findByRole("status", { name: "Loading" })).toBeTruthy();
  await act(async () => disk.resolve());
  expect((await screen.findByRole("alert")).textContent).toContain(detail);
  await expectAccessible();
  isBroken = false;
  await keys.click(screen.getByRole("button", { name: "Try again" }));
  expect(await names()).toHaveLength(2);
  expect(screen.queryByRole("alert")).toBeNull();
});

test("a computer at the front desk says that it holds no prescriptions, and asks for nothing", async () => {
  const asked = vi.fn<() => void>();
  await openFollowUps({ start: "priya@example.in" }, (backend) => {
    const { listFollowUps } = backend;
    backend.listFollowUps = (days) => {
      asked();
      return listFollowUps(days);
    };
  });
  expect(await screen.findByText(/This computer does not hold prescriptions/)).toBeTruthy();
  expect(screen.queryByRole("radio")).toBeNull();
  expect(asked).not.toHaveBeenCalled();
  await expectAccessible();
});

test("today leads there, and its key stands in the sheet of keys", async () => {
  const { keys } = openClinic();
  await keys.click(await screen.findByRole("link", { name: "All follow-ups" }));
  await screen.findByTestId("follow-ups");
  await keys.click(screen.getByRole("button", { name: "Keys" }));
  const sheet = within(await screen.findByRole("dialog", { name: "Keys" }));
  expect(sheet.getByText("follow-ups")).toBeTruthy();
  expect(sheet.getByText("In a chart and in Follow-ups")).toBeTruthy();
});
