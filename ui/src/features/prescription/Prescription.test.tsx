import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { expectAccessible, findSunita, openClinic } from "../../test/clinic";

async function openLast(prepare?: Parameters<typeof openClinic>[1]) {
  const { keys } = openClinic({}, prepare);
  await screen.findByTestId("today");
  await findSunita(keys);
  await keys.click(screen.getByRole("link", { name: "02 Nov 2026" }));
  await screen.findByTestId("prescription-number");
  return keys;
}

test("a signed prescription shows its number and page, and is saved with Enter", async () => {
  const keys = await openLast();
  expect(screen.getByTestId("prescription-number").textContent).toBe("A-1041");
  await screen.findByTestId("prescription-page");
  await expectAccessible();
  await keys.keyboard("{Enter}");
  expect((await screen.findByTestId("toast")).textContent).toContain("Saved as A-1041.pdf");
});

test("a page that cannot be drawn leaves the facts readable", async () => {
  const detail = "The page could not be drawn.";
  await openLast((backend) => backend.fail("prescriptionPages", { code: "internal", detail }));
  expect((await screen.findByRole("alert")).textContent).toContain(detail);
  expect(screen.getByText("TAB. METFORMIN 500 MG")).toBeTruthy();
});

test("a file that cannot be written is said where it was asked for", async () => {
  const detail = "The disk is full. Free some space.";
  const keys = await openLast((backend) =>
    backend.fail("savePrescriptionPdf", { code: "disk_full", detail }),
  );
  await keys.keyboard("{Enter}");
  expect((await screen.findByRole("alert")).textContent).toContain(detail);
});

test("a prescription is made void only with a reason, and says so", async () => {
  const keys = await openLast();
  await keys.click(screen.getByRole("button", { name: "Make void…" }));
  const dialog = await screen.findByRole("dialog", { name: "Make A-1041 void?" });
  const confirm = within(dialog).getByRole("button", { name: "Make void…" });
  expect(confirm).toHaveProperty("disabled", true);
  await keys.type(within(dialog).getByRole("textbox"), "Wrong patient{Enter}");
  await screen.findByText("Wrong patient");
  expect(screen.getByText("Voided")).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Amend…" })).toBeNull();
});

test("an amendment begins with what was signed and replaces it when it is signed", async () => {
  const keys = await openLast();
  await keys.click(screen.getByRole("button", { name: "Amend…" }));
  await screen.findByText(/replaces a signed prescription/);
  expect(screen.getByTestId("pad-item").textContent).toContain("METFORMIN");
  await keys.keyboard("{Control>}{Enter}{/Control}");
  await screen.findByTestId("prescription-number");
  expect(screen.getByText("Version").nextSibling?.textContent).toBe("2");
});

test("an earlier prescription is copied into the pad", async () => {
  const keys = await openLast();
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
