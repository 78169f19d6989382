import { act, screen, waitFor, within } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { walkIn } from "../../ipc/fake-day";
import { fakeBoxes } from "../../ipc/fake-letterhead";
import { messages } from "../../messages";
import { expectAccessible, findSunita, openClinic, type Prepare } from "../../test/clinic";
import { later } from "../../test/later";

const booked = { ...walkIn, isHere: false, time: "23:40" };

/** The reception before the queue. */
async function openQueue(prepare: Prepare) {
  const opened = openClinic({ start: "priya@example.in" }, prepare);
  await screen.findAllByTestId("visit-row");
  return opened;
}

/** The day after a token was given to Sunita Deshmukh in her chart. */
async function giveToken(start: string) {
  const opened = openClinic({ start });
  await screen.findByTestId("today");
  await findSunita(opened.keys);
  await opened.keys.keyboard("{Control>}b{/Control}");
  await screen.findByRole("button", { name: "Give token A-1" });
  await opened.keys.keyboard("{Enter}");
  await screen.findByTestId("todays-visit");
  return opened;
}

const sheets = () => screen.queryAllByTestId("print-sheet");
/** The sheets that come out of the printer. */
const onPaper = () => sheets().filter((sheet) => sheet.dataset["prints"] !== undefined);
const button = (name: string) => screen.getByRole("button", { name });

test("P prints the slip of the marked visit, on a strip of its own", async () => {
  const { keys, backend } = await openQueue((backend) => {
    void backend.bookVisit("p4", walkIn);
    void backend.bookVisit("p2", walkIn);
  });
  const step = vi.spyOn(backend, "stepVisit");
  await keys.keyboard("{ArrowDown}{ArrowDown}p");
  await waitFor(() => expect(backend.printed).toEqual(["A-2"]));
  const [sheet] = onPaper();
  expect(sheet?.parentElement).toBe(document.body);
  expect(sheet?.querySelectorAll("img")).toHaveLength(1);
  expect(sheet?.className).toContain("strip");
  expect(sheet?.querySelector("div")?.style.aspectRatio).toBe("80 / 91.5");
  expect(document.activeElement).toBe(button("Call: A-2 Prakash Deshmukh"));
  await keys.keyboard("{ArrowUp}p");
  await waitFor(() => expect(backend.printed).toEqual(["A-2", "A-1"]));
  expect(sheets()).toHaveLength(1);
  expect(step).not.toHaveBeenCalled();
});

test("whoever has no token has no slip: the key says so, and nothing is printed", async () => {
  const { keys, backend } = await openQueue((backend) => void backend.bookVisit("p4", booked));
  expect(screen.queryByText("print the token slip")).toBeNull();
  await keys.keyboard("p");
  await screen.findByText(/^First choose a visit with the arrow keys/);
  await keys.keyboard("{ArrowDown}p");
  await screen.findByText("This visit has no token yet. Nothing was printed.");
  await expectAccessible();
  expect(backend.printed).toEqual([]);
  expect(sheets()).toEqual([]);
});

test("the slip stands among what else can be done with whoever waits, and with nobody else", async () => {
  const { keys, backend } = await openQueue((backend) => {
    void backend.bookVisit("p4", walkIn);
    void backend
      .bookVisit("p2", walkIn)
      .then(({ id, status }) => backend.stepVisit(id, status, { kind: "start" }));
  });
  await screen.findByText("print the token slip");
  await keys.click(button("More: A-2 Prakash Deshmukh"));
  expect(screen.queryByRole("button", { name: "Print slip" })).toBeNull();
  await keys.keyboard("{Escape}");
  await keys.click(button("More: A-1 Ramesh Pawar"));
  await expectAccessible();
  await keys.click(button("Print slip"));
  await waitFor(() => expect(backend.printed).toEqual(["A-1"]));
  expect(document.activeElement).toBe(button("Call: A-1 Ramesh Pawar"));
  expect(screen.queryByRole("group")).toBeNull();
});

