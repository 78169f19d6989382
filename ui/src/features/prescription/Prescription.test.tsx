import { screen } from "@testing-library/react";
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
