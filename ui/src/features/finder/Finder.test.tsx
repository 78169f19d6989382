import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import type { PatientsFound } from "../../ipc/bindings/PatientsFound";
import { later } from "../../test/later";
import { expectAccessible, openClinic, type Prepare } from "../../test/clinic";

async function openFinder(prepare?: Prepare) {
  const opened = openClinic({}, prepare);
  await screen.findByTestId("today");
  await opened.keys.keyboard("{Control>}k{/Control}");
  await screen.findByTestId("finder-input");
  return opened;
}

test("nothing typed says what can be typed", async () => {
  await openFinder();
  expect(screen.getByText("Type a mobile number, a name or a patient code.")).toBeTruthy();
  expect(screen.queryByTestId("finder-option")).toBeNull();
});

test("no match offers to register what was typed", async () => {
  const { keys } = await openFinder();
  await keys.keyboard("Farida");
  expect(await screen.findByText("Nobody here matches “Farida”.")).toBeTruthy();
  await keys.keyboard("{Enter}");
  expect(await screen.findByLabelText("First name")).toHaveProperty("value", "Farida");
});

test("who is only spelt otherwise is marked and opened by arrows alone", async () => {
  const { keys } = await openFinder();
  await keys.keyboard("suneeta");
  const option = await screen.findByRole("option", { name: /Sunita Deshmukh .*Spelt differently/ });
  expect(option.ariaSelected).toBe("false");
  expect(screen.getByRole("option", { name: /Register suneeta/ }).ariaSelected).toBe("true");
  expect(
    screen.getByText(
      "Nobody here matches “suneeta”. 1 person with the name spelt differently: choose with the arrow keys.",
    ),
  ).toBeTruthy();
  await expectAccessible();
  await keys.keyboard("{ArrowDown}");
  expect(option.ariaSelected).toBe("true");
  await keys.keyboard("{Enter}");
  expect((await screen.findByTestId("chart")).textContent).toContain("Sunita Deshmukh");
});

test("Enter behind a name that is only known in another spelling registers what was typed", async () => {
  const { keys } = await openFinder();
  await keys.keyboard("suneeta");
  await screen.findByRole("option", { name: /Spelt differently/ });
  await keys.keyboard("{Enter}");
  expect(await screen.findByLabelText("First name")).toHaveProperty("value", "suneeta");
});

test("who is found as typed carries no mark", async () => {
  const { keys } = await openFinder();
  await keys.keyboard("sunita");
  const option = await screen.findByRole("option", { name: /Sunita Deshmukh/ });
  expect(option.ariaSelected).toBe("true");
  expect(screen.queryByText("Spelt differently")).toBeNull();
});

test("as long as not everybody has come, nobody found is not nobody there", async () => {
  const { keys, backend } = await openFinder();
  const status = await backend.syncStatus();
  const filling = { hasToday: true, rows: 12_300, total: 211_000 };
  act(() => backend.emit({ name: "sync-status", payload: { ...status, filling } }));
  expect((await screen.findByTestId("filling")).textContent).toContain("not all records are here yet");
  expect(screen.getByRole("progressbar", { name: "Records received" })).toHaveProperty("value", 12_300);
  expect(screen.getByText("12,300 of about 2,11,000")).toBeTruthy();
  await keys.keyboard("Farida");
  expect(await screen.findByText(/Nobody here matches “Farida”. Not all patients have reached/)).toBeTruthy();
  await expectAccessible();
  act(() => backend.emit({ name: "sync-status", payload: { ...status, filling: null } }));
  expect(await screen.findByText("Nobody here matches “Farida”.")).toBeTruthy();
  await waitFor(() => expect(screen.queryByTestId("filling")).toBeNull());
});

test("who is shown keeps their place while rows arrive, so that a digit opens who was seen", async () => {
  const { keys, backend } = await openFinder();
  const [sunita] = (await backend.findPatients("sunita")).people;
  if (!sunita) throw new Error("BUG: nobody is there");
  const prakash = { ...sunita, id: "p99", fullName: "Prakash Deshmukh" };
  const find = vi
    .spyOn(backend, "findPatients")
    .mockResolvedValue({ people: [sunita, prakash], hasMore: false });
  await keys.keyboard("9820441276");
  await screen.findByRole("option", { name: /Prakash Deshmukh/ });
  find.mockResolvedValue({ people: [prakash, sunita], hasMore: false });
  await act(async () => backend.emit({ name: "rows-changed" }));
  await keys.keyboard("1");
  expect((await screen.findByTestId("chart")).textContent).toContain("Sunita Deshmukh");
});

test("who may not be all who fit are said to be the first of them", async () => {
  const { keys, backend } = await openFinder();
  const [sunita] = (await backend.findPatients("sunita")).people;
  if (!sunita) throw new Error("BUG: nobody is there");
  const people = Array.from({ length: 12 }, (_, place) => ({ ...sunita, id: `p${place}` }));
  const find = vi.spyOn(backend, "findPatients").mockResolvedValue({ people, hasMore: true });
  await keys.keyboard("su");
  expect(await screen.findByText("The first 12 people. Type more to find others.")).toBeTruthy();
  find.mockResolvedValue({ people, hasMore: false });
  await keys.keyboard("n");
  expect(await screen.findByText("12 people")).toBeTruthy();
});

