import { act, screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import type { CommandError } from "../../ipc/bindings/CommandError";
import { expectAccessible, openClinic, type Prepare } from "../../test/clinic";
import { later } from "../../test/later";

type Asked = [clinicId: string, scope: string];

/** The dialog, and what was asked of the program since. */
async function openDialog(prepare: Prepare = () => undefined) {
  const asked: Asked[] = [];
  const opened = openClinic({}, (backend) => {
    prepare(backend);
    const { newComputerCode } = backend;
    backend.newComputerCode = (...what) => {
      asked.push(what);
      return newComputerCode(...what);
    };
  });
  await screen.findByTestId("today");
  await opened.keys.click(screen.getByRole("link", { name: "Computers" }));
  const add = await screen.findByRole("button", { name: "Add a computer" });
  add.focus();
  await opened.keys.keyboard("{Enter}");
  const dialog = await screen.findByRole("dialog", { name: "Add a computer" });
  return { ...opened, asked, add, dialog };
}

const submit = (dialog: HTMLElement) => within(dialog).getByRole("button", { name: "Make the code" });

test("by keyboard alone an admin makes a code for the front desk of another clinic, shown once", async () => {
  const { keys, asked, add, dialog } = await openDialog();
  const clinic = within(dialog).getByLabelText("Where it will stand");
  // The clinic of this computer is offered first; what the other one may hold nobody guesses.
  expect(clinic).toHaveProperty("value", "c1");
  expect(submit(dialog)).toHaveProperty("disabled", true);
  await expectAccessible();
  await keys.selectOptions(clinic, "Bandra West");
  within(dialog)
    .getByRole("radio", { name: /^Front desk.*no illnesses/ })
    .focus();
  await keys.keyboard(" ");
  await keys.tab();
  await keys.tab();
  expect(document.activeElement).toBe(submit(dialog));
  await keys.keyboard("{Enter}");
  const shown = await screen.findByRole("dialog", { name: "One-time code for a computer" });
  expect(asked).toEqual([["c2", "front_desk"]]);
  // Whoever hears the window hears it where the focus begins, and the key that made it does not close it.
  expect(document.activeElement?.getAttribute("aria-label")).toBe(
    "The one-time code: SHANTI_7Q4K-0V5B-E6RZ-1A2C",
  );
  await keys.keyboard("{Enter}");
  expect(within(shown).getByTestId("the-code").textContent).toBe("SHANTI_7Q4K-0V5B-E6RZ-1A2C");
  for (const word of ["10:51", "desk.example.in", "Front desk, Bandra West"])
    expect(within(shown).getByText(word)).toBeTruthy();
  await expectAccessible();
  await keys.keyboard("{Escape}");
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect(document.body.textContent).not.toContain("SHANTI_7Q4K");
  await waitFor(() => expect(document.activeElement).toBe(add));
});

test("where there is one clinic, only what the computer is for is asked", async () => {
  const { keys, asked, dialog } = await openDialog((backend) => {
    const { listComputers } = backend;
    backend.listComputers = async () => {
      const { computers, clinics } = await listComputers();
      return { computers, clinics: clinics.slice(0, 1) };
    };
  });
  expect(within(dialog).queryByLabelText("Where it will stand")).toBeNull();
  await keys.click(within(dialog).getByRole("radio", { name: /^Consulting.*whole record/ }));
  await keys.click(submit(dialog));
  await screen.findByTestId("the-code");
  expect(asked).toEqual([["c1", "clinical"]]);
});

test("without the server the dialog says so, and what was chosen stays to try again", async () => {
  const failure: CommandError = {
    code: "server_unreachable",
    detail: "This computer has no open line to the server, and only the server makes a code for a computer.",
  };
  const server = later<void>();
  const { keys, backend, dialog } = await openDialog((prepared) => {
    prepared.newComputerCode = () => server.promise.then(() => Promise.reject(failure));
  });
  const clinical = within(dialog).getByRole("radio", { name: /^Consulting/ });
  await keys.click(clinical);
  await keys.click(submit(dialog));
  await waitFor(() => expect(submit(dialog)).toHaveProperty("disabled", true));
  await act(async () => server.resolve());
  expect((await screen.findByRole("alert")).textContent).toContain("no open line to the server");
  expect(clinical).toHaveProperty("checked", true);
  await expectAccessible();
  backend.newComputerCode = async () => ({
    code: "ASHA-1",
    expiresAt: "2026-11-23T10:51:00",
    server: "desk.example.in",
  });
  await keys.click(submit(dialog));
  expect((await screen.findByTestId("the-code")).textContent).toBe("ASHA-1");
});

test("a code does not stay behind the lock", async () => {
  const { keys, backend, dialog } = await openDialog();
  await keys.click(within(dialog).getByRole("radio", { name: /^Consulting/ }));
  await keys.click(submit(dialog));
  await screen.findByTestId("the-code");
  const payload = await backend.lock();
  act(() => backend.emit({ name: "app-state", payload }));
  await screen.findByLabelText("Password");
  expect(document.body.textContent).not.toContain("SHANTI_7Q4K");
});

test("a computer that came in with the code is in the list when its dialog closes", async () => {
  const { keys, backend, dialog } = await openDialog();
  await keys.click(within(dialog).getByRole("radio", { name: /^Front desk/ }));
  await keys.click(submit(dialog));
  const shown = await screen.findByTestId("computer-code");
  const { computers, clinics } = await backend.listComputers();
  const added = computers.slice(1).map((one) => ({ ...one, id: "c9", name: "Reception 2" }));
  backend.listComputers = async () => ({ computers: [...computers, ...added], clinics });
  await keys.click(within(shown).getByRole("button", { name: "Close" }));
  expect(await screen.findByRole("rowheader", { name: /^Reception 2/ })).toBeTruthy();
});
