import { act, screen, waitFor } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { expectAccessible, openClinic, openPad } from "../../test/clinic";
import { later } from "../../test/later";

const fresh = "kettle orbit mango lamp";
const oneTime = {
  code: "password_change_required" as const,
  detail: "You signed in with a one-time password. Choose a password of your own first.",
};

type Opened = ReturnType<typeof openClinic>;

async function tellOneTime(backend: Opened["backend"]) {
  const status = await backend.syncStatus();
  act(() => backend.emit({ name: "sync-status", payload: { ...status, notices: [oneTime] } }));
}

/** The sentence that says what is missing. */
const missing = () => screen.getByTestId("change-password").querySelector("[role=status]")?.textContent;

test("whoever signed in with a one-time password chooses their own, and what they were writing is still there", async () => {
  const { keys, backend } = openClinic();
  const change = vi.spyOn(backend, "changePassword");
  await screen.findByTestId("today");
  const line = await openPad(keys);
  await keys.click(line);
  await keys.paste("metfor");
  await tellOneTime(backend);
  await screen.findByTestId("notice-password_change_required");
  // As long as something is typed, nothing comes above it.
  await keys.paste("min");
  expect(screen.queryByTestId("change-password")).toBeNull();
  expect(line).toHaveProperty("value", "metformin");
  act(() => line.blur());
  await screen.findByRole("dialog", { name: "Choose your own password" });
  const old = screen.getByLabelText("The one-time password");
  // What was meant for another place is typed into no field.
  await keys.keyboard("sunita");
  expect(old).toHaveProperty("value", "");
  await keys.tab();
  expect(document.activeElement).toBe(old);
  await expectAccessible();
  await keys.paste("ASHA-1111");
  await keys.tab();
  await keys.keyboard("short");
  await waitFor(() => expect(missing()).toContain("too short"));
  // What is missing is not sent: Enter leads there.
  await keys.keyboard("{Enter}");
  expect(change).not.toHaveBeenCalled();
  expect(document.activeElement).toBe(screen.getByLabelText("New password"));
  await keys.clear(screen.getByLabelText("New password"));
  await keys.paste(fresh);
  await waitFor(() => expect(missing()).toContain("Type it again"));
  await keys.tab();
  await keys.paste("kettle");
  expect(missing()).toContain("not the same");
  await keys.paste(fresh.slice("kettle".length));
  await keys.keyboard("{Enter}");
  expect(await screen.findByText(/Your password was changed/)).toBeTruthy();
  expect(change).toHaveBeenCalledExactlyOnceWith("ASHA-1111", fresh);
  expect(screen.queryByTestId("change-password")).toBeNull();
  expect(screen.queryByTestId("notice-password_change_required")).toBeNull();
  expect(screen.getByDisplayValue("metformin")).toBe(line);
});

test("Escape puts it off, it does not come again by itself, and the notice keeps offering it", async () => {
  const { keys, backend } = openClinic();
  await screen.findByTestId("today");
  await tellOneTime(backend);
  await screen.findByTestId("change-password");
  await keys.keyboard("{Escape}");
  expect(screen.queryByTestId("change-password")).toBeNull();
  // The line to the server breaks, and is there again.
  const status = await backend.syncStatus();
  act(() => backend.emit({ name: "sync-status", payload: { ...status, notices: [] } }));
  await waitFor(() => expect(screen.queryByTestId("notice-password_change_required")).toBeNull());
  await tellOneTime(backend);
  await screen.findByTestId("notice-password_change_required");
  expect(screen.queryByTestId("change-password")).toBeNull();
  await expectAccessible();
  await keys.click(screen.getByRole("button", { name: "Choose your own password" }));
  expect(await screen.findByTestId("change-password")).toBeTruthy();
});

test("everybody changes their password whenever they want, by the keyboard alone", async () => {
  const { keys, backend } = openClinic({ start: "priya@example.in" });
  await screen.findByTestId("today");
  screen.getByRole("button", { name: "Change your password" }).focus();
  await keys.keyboard("{Enter}");
  await screen.findByRole("dialog", { name: "Change your password" });
  const fill = async (label: string, text: string) => {
    await keys.clear(screen.getByLabelText(label));
    await keys.paste(text);
  };
  await fill("Current password", "wrong");
  await fill("New password", fresh);
  await fill("New password again", fresh);
  await keys.keyboard("{Enter}");
  expect((await screen.findByRole("alert")).textContent).toContain("your password is as it was");
  // Nothing is typed twice but what was wrong.
  await waitFor(() => expect(document.activeElement).toBe(screen.getByLabelText("Current password")));
  await fill("Current password", fresh);
  await waitFor(() => expect(missing()).toContain("is the old one"));
  await fill("Current password", "seven green parrots");
  await waitFor(() => expect(missing()).toContain("Nothing is missing"));
  const detail = "The server does not answer, and a password is changed only with it.";
  backend.fail("changePassword", { code: "server_unreachable", detail });
  await keys.keyboard("{Enter}");
  await waitFor(() => expect(screen.getByRole("alert").textContent).toContain(detail));
  expect(screen.getByLabelText("New password")).toHaveProperty("value", fresh);
});

test("while the server is silent the dialog says that it waits, and then what became of the change", async () => {
  const { keys, backend } = openClinic({ start: "priya@example.in" });
  await screen.findByTestId("today");
  await keys.click(screen.getByRole("button", { name: "Change your password" }));
  await screen.findByTestId("change-password");
  const detail = "The change of your password broke off.";
  const brokenOff = later<void>();
  vi.spyOn(backend, "changePassword").mockReturnValue(
    brokenOff.promise.then(() => Promise.reject({ code: "other", detail })),
  );
  for (const [label, text] of [
    ["Current password", "seven green parrots"],
    ["New password", fresh],
    ["New password again", fresh],
  ] as const) {
    await keys.click(screen.getByLabelText(label));
    await keys.paste(text);
  }
  await waitFor(() => expect(missing()).toContain("Nothing is missing"));
  await keys.keyboard("{Enter}");
  await waitFor(() => expect(missing()).toContain("Waiting for the server"));
  // Neither the finder nor a new patient takes the place of what is still to be told.
  await keys.keyboard("{Control>}k{Shift>}n{/Shift}{/Control}");
  expect(screen.queryByTestId("finder-input")).toBeNull();
  brokenOff.resolve();
  expect((await screen.findByRole("alert")).textContent).toContain(detail);
  expect(missing()).not.toContain("Waiting");
});

test("what is typed is shown to whoever wants to see it", async () => {
  const { keys } = openClinic({ language: "hi" });
  await screen.findByTestId("today");
  await keys.click(screen.getByRole("button", { name: "अपना पासवर्ड बदलें" }));
  const field = await screen.findByLabelText("नया पासवर्ड");
  expect(field).toHaveProperty("type", "password");
  await keys.click(screen.getByRole("checkbox", { name: "पासवर्ड दिखाएँ" }));
  expect(field).toHaveProperty("type", "text");
  await expectAccessible();
});
