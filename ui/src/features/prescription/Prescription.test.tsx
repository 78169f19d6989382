import { act, screen, waitFor, within } from "@testing-library/react";
import type { UserEvent } from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { walkIn } from "../../ipc/fake-day";
import { expectAccessible, findSunita, openClinic, signMetformin, type Prepare } from "../../test/clinic";
import { later } from "../../test/later";

async function openLast(prepare?: Prepare, options = {}) {
  const opened = openClinic(options, prepare);
  const { keys } = opened;
  await screen.findByTestId("today");
  await findSunita(keys);
  await keys.click(screen.getByRole("link", { name: "02 Nov 2026" }));
  await screen.findByTestId("prescription-number");
  return opened;
}

const save = (keys: UserEvent) => keys.click(screen.getByRole("button", { name: "Save as PDF…" }));

test("a signed prescription shows its number and page, and is saved as a file", async () => {
  const { keys } = await openLast();
  expect(screen.getByTestId("prescription-number").textContent).toBe("A-1041");
  await screen.findByTestId("prescription-page");
  await expectAccessible();
  await save(keys);
  expect((await screen.findByTestId("toast")).textContent).toContain("Saved as A-1041.pdf");
});

test("Enter prints it, and on the sheet stand its pages in the size of the paper and nothing else", async () => {
  const { keys, backend } = await openLast();
  await screen.findByTestId("prescription-page");
  await keys.keyboard("{Enter}");
  await waitFor(() => expect(backend.printed).toEqual(["A-1041"]));
  const sheet = screen.getByTestId("print-sheet");
  expect(sheet.parentElement).toBe(document.body);
  expect(sheet.querySelectorAll("img")).toHaveLength(1);
  expect(sheet.className).toContain("a5");
  await keys.selectOptions(screen.getByLabelText("Paper"), "A4");
  await waitFor(() => expect(screen.getByTestId("print-sheet").className).toContain("a4"));
});

test("Ctrl+P shows the page large, and Ctrl+P again prints it", async () => {
  const { keys, backend } = await openLast();
  await screen.findByTestId("prescription-page");
  await keys.keyboard("{Control>}p{/Control}");
  await screen.findByTestId("prescription-page-large");
  expect(backend.printed).toEqual([]);
  await keys.keyboard("{Control>}p{/Control}");
  await waitFor(() => expect(backend.printed).toEqual(["A-1041"]));
});

test("the menu of the system prints it, also while the page is not shown large", async () => {
  const { backend } = await openLast();
  await screen.findByTestId("prescription-page");
  act(() => backend.emit({ name: "menu", payload: "print" }));
  await waitFor(() => expect(backend.printed).toEqual(["A-1041"]));
});

test("a printer that cannot be reached is said, and the prescription stays", async () => {
  const detail = "The print dialog could not be opened. The prescription itself is safe.";
  const { keys } = await openLast((backend) =>
    backend.fail("printPrescription", { code: "internal", detail }),
  );
  await screen.findByTestId("prescription-page");
  await keys.keyboard("{Enter}");
  expect((await screen.findByRole("alert")).textContent).toContain(detail);
});

test("nothing goes to the printer while its page is not drawn", async () => {
  const detail = "The page could not be drawn.";
  const { keys, backend } = await openLast((one) =>
    one.fail("prescriptionPages", { code: "internal", detail }),
  );
  await screen.findByText(detail);
  await keys.keyboard("{Enter}");
  expect(screen.queryByTestId("print-sheet")).toBeNull();
  expect(backend.printed).toEqual([]);
});

test("a prescription that changed elsewhere is printed once its page is drawn anew, and not before", async () => {
  const { keys, backend } = await openLast();
  await screen.findByTestId("prescription-page");
  const waiting: ((pages: string[]) => void)[] = [];
  const draw = vi.spyOn(backend, "prescriptionPages");
  draw.mockImplementationOnce(() => new Promise((drawn) => waiting.push(drawn)));
  act(() => backend.emit({ name: "rows-changed" }));
  await waitFor(() => expect(draw).toHaveBeenCalled());
  await keys.keyboard("{Enter}");
  expect(backend.printed).toEqual([]);
  await act(async () => waiting[0]?.(["<svg>VOID</svg>", "<svg>VOID</svg>"]));
  await waitFor(() => expect(backend.printed).toEqual(["A-1041"]));
  expect(screen.getAllByTestId("prescription-page")).toHaveLength(2);
});

test("a page that cannot be drawn leaves the facts readable", async () => {
  const detail = "The page could not be drawn.";
  await openLast((backend) => backend.fail("prescriptionPages", { code: "internal", detail }));
  expect((await screen.findByRole("alert")).textContent).toContain(detail);
  expect(screen.getByText("TAB. METFORMIN 500 MG")).toBeTruthy();
});

test("a file that cannot be written is said where it was asked for", async () => {
  const detail = "The disk is full. Free some space.";
  const { keys } = await openLast((backend) =>
    backend.fail("savePrescriptionPdf", { code: "disk_full", detail }),
  );
  await save(keys);
  expect((await screen.findByRole("alert")).textContent).toContain(detail);
});