test("a key that is pressed again while the slip is drawn prints one, and letters that are typed print none", async () => {
  const drawn = later<void>();
  const { keys, backend } = await openQueue((backend) => {
    void backend.bookVisit("p4", walkIn);
    const { tokenSlip } = backend;
    backend.tokenSlip = (id) => drawn.promise.then(() => tokenSlip(id));
  });
  await keys.keyboard("{ArrowDown}{p>4/}p");
  expect(backend.printed).toEqual([]);
  drawn.resolve();
  await waitFor(() => expect(backend.printed).toEqual(["A-1"]));
  await keys.keyboard("{Control>}k{/Control}");
  await keys.type(await screen.findByTestId("finder-input"), "prakash");
  expect(screen.getByTestId("finder-input")).toHaveProperty("value", "prakash");
  expect(backend.printed).toEqual(["A-1"]);
});

test("slips that are asked for while one is drawn come out after it: each once, and each of whom it is", async () => {
  const drawn = later<void>();
  const lengths: (string | undefined)[] = [];
  const { keys, backend } = await openQueue((backend) => {
    void backend.bookVisit("p4", walkIn);
    void backend.bookVisit("p2", walkIn);
    const { tokenSlip, printSlip } = backend;
    backend.tokenSlip = async (id) => {
      await drawn.promise;
      const [pages] = await tokenSlip(id);
      return [pages, pages.join().includes("A-1") ? 101 : 102, null];
    };
    backend.printSlip = (id) => {
      lengths.push(onPaper()[0]?.querySelector("div")?.style.aspectRatio);
      return printSlip(id);
    };
  });
  await keys.keyboard("{ArrowDown}p{ArrowDown}pp{ArrowUp}p");
  expect(sheets()).toEqual([]);
  await act(async () => drawn.resolve());
  await waitFor(() => expect(backend.printed).toEqual(["A-1", "A-2"]));
  expect(lengths).toEqual(["80 / 100", "80 / 101"]);
});

test("letters that the slip cannot have are told when it is printed", async () => {
  const { keys, backend } = await openQueue((backend) => {
    void backend.bookVisit("p4", walkIn);
    const { tokenSlip } = backend;
    backend.tokenSlip = async (id) => {
      const [pages, millimetres] = await tokenSlip(id);
      return [pages, millimetres, fakeBoxes];
    };
  });
  await keys.keyboard("{ArrowDown}p");
  expect((await screen.findByTestId("toast")).textContent).toContain(fakeBoxes);
  await waitFor(() => expect(backend.printed).toEqual(["A-1"]));
});

test("a slip that does not reach the printer is told of, and can be asked for again", async () => {
  const detail = "The print dialog did not open. The token holds: tell it to the patient.";
  const { keys, backend } = await openQueue((backend) => {
    void backend.bookVisit("p4", walkIn);
    vi.spyOn(backend, "printSlip").mockRejectedValueOnce({ code: "internal", detail });
  });
  await keys.keyboard("{ArrowDown}p");
  expect((await screen.findByTestId("toast")).textContent).toContain(detail);
  await keys.keyboard("p");
  await waitFor(() => expect(backend.printed).toEqual(["A-1"]));
});

test("when a token was given, its slip is offered with what is said, and by key in the chart", async () => {
  const { keys, backend } = await giveToken("priya@example.in");
  const toast = within(screen.getByTestId("toast"));
  expect(toast.getByText("Sunita Deshmukh is waiting with token A-1")).toBeTruthy();
  await expectAccessible();
  await keys.keyboard("{Control>}p{/Control}");
  await waitFor(() => expect(backend.printed).toEqual(["A-1"]));
  await keys.click(toast.getByRole("button", { name: "Print slip: A-1 Sunita Deshmukh" }));
  await waitFor(() => expect(backend.printed).toEqual(["A-1", "A-1"]));
  // What was told can still be undone; then there is nothing to be printed.
  await keys.keyboard("{Control>}u{/Control}");
  await waitFor(() => expect(screen.queryByTestId("todays-visit")).toBeNull());
  await keys.keyboard("{Control>}p{/Control}");
  expect(
    await screen.findByText("Sunita Deshmukh has no token today. Press Ctrl B to give one."),
  ).toBeTruthy();
  expect(backend.printed).toEqual(["A-1", "A-1"]);
});

