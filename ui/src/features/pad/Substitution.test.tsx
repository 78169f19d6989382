import { screen, waitFor } from "@testing-library/react";
import { expect, test } from "vitest";
import { messages } from "../../messages";
import { openClinic, openPad } from "../../test/clinic";

const said = messages.prescription.noSubstitution;

async function openWithLine() {
  const { keys, backend } = openClinic();
  await screen.findByTestId("today");
  await openPad(keys);
  await keys.keyboard("metformin 500 1-0-1 x30d pc{Enter}");
  await screen.findByTestId("pad-item");
  return { keys, backend };
}

test("a key or the button marks a line that is not to be substituted, and takes the mark away", async () => {
  const { keys } = await openWithLine();
  expect(screen.queryByText(said)).toBeNull();
  await keys.keyboard("{ArrowUp}n");
  await screen.findByText(said);
  const button = screen.getByRole("button", { name: /^No substitution for/, pressed: true });
  await keys.click(button);
  await waitFor(() => expect(screen.queryByText(said)).toBeNull());
});

test("a marked line that is edited as text keeps its mark, and another medicine in its place has none", async () => {
  const { keys } = await openWithLine();
  await keys.keyboard("{ArrowUp}n{Enter}");
  await waitFor(() => expect(screen.queryByTestId("pad-item")).toBeNull());
  await keys.keyboard("{Enter}");
  await screen.findByText(said);
  await keys.keyboard("{ArrowUp}{Enter}");
  await waitFor(() => expect(screen.queryByTestId("pad-item")).toBeNull());
  const line = screen.getByRole("combobox", { name: messages.pad.line });
  await keys.clear(line);
  await keys.type(line, "cetirizine 10 0-0-1 x5d{Enter}");
  await screen.findByTestId("pad-item");
  expect(screen.queryByText(said)).toBeNull();
});
