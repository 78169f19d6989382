import { fireEvent, render, screen, waitFor } from "@testing-library/react";
import userEvent, { type UserEvent } from "@testing-library/user-event";
import axe from "axe-core";
import { expect, vi } from "vitest";
import { Root } from "../app/Root";
import { createFakeBackend } from "../ipc/fake";
import { today } from "../ipc/fake-data";
import { messages, speak } from "../messages";
import { dayAfter } from "../shared/format";

type Options = NonNullable<Parameters<typeof createFakeBackend>[0]>;
type FakeBackend = ReturnType<typeof createFakeBackend>;
/** What is done to the clinic before the window opens on it. */
export type Prepare = (backend: FakeBackend) => void;

/** The whole window on a small clinic in memory, and a person with a keyboard before it. */
export function openClinic(
  options: Options = {},
  prepare: Prepare = () => undefined,
): { keys: UserEvent; backend: FakeBackend } {
  const backend = createFakeBackend(options);
  speak(options.language ?? "en");
  prepare(backend);
  const keys = userEvent.setup();
  render(<Root backend={backend} />);
  return { keys, backend };
}

/** Opens the clinic, and asks for the chart of whoever has this first name. */
export async function askForChartOf(name: string, prepare?: Prepare) {
  const opened = openClinic({}, prepare);
  await screen.findByTestId("today");
  await opened.keys.keyboard("{Control>}k{/Control}");
  await opened.keys.type(await screen.findByTestId("finder-input"), name);
  await screen.findByRole("option", { name: new RegExp(`^${name} .*A-0`) });
  await opened.keys.keyboard("{Enter}");
  return opened;
}

/** The same, until the chart is there. */
export async function openChartOf(...asked: Parameters<typeof askForChartOf>) {
  const opened = await askForChartOf(...asked);
  await screen.findByTestId("chart");
  return opened;
}

/** Types the name of Sunita Deshmukh into the finder, until she is offered. */
export async function searchSunita(keys: UserEvent) {
  await keys.keyboard("{Control>}k{/Control}");
  await keys.type(await screen.findByTestId("finder-input"), "sunita");
  await screen.findByRole("option", { name: /Sunita Deshmukh/ });
}

/** Opens her chart from anywhere. */
export async function findSunita(keys: UserEvent) {
  await searchSunita(keys);
  await keys.keyboard("{Enter}");
  await screen.findByTestId("chart");
}

/** Opens her pad; the focus is in the line for medicines. */
export async function openPad(keys: UserEvent) {
  await findSunita(keys);
  await keys.keyboard("{Control>}n{/Control}");
  return screen.findByRole("combobox", { name: messages.pad.line });
}

/** Signs a prescription of metformin, with the dose that the list offers. */
export async function signMetformin(keys: UserEvent) {
  await openPad(keys);
  await keys.keyboard("metformin{Enter}");
  await screen.findByTestId("pad-medicine");
  await keys.keyboard("{Enter}");
  await screen.findByTestId("pad-item");
  await keys.keyboard("{Control>}{Enter}{/Control}");
  await screen.findByTestId("prescription-number");
}

/** Goes on without what is being saved, which takes too long; a click beside the dialog or Escape asks for that. */
export async function goOnWithout(keys: UserEvent) {
  const now = vi.spyOn(Date, "now").mockReturnValue(Date.now() + 15_000);
  fireEvent.keyDown(screen.getByRole("dialog"), { key: "Escape" });
  await keys.click(await screen.findByRole("button", { name: messages.common.savingLeave }));
  now.mockRestore();
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
}

/** So many days from today, by the clock of the clinic. */
export const dateIn = (days: number) => dayAfter(today(), days);
/** The same, as it is typed. */
export const dateTyped = (days: number) => dateIn(days).split("-").toReversed().join("/");

/** What a screen reader or an assessor would complain about. Colours are not drawn here, so not judged. */
export async function expectAccessible() {
  const { violations } = await axe.run(document.body, {
    rules: { "color-contrast": { enabled: false }, "label-content-name-mismatch": { enabled: true } },
  });
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`)).toEqual([]);
}

/** A change that the server refused, of a computer that is gone. */
export const refusedElsewhere: Parameters<FakeBackend["differ"]>[0] = {
  kind: "refused",
  column: null,
  facts: [],
  entry: null,
  safer: null,
  refused: { title: "Patient corrected", detail: null, why: null, triedAt: null, asked: null },
};