test("a prescription is made void only with a reason, and says so", async () => {
  const { keys } = await openLast();
  await keys.click(screen.getByRole("button", { name: "Make void…" }));
  const dialog = await screen.findByRole("dialog", { name: "Make A-1041 void?" });
  const confirm = within(dialog).getByRole("button", { name: "Make void…" });
  // A longer reason than the record has room for would be refused.
  expect(within(dialog).getByRole("textbox")).toHaveProperty("maxLength", 300);
  expect(confirm).toHaveProperty("disabled", true);
  await keys.type(within(dialog).getByRole("textbox"), "Wrong patient{Enter}");
  await screen.findByText("Wrong patient");
  expect(screen.getByText("Voided")).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Amend…" })).toBeNull();
});

test("an amendment begins with what was signed and replaces it when it is signed", async () => {
  const { keys } = await openLast();
  await keys.click(screen.getByRole("button", { name: "Amend…" }));
  await screen.findByText(/replaces a signed prescription/);
  expect(screen.getByTestId("pad-item").textContent).toContain("METFORMIN");
  await keys.keyboard("{Control>}{Enter}{/Control}");
  await screen.findByTestId("prescription-number");
  expect(screen.getByText("Version").nextSibling?.textContent).toBe("2");
});

test("an amendment whose original was made void meanwhile is signed as a new prescription", async () => {
  const { keys, backend } = await openLast();
  await keys.click(screen.getByRole("button", { name: "Amend…" }));
  await screen.findByText(/replaces a signed prescription/);
  await act(async () => void (await backend.voidPrescription("rx0", "Wrong patient")));
  await keys.click(await screen.findByRole("button", { name: "Write as a new prescription" }));
  expect(screen.getByTestId("pad-item").textContent).toContain("METFORMIN");
  await keys.keyboard("{Control>}{Enter}{/Control}");
  await screen.findByTestId("prescription-number");
  expect(screen.queryByText("Version")).toBeNull();
});

test("a colleague's prescription is amended only with a reason, which stands with the one that was replaced", async () => {
  const { keys } = await openLast(undefined, { start: "vikram@example.in" });
  await keys.click(screen.getByRole("button", { name: "Amend…" }));
  const why = await screen.findByRole("textbox", { name: /Why it is amended/ });
  await keys.keyboard("{Control>}{Enter}{/Control}");
  expect((await screen.findByRole("alert")).textContent).toContain("Write why it is amended.");
  await keys.type(why, "The dose was too high");
  await expectAccessible();
  await keys.keyboard("{Control>}{Enter}{/Control}");
  await screen.findByTestId("prescription-number");
  expect(screen.getByText("Version").nextSibling?.textContent).toBe("2");
  await findSunita(keys);
  await keys.click(screen.getByRole("link", { name: "02 Nov 2026" }));
  expect((await screen.findByText("Amended because")).nextSibling?.textContent).toBe("The dose was too high");
});

test("an earlier prescription is copied into the pad", async () => {
  const { keys } = await openLast();
  await keys.click(screen.getByRole("button", { name: /Copy into the pad/ }));
  await screen.findByTestId("pad-difference");
  expect(screen.getByTestId("pad-item").textContent).toContain("METFORMIN");
});

test("who signed it is shown with whether that was their own key", async () => {
  await openLast();
  expect(screen.getByText("Signed by").nextSibling?.textContent).toBe(
    "Dr. Anjali Kulkarni, with their own key",
  );
});

test("the doctor signs, looks at the page, and F9 has the next come in", async () => {
  const { keys } = openClinic({}, (backend) => {
    void backend
      .bookVisit("p1", walkIn)
      .then(({ id, status }) => backend.stepVisit(id, status, { kind: "start" }));
    void backend.bookVisit("p4", walkIn);
  });
  await screen.findByTestId("today");
  await signMetformin(keys);
  await screen.findByText("next patient");
  await keys.keyboard("{Control>}p{/Control}");
  await screen.findByTestId("prescription-page-large");
  await keys.keyboard("{F9}{Escape}");
  expect(screen.getByTestId("prescription-number")).toBeTruthy();
  await keys.keyboard("{F9}");
  expect((await screen.findByTestId("chart")).textContent).toContain("Ramesh Pawar");
});

test("nobody comes in before what was asked for is at the printer", async () => {
  const { keys, backend } = await openLast((backend) => void backend.bookVisit("p4", walkIn));
  await screen.findByTestId("prescription-page");
  await screen.findByText("next patient");
  const printing = later<void>();
  vi.spyOn(backend, "printPrescription").mockReturnValueOnce(printing.promise);
  const next = vi.spyOn(backend, "nextPatient");
  await keys.keyboard("{Enter}");
  await waitFor(() => expect(backend.printPrescription).toHaveBeenCalledTimes(1));
  await keys.keyboard("{F9}");
  expect(next).not.toHaveBeenCalled();
  act(() => printing.resolve());
  await screen.findByText("next patient");
  await keys.keyboard("{F9}");
  expect((await screen.findByTestId("chart")).textContent).toContain("Ramesh Pawar");
});
