import { act, screen, waitFor } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { fakeCode } from "../../ipc/fake-recovery";
import { expectAccessible, openClinic } from "../../test/clinic";

const shown = fakeCode.split("-").join(" ");
const said = async () => (await screen.findAllByRole("alert")).map((alert) => alert.textContent).join();

test("a new computer shows its recovery code before anything else, until someone says that it is written down", async () => {
  const { keys, backend } = openClinic({ start: "notEnrolled" });
  await keys.type(await screen.findByLabelText("Server address"), "desk.example.in");
  await keys.type(screen.getByLabelText("One-time code"), "ASHA-AAAA-BBBB-CCCC");
  await keys.type(screen.getByLabelText("E-mail"), "anjali@example.in");
  await keys.type(screen.getByLabelText("Password"), "seven green parrots");
  await keys.type(screen.getByLabelText("Name of this computer"), "Room 1{Enter}");
  expect((await screen.findByTestId("the-code")).textContent).toBe(shown);
  expect(screen.getByText("K3W9XA")).toBeTruthy();
  expect(screen.queryByTestId("today")).toBeNull();
  expect(screen.getByRole("button", { name: "Continue" })).toHaveProperty("disabled", true);
  await keys.keyboard("{Enter}");
  expect(screen.queryByTestId("today")).toBeNull();
  await keys.click(screen.getByRole("button", { name: "Save as PDF to print" }));
  expect((await screen.findByRole("status")).textContent).toContain("recovery-code-K3W9XA.pdf");
  // With the keyboard alone: a space says that it is kept, Enter goes on.
  screen.getByRole("checkbox").focus();
  await keys.keyboard(" ");
  await keys.click(screen.getByRole("button", { name: "Continue" }));
  expect(await screen.findByTestId("today")).toBeTruthy();
  expect(screen.queryByTestId("recovery-notice")).toBeNull();
  expect(await backend.recoveryPage()).toBeNull();
});

test("a code that could not be shown is asked for again", async () => {
  const detail = "The code could not be read.";
  const { keys, backend } = openClinic({}, (fake) => {
    void fake.newRecoveryCode("right");
    const { recoveryPage } = fake;
    vi.spyOn(fake, "recoveryPage")
      .mockRejectedValueOnce({ code: "internal", detail })
      .mockImplementation(recoveryPage);
  });
  expect((await screen.findByRole("alert")).textContent).toContain(detail);
  await keys.click(screen.getByRole("button", { name: "Try again" }));
  expect((await screen.findByTestId("the-code")).textContent).toBe(shown);
  expect(backend.recoveryPage).toHaveBeenCalledTimes(2);
});

test("a code that could not be saved as a page is still on the screen", async () => {
  const { keys } = openClinic({}, (backend) => {
    void backend.newRecoveryCode("right");
    backend.fail("saveRecoveryPdf", { code: "internal", detail: "The PDF could not be written there." });
  });
  await screen.findByTestId("the-code");
  await keys.click(screen.getByRole("button", { name: "Save as PDF to print" }));
  expect((await screen.findByRole("alert")).textContent).toContain("could not be written");
  expect(screen.getByTestId("the-code").textContent).toBe(shown);
});

test("an admin makes another code for this computer, with their password", async () => {
  const { keys } = openClinic();
  await screen.findByTestId("today");
  await keys.click(screen.getByRole("link", { name: "Computers" }));
  expect((await screen.findAllByTestId("computer"))[0]?.textContent).toContain("K3W9XA, made on 23 Nov 2026");
  await keys.click(screen.getByRole("button", { name: "Make a new recovery code" }));
  await keys.type(await screen.findByLabelText("Your password"), "wrong{Enter}");
  expect((await screen.findByRole("alert")).textContent).toContain("does not fit");
  await keys.clear(screen.getByLabelText("Your password"));
  await keys.type(screen.getByLabelText("Your password"), "right{Enter}");
  expect((await screen.findByTestId("the-code")).textContent).toBe(shown);
  await keys.click(screen.getByRole("checkbox"));
  await keys.click(screen.getByRole("button", { name: "Continue" }));
  expect(await screen.findByTestId("computers")).toBeTruthy();
});