test("of a slip and a prescription that both stand ready, what was asked for last is on paper", async () => {
  const { keys, backend } = await giveToken("anjali@example.in");
  await keys.click(screen.getByRole("link", { name: "02 Nov 2026" }));
  await screen.findByTestId("prescription-page");
  await keys.keyboard("{Enter}");
  await waitFor(() => expect(backend.printed).toEqual(["A-1041"]));
  expect(onPaper().map(({ className }) => className)).toEqual([expect.stringContaining("a5")]);
  await keys.click(button("Print slip: A-1 Sunita Deshmukh"));
  await waitFor(() => expect(backend.printed).toEqual(["A-1041", "A-1"]));
  expect(onPaper().map(({ className }) => className)).toEqual([expect.stringContaining("strip")]);
  button(messages.prescription.print).focus();
  await keys.keyboard("{Enter}");
  await waitFor(() => expect(backend.printed).toEqual(["A-1041", "A-1", "A-1041"]));
  expect(onPaper().map(({ className }) => className)).toEqual([expect.stringContaining("a5")]);
});

test("nothing of a slip stays in the window behind the lock", async () => {
  const { keys, backend } = await openQueue((backend) => void backend.bookVisit("p4", walkIn));
  await keys.keyboard("{ArrowDown}p");
  await waitFor(() => expect(backend.printed).toEqual(["A-1"]));
  await keys.click(button("Lock"));
  await screen.findByRole("heading", { name: messages.unlock.title });
  expect(sheets()).toEqual([]);
});

test("a slip takes no prescription’s place that is on its way to the printer, and comes after it", async () => {
  const { keys, backend } = await giveToken("anjali@example.in");
  await keys.click(screen.getByRole("link", { name: "02 Nov 2026" }));
  await screen.findByTestId("prescription-page");
  const printer = later<void>();
  const { printPrescription } = backend;
  const printing = vi.fn((id: string) => printer.promise.then(() => printPrescription(id)));
  backend.printPrescription = printing;
  await keys.keyboard("{Enter}");
  await waitFor(() => expect(printing).toHaveBeenCalled());
  await keys.click(button("Print slip: A-1 Sunita Deshmukh"));
  expect(onPaper().map(({ className }) => className)).toEqual([expect.stringContaining("a5")]);
  await act(async () => printer.resolve());
  await waitFor(() => expect(backend.printed).toEqual(["A-1041", "A-1"]));
  expect(onPaper().map(({ className }) => className)).toEqual([expect.stringContaining("strip")]);
});

test("a prescription that was left before it could go to the printer is not printed, and keeps no slip back", async () => {
  const { keys, backend } = await giveToken("anjali@example.in");
  await keys.click(screen.getByRole("link", { name: "02 Nov 2026" }));
  await screen.findByTestId("prescription-page");
  const drawn = later<void>();
  const decode = vi.spyOn(HTMLImageElement.prototype, "decode").mockReturnValue(drawn.promise);
  await keys.keyboard("{Enter}");
  await waitFor(() => expect(decode).toHaveBeenCalled());
  await keys.keyboard("{Control>}2{/Control}");
  await screen.findByTestId("todays-visit");
  decode.mockRestore();
  await act(async () => drawn.resolve());
  await keys.keyboard("{Control>}p{/Control}");
  await waitFor(() => expect(backend.printed).toEqual(["A-1"]));
});

test("P prints by itself alone: with another key it is the system’s, and with Caps Lock it is the same", async () => {
  const { keys, backend } = await openQueue((backend) => void backend.bookVisit("p4", walkIn));
  await keys.keyboard("{ArrowDown}{Control>}p{/Control}{Meta>}p{/Meta}{Alt>}p{/Alt}{Shift>}P{/Shift}");
  await keys.keyboard("{Meta>}w{/Meta}{Control>}w{/Control}");
  expect(screen.queryByTestId("week")).toBeNull();
  expect(sheets()).toEqual([]);
  await keys.keyboard("P");
  await waitFor(() => expect(backend.printed).toEqual(["A-1"]));
});
