import { fireEvent, screen, waitFor } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { findSunita, openClinic, openPad } from "../test/clinic";

/** Enter that takes a word which was written by its sound: as it comes in most web views, and as it comes in Safari. */
const taken = [{ isComposing: true }, { keyCode: 229 }];

function takeWord(field: Element, held: { ctrlKey?: boolean } = {}) {
  for (const one of taken) fireEvent.keyDown(field, { key: "Enter", ...one, ...held });
}

test("the Enter that takes a word over books nothing, and the next one books", async () => {
  const { keys, backend } = openClinic({ start: "priya@example.in" });
  await screen.findByTestId("today");
  await findSunita(keys);
  const book = vi.spyOn(backend, "bookVisit");
  await keys.keyboard("{Control>}b{/Control}");
  const reason = await screen.findByLabelText("Reason, in a few words");
  await keys.type(reason, "बुखार");
  takeWord(reason);
  expect(book).not.toHaveBeenCalled();
  await keys.keyboard("{Enter}");
  await screen.findByText("Sunita Deshmukh is waiting with token A-1");
  expect(book).toHaveBeenCalledTimes(1);
});

test("it opens nobody in the finder, and the arrows of the words on offer choose nobody", async () => {
  const { keys } = openClinic();
  await screen.findByTestId("today");
  await keys.keyboard("{Control>}k{/Control}");
  const input = await screen.findByTestId("finder-input");
  await keys.type(input, "1276");
  const first = await screen.findByRole("option", { name: /Sunita Deshmukh/ });
  fireEvent.keyDown(input, { key: "ArrowDown", isComposing: true });
  takeWord(input);
  expect(first.ariaSelected).toBe("true");
  await keys.keyboard("{Enter}");
  expect((await screen.findByTestId("chart")).textContent).toContain("Sunita Deshmukh");
});

test("it takes no line of the pad, and with Ctrl signs nothing", async () => {
  const { keys, backend } = openClinic();
  await screen.findByTestId("today");
  const line = await openPad(keys);
  const sign = vi.spyOn(backend, "signPrescription");
  await keys.keyboard("metformin{Enter}");
  await screen.findByTestId("pad-medicine");
  takeWord(line);
  expect(screen.queryByTestId("pad-item")).toBeNull();
  await keys.keyboard("{Enter}");
  await screen.findByTestId("pad-item");
  takeWord(line, { ctrlKey: true });
  expect(sign).not.toHaveBeenCalled();
  await keys.keyboard("{Control>}{Enter}{/Control}");
  await waitFor(() => expect(sign).toHaveBeenCalledTimes(1));
});
