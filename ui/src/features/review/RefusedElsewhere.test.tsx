import { act, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { openClinic, refusedElsewhere } from "../../test/clinic";
import { later } from "../../test/later";

test("a refused change that comes late opens over nothing that was opened meanwhile, and can be asked for again", async () => {
  const server = later<void>();
  const { keys, backend } = openClinic({}, (fake) => fake.differ(refusedElsewhere));
  const { lookAtRefused } = backend;
  backend.lookAtRefused = (...asked) => server.promise.then(() => lookAtRefused(...asked));
  await screen.findByTestId("today");
  await keys.keyboard("{Control>}{Shift>}r{/Shift}{/Control}");
  await keys.click(await screen.findByRole("button", { name: "Look at it…" }));
  await keys.keyboard("{Control>}k{/Control}");
  const field = await screen.findByTestId("finder-input");
  await act(async () => server.resolve());
  expect(screen.getAllByRole("dialog")).toHaveLength(1);
  expect(document.activeElement).toBe(field);
  await keys.keyboard("{Escape}");
  await keys.click(screen.getByRole("button", { name: "Look at it…" }));
  expect(await screen.findByDisplayValue("Pune")).toBeTruthy();
});