test("what was found stands whole until the next answer comes", async () => {
  const { keys, backend } = await openFinder();
  await keys.keyboard("sunita");
  const option = await screen.findByRole("option", { name: /Sunita Deshmukh/ });
  const next = later<PatientsFound>();
  vi.spyOn(backend, "findPatients").mockReturnValue(next.promise);
  await keys.keyboard("x");
  expect(option.isConnected).toBe(true);
  expect(screen.getByText("1 person")).toBeTruthy();
  await keys.keyboard("{Enter}");
  expect(screen.queryByTestId("chart")).toBeNull();
  act(() => next.resolve({ people: [], hasMore: false }));
  expect(await screen.findByText("Nobody here matches “sunitax”.")).toBeTruthy();
});

test("a click opens nobody who was written under the pointer after it was pressed", async () => {
  const { keys, backend } = await openFinder();
  await keys.keyboard("sunita");
  const row = await screen.findByRole("option", { name: /Sunita Deshmukh/ });
  const { people } = await backend.findPatients("sunita");
  const other = people.map((one) => ({ ...one, id: "p99", fullName: "Sunita Patil" }));
  vi.spyOn(backend, "findPatients").mockResolvedValue({ people: other, hasMore: false });
  fireEvent.mouseDown(row);
  await keys.keyboard(" p");
  const written = await screen.findByRole("option", { name: /Sunita Patil/ });
  fireEvent.click(written);
  expect(screen.getByTestId("finder-input")).toBeTruthy();
  const asked = vi.spyOn(backend, "getChart");
  await keys.click(written);
  await waitFor(() => expect(asked).toHaveBeenCalledWith("p99"));
});

test("nobody is registered by a click before the answer says who is here", async () => {
  const { keys, backend } = await openFinder();
  await keys.keyboard("sunit");
  const register = await screen.findByRole("option", { name: /Register sunit/ });
  const next = later<PatientsFound>();
  vi.spyOn(backend, "findPatients").mockReturnValue(next.promise);
  await keys.keyboard("x");
  await keys.click(register);
  expect(screen.queryByTestId("register-form")).toBeNull();
  act(() => next.resolve({ people: [], hasMore: false }));
  await keys.click(await screen.findByRole("option", { name: /Register sunitx/ }));
  expect(await screen.findByTestId("register-form")).toBeTruthy();
});

test("a chart is asked for once, before its screen is drawn", async () => {
  const { keys, backend } = await openFinder();
  const asked = vi.spyOn(backend, "getChart");
  await keys.keyboard("sunita");
  await screen.findByRole("option", { name: /Sunita Deshmukh/ });
  await keys.keyboard("{Enter}");
  await screen.findByTestId("chart");
  expect(asked).toHaveBeenCalledTimes(1);
});

test("who arrives while nobody is found is shown", async () => {
  const { keys, backend } = await openFinder();
  const found = await backend.findPatients("sunita");
  const find = vi.spyOn(backend, "findPatients").mockResolvedValue({ people: [], hasMore: false });
  await keys.keyboard("sunita");
  await screen.findByText("Nobody here matches “sunita”.");
  find.mockResolvedValue(found);
  act(() => backend.emit({ name: "rows-changed" }));
  expect(await screen.findByRole("option", { name: /Sunita Deshmukh/ })).toBeTruthy();
});

test("a search that fails says so and keeps what was typed", async () => {
  const detail = "The records could not be read. Nothing was lost.";
  const { keys } = await openFinder((backend) => backend.fail("findPatients", { code: "internal", detail }));
  await keys.keyboard("sunita");
  expect((await screen.findByRole("alert")).textContent).toContain(detail);
  expect(screen.getByTestId("finder-input")).toHaveProperty("value", "sunita");
});

test("Escape closes the finder and gives the focus back", async () => {
  const { keys } = openClinic();
  await screen.findByTestId("today");
  const button = screen.getByRole("button", { name: /Find patient/ });
  await keys.click(button);
  await screen.findByTestId("finder-input");
  await keys.keyboard("{Escape}");
  expect(screen.queryByTestId("finder-input")).toBeNull();
  expect(document.activeElement).toBe(button);
});

test("who is marked stays marked, and nobody else is opened whom a late answer has in that place", async () => {
  const late = later<PatientsFound>();
  const { keys, backend } = await openFinder();
  const both = await backend.findPatients("a");
  const [first, second, third] = both.people;
  if (!first || !second || !third) throw new Error("too few people");
  backend.findPatients = (typed) =>
    typed === "a" ? Promise.resolve({ ...both, people: [first, second] }) : late.promise;
  await keys.keyboard("a");
  await screen.findByRole("option", { name: new RegExp(second.fullName) });
  await keys.keyboard("b{ArrowDown}");
  await act(async () => late.resolve({ ...both, people: [second, third] }));
  expect(screen.getByRole("option", { selected: true }).textContent).toContain(second.fullName);
  await keys.keyboard("{Enter}");
  expect((await screen.findByTestId("chart")).textContent).toContain(second.fullName);
});
