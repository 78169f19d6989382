import { act, render, screen, waitFor } from "@testing-library/react";
import { useState } from "react";
import { expect, test, vi } from "vitest";
import { Dialog } from "../shared/Dialog";
import { findSunita, openClinic } from "../test/clinic";
import { later } from "../test/later";
import { useKeys } from "./keymap";

/** Looks as soon as this stands in the window, before anything else can happen. */
const asSoonAs = <T,>(stands: () => boolean, look: () => T) =>
  new Promise<T>((seen) => {
    const watch = new MutationObserver(() => {
      if (!stands()) return;
      watch.disconnect();
      seen(look());
    });
    watch.observe(document.body, { childList: true, subtree: true });
  });

test("the key of the pad is about whom somebody goes to, also while the chart is not there yet", async () => {
  const opened = openClinic();
  await screen.findByTestId("today");
  await findSunita(opened.keys);
  const { keys, backend } = opened;
  const [sunita] = (await backend.findPatients("sunita")).people;
  const [other] = (await backend.findPatients("ramesh")).people;
  const chart = later<never>();
  vi.spyOn(backend, "getChart").mockReturnValue(chart.promise);
  const openPad = vi.spyOn(backend, "openPad");
  await keys.keyboard("{Control>}k{/Control}");
  await keys.type(await screen.findByTestId("finder-input"), "ramesh");
  await screen.findByRole("option", { name: /^Ramesh/ });
  await keys.keyboard("{Enter}");
  await waitFor(() => expect(screen.queryByTestId("chart")).toBeNull());
  await keys.keyboard("{Control>}3{/Control}");
  await waitFor(() => expect(openPad).toHaveBeenCalled());
  expect(other?.id).not.toBe(sunita?.id);
  expect(openPad.mock.calls).toEqual([[other?.id]]);
});

test("what the program tells is not undone by an older answer that comes later", async () => {
  const asked = later<void>();
  const { backend } = openClinic({}, (backend) => {
    const { appState } = backend;
    backend.appState = () => asked.promise.then(appState);
  });
  await act(async () => {});
  act(() => backend.emit({ name: "app-state", payload: { state: "wiping" } }));
  await screen.findByTestId("wiping");
  await act(async () => asked.resolve());
  screen.getByTestId("wiping");
});

function Shown() {
  const [isAsking, setAsking] = useState(false);
  const [times, setTimes] = useState(0);
  useKeys({ sign: () => setTimes(times + 1) });
  return (
    <>
      <button type="button" onClick={() => setTimeout(() => setAsking(true))}>
        {String(times)}
      </button>
      {isAsking && (
        <Dialog label="question" onClose={() => undefined}>
          <button type="button">answer</button>
        </Dialog>
      )}
    </>
  );
}

test("a dialog is open and has the focus as soon as it stands in the window", async () => {
  render(<Shown />);
  const seen = asSoonAs(
    () => document.querySelector("dialog") !== null,
    () => [document.querySelector("dialog[open]") !== null, document.activeElement?.textContent],
  );
  screen.getByRole("button").click();
  expect(await seen).toEqual([true, "answer"]);
});

test("of two languages that are chosen quickly the last one is remembered", async () => {
  const first = later<void>();
  const told: string[] = [];
  const { keys } = openClinic({}, (backend) => {
    const { setLanguage } = backend;
    backend.setLanguage = async (language) => {
      if (language === "hi") await first.promise;
      told.push(language);
      return setLanguage(language);
    };
  });
  await screen.findByTestId("today");
  await keys.click(screen.getByRole("button", { name: "हिन्दी" }));
  await keys.click(await screen.findByRole("button", { name: "English" }));
  await act(async () => first.resolve());
  await waitFor(() => expect(told).toEqual(["hi", "en"]));
});

test("a password that is typed anew before the answer to the wrong one is not written over", async () => {
  const answer = later<void>();
  const { keys } = openClinic({ start: "locked" }, (backend) => {
    const { unlock } = backend;
    backend.unlock = (...asked) => answer.promise.then(() => unlock(...asked));
  });
  const field = await screen.findByLabelText<HTMLInputElement>("Password");
  await keys.type(field, "wrong{Enter}");
  await keys.clear(field);
  await keys.type(field, "seven gr");
  await act(async () => answer.resolve());
  await screen.findByRole("alert");
  expect([field.value, field.selectionStart]).toEqual(["seven gr", "seven gr".length]);
});
