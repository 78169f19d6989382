import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { findSunita, openClinic } from "../../test/clinic";

test("a search for the other registration says when it shows only the first of many", async () => {
  const { keys, backend } = openClinic();
  await screen.findByTestId("today");
  await findSunita(keys);
  const { findPatients } = backend;
  backend.findPatients = async (query) => {
    const [ramesh] = (await findPatients("ramesh")).people;
    const many = Array.from({ length: 9 }, (_, n) => (ramesh ? [{ ...ramesh, id: `r${n}` }] : [])).flat();
    return { people: query === "ramesh" ? many : many.slice(1), hasMore: false };
  };
  await keys.keyboard("{Control>}{Shift>}m{/Shift}{/Control}");
  await screen.findByLabelText("Find the other registration");
  await keys.keyboard("ramesh");
  expect(await screen.findByText("The first 8 people. Type more to find others.")).toBeTruthy();
  expect(screen.getAllByTestId("merge-option")).toHaveLength(8);
  await keys.keyboard(" p");
  expect(await screen.findByText("Mobile number, name or code; ↓ and Enter choose")).toBeTruthy();
});
