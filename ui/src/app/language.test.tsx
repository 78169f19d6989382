import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { findSunita, openClinic, openPad } from "../test/clinic";

const button = (name: string) => screen.getByRole("button", { name });

test("what is typed in a registration stays when another language is chosen, and the hand goes on typing", async () => {
  const { keys } = openClinic();
  await screen.findByTestId("today");
  await keys.keyboard("{Control>}{Shift>}n{/Shift}{/Control}");
  await keys.type(await screen.findByRole("textbox", { name: "Mobile number" }), "9820441276");
  const name = screen.getByRole("textbox", { name: "First name" });
  await keys.type(name, "Suni");
  await keys.click(button("हिन्दी"));
  await keys.keyboard("ta");
  expect(screen.getByRole("textbox", { name: "मोबाइल नंबर" })).toHaveProperty("value", "9820441276");
  expect(name).toHaveProperty("value", "Sunita");
  expect(document.activeElement).toBe(name);
});

test("chosen by keys, the choice keeps the focus: one press more goes back", async () => {
  const { keys } = openClinic();
  await screen.findByTestId("today");
  screen.getByTestId("language-hi").focus();
  await keys.keyboard("{Enter}");
  expect(document.activeElement).toBe(await screen.findByTestId("language-en"));
});

test("the language is chosen on any screen, at once, and this computer remembers it", async () => {
  const { keys, backend } = openClinic();
  await screen.findByTestId("today");
  await findSunita(keys);
  await keys.click(button("हिन्दी"));
  expect(await screen.findByRole("heading", { name: "पुरानी बीमारियाँ" })).toBeTruthy();
  expect(screen.getByTestId("chart").textContent).toContain("Sunita Deshmukh");
  expect(document.documentElement.lang).toBe("hi");
  expect(await backend.language()).toBe("hi");
  await keys.click(button("English"));
  expect(await screen.findByRole("heading", { name: "Long illnesses" })).toBeTruthy();
});

test("the language is chosen before anyone has signed in, and a draft outlives the choice", async () => {
  const { keys } = openClinic({ start: "locked" });
  await keys.click(await screen.findByRole("button", { name: "हिन्दी" }));
  expect(await screen.findByRole("heading", { name: "कौन काम कर रहा है?" })).toBeTruthy();
  await keys.type(screen.getByLabelText("पासवर्ड"), "seven green parrots{Enter}");
  await screen.findByTestId("today");
  await openPad(keys);
  await keys.type(screen.getByLabelText("सलाह"), "Rest");
  await keys.click(button("English"));
  expect(await screen.findByLabelText("Advice")).toHaveProperty("value", "Rest");
});