test.each([
  [false, "anjali@example.in", "has no recovery code", "Make a new one"],
  [true, "anjali@example.in", "Nobody has confirmed", "Make a new one"],
  [true, "priya@example.in", "Nobody has confirmed", "An admin signs in here"],
])(
  "a computer whose code is not known to be kept says so on every screen (%s, %s)",
  async (isMade, start, why, what) => {
    const { keys } = openClinic({ start }, (backend) => backend.forgetRecovery(isMade));
    const notice = await screen.findByTestId("recovery-notice");
    expect(notice.textContent).toContain(why);
    expect(notice.textContent).toContain(what);
    await keys.keyboard("{Control>}5{/Control}");
    expect(await screen.findByTestId("recovery-notice")).toBeTruthy();
  },
);

test("a computer whose keys are missing is opened with the code, and shows another one", async () => {
  const { keys, backend } = openClinic({ start: "locked" });
  await screen.findByLabelText("Password");
  const broken = {
    state: "broken",
    code: "keyring_entry_missing",
    detail: "It is closed.",
    recovery: "K3W9XA",
  } as const;
  act(() => backend.emit({ name: "app-state", payload: broken }));
  expect(await screen.findByRole("heading", { name: "This computer's keys are missing" })).toBeTruthy();
  expect(screen.getByTestId("recover-form").textContent).toContain("K3W9XA");
  await keys.type(screen.getByLabelText("Recovery code"), "7Q4K");
  await keys.type(screen.getByLabelText("One-time code"), "ASHA-AAAA-BBBB-CCCC");
  await keys.type(screen.getByLabelText("E-mail"), "anjali@example.in");
  await keys.type(screen.getByLabelText("Password"), "right{Enter}");
  await waitFor(async () => expect(await said()).toContain("not the recovery code"));
  expect(screen.getByLabelText("One-time code")).toHaveProperty("value", "ASHA-AAAA-BBBB-CCCC");
  await keys.clear(screen.getByLabelText("Recovery code"));
  await keys.type(screen.getByLabelText("Recovery code"), `${fakeCode}{Enter}`);
  expect((await screen.findByTestId("the-code")).textContent).toBe(shown);
});

test("a computer that the server does not know, and no password opens, is opened with the code where one signs in", async () => {
  const { keys } = openClinic({ start: "locked" }, (backend) =>
    backend.fail("unlock", { code: "device_unknown", detail: "The server does not know this computer." }),
  );
  await keys.type(await screen.findByLabelText("Password"), "right{Enter}");
  const form = await screen.findByTestId("recover-form");
  expect(await said()).toContain("does not know this computer");
  expect(form.textContent).toContain("stays what it is");
  expect(form.textContent).not.toContain("tear up the old page");
  expect(screen.queryByTestId("unlock-form")).toBeNull();
  await expectAccessible();
  expect(screen.getByLabelText("E-mail")).not.toHaveProperty("value", "");
  await keys.type(screen.getByLabelText("Recovery code"), fakeCode);
  await keys.type(screen.getByLabelText("One-time code"), "ASHA-AAAA-BBBB-CCCC");
  await keys.type(screen.getByLabelText("Password"), "right{Enter}");
  await waitFor(() => expect(screen.queryByTestId("recover-form")).toBeNull());
});

test.each([
  ["keyring_locked", null, /cannot open its records/, /Unlock the keyring/],
  ["keyring_entry_missing", null, /keys are missing/, /No recovery code was made/],
  ["keyring_replaced", "K3W9XA", /keys are missing/, /put the right one back/],
  ["store_damaged", null, /cannot open its records/, /no empty records were made/],
] as const)("%s has words of its own and a way on", async (code, recovery, title, way) => {
  const { keys, backend } = openClinic({ start: "locked" });
  await screen.findByLabelText("Password");
  act(() =>
    backend.emit({
      name: "app-state",
      payload: { state: "broken", code, detail: "It is closed.", recovery },
    }),
  );
  expect(await screen.findByRole("heading", { name: title })).toBeTruthy();
  expect(screen.getByTestId("way-on").textContent).toMatch(way);
  expect(screen.queryByTestId("recover-form") !== null).toBe(recovery !== null);
  // What was the matter is mended: it opens.
  await keys.click(screen.getByRole("button", { name: "Check again" }));
  expect(await screen.findByTestId("unlock-form")).toBeTruthy();
});
