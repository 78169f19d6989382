import { act, screen, waitFor, within } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import type { StaffForm } from "../../ipc/bindings/StaffForm";
import { quietStatus } from "../../ipc/fake-data";
import { messages } from "../../messages";
import { expectAccessible, openClinic, goOnWithout, type Prepare } from "../../test/clinic";
import { later } from "../../test/later";

afterEach(() => vi.useRealTimers());

type Options = Parameters<typeof openClinic>[0];

async function openStaff(prepare: Prepare = () => undefined, options: Options = {}) {
  const opened = openClinic({ start: "anjali@example.in", ...options }, prepare);
  await screen.findByTestId("today");
  const link = screen.getByRole("link", { name: /^(Staff|स्टाफ़)$/ });
  link.focus();
  await opened.keys.keyboard("{Enter}");
  await screen.findByTestId("staff");
  return opened;
}

const rowOf = async (name: string) => {
  const rows = await screen.findAllByTestId("member");
  const found = rows.find((row) => row.textContent?.startsWith(name));
  if (!found) throw new Error(name);
  return within(found);
};

/** What is sent to the program, beside what it does with it. */
function kept(backend: Awaited<ReturnType<typeof openStaff>>["backend"]) {
  const sent: StaffForm[] = [];
  const { addStaff, changeStaff } = backend;
  backend.addStaff = (form) => {
    sent.push(form);
    return addStaff(form);
  };
  backend.changeStaff = (id, seen, form) => {
    sent.push(form);
    return changeStaff(id, seen, form);
  };
  return sent;
}

test("by keyboard alone an admin adds a nurse, and is shown her one-time password once", async () => {
  const { keys, backend } = await openStaff();
  const sent = kept(backend);
  (await screen.findByRole("button", { name: "Add someone" })).focus();
  await keys.keyboard("{Enter}");
  const dialog = await screen.findByRole("dialog", { name: "Add someone" });
  expect(document.activeElement).toBe(within(dialog).getByLabelText("Name"));
  await keys.keyboard("Lata Pawar{Tab}lata@example.in{Tab}98204 41276");
  while (document.activeElement !== within(dialog).getByRole("checkbox", { name: /^Nurse/ }))
    await keys.tab();
  await keys.keyboard(" ");
  await expectAccessible();
  within(dialog).getByLabelText("Name").focus();
  await keys.keyboard("{Enter}");
  const shown = await screen.findByRole("dialog", { name: "Lata Pawar’s one-time password" });
  expect(within(shown).getByTestId("the-password").textContent).toBe("7Q4K-9XWM-2C8D");
  expect(shown.textContent).toContain("asked to choose their own");
  expect(sent).toMatchObject([
    { fullName: "Lata Pawar", email: "lata@example.in", mobileNumber: "98204 41276", roles: ["nurse"] },
  ]);
  // The key that sent the form does not close what nobody has read.
  await keys.keyboard("{Enter}");
  expect(screen.getByTestId("the-password")).toBeTruthy();
  await expectAccessible();
  await keys.keyboard("{Escape}");
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect(document.body.textContent).not.toContain("7Q4K");
  await waitFor(() =>
    expect(document.activeElement).toBe(screen.getByRole("button", { name: "Add someone" })),
  );
  expect((await rowOf("Lata Pawar")).getByText("has a one-time password")).toBeTruthy();
});

test("a doctor is asked for what stands under a prescription, and without it the server says why not", async () => {
  const { keys, backend } = await openStaff();
  const sent = kept(backend);
  await keys.click(await screen.findByRole("button", { name: "Add someone" }));
  await keys.keyboard("Ravi Menon{Tab}ravi@example.in");
  expect(screen.queryByLabelText("Registration number")).toBeNull();
  await keys.click(screen.getByRole("checkbox", { name: /^Doctor/ }));
  await keys.click(screen.getByRole("checkbox", { name: "Bandra West" }));
  await keys.click(screen.getByRole("checkbox", { name: "Andheri East" }));
  const dialog = screen.getByRole("dialog");
  await keys.click(within(dialog).getByRole("button", { name: "Add someone" }));
  expect((await screen.findByRole("alert")).textContent).toContain("needs the registration number");
  expect(screen.getByLabelText("Name")).toHaveProperty("value", "Ravi Menon");
  await keys.type(screen.getByLabelText("Registration number"), "2021/07/3344");
  await keys.type(screen.getByLabelText("Council registered with"), "MMC");
  await keys.selectOptions(screen.getByLabelText("Mostly at"), "Andheri East");
  await keys.click(within(dialog).getByRole("button", { name: "Add someone" }));
  await screen.findByTestId("the-password");
  expect(sent[1]).toMatchObject({
    roles: ["doctor"],
    clinics: ["c1", "c2"],
    registration: { number: "2021/07/3344", council: "MMC" },
  });
});

test("roles are changed, and what was not touched goes back as it was", async () => {
  const { keys, backend } = await openStaff();
  const sent = kept(backend);
  await keys.click((await rowOf("Sister Asha")).getByRole("button", { name: "Change: Sister Asha" }));
  const dialog = await screen.findByRole("dialog", { name: "Change Sister Asha" });
  await keys.click(within(dialog).getByRole("checkbox", { name: /^Reception/ }));
  await keys.click(within(dialog).getByRole("button", { name: "Save" }));
  await screen.findByText("Changes to Sister Asha saved");
  expect((await rowOf("Sister Asha")).getByText("Nurse, Reception")).toBeTruthy();
  expect(sent).toMatchObject([{ roles: ["nurse", "receptionist"], clinics: ["c2"], isActive: true }]);
});

test("who left cannot sign in, gets no password, and can come back", async () => {
  const { keys } = await openStaff();
  await keys.click((await rowOf("Priya Nair")).getByRole("button", { name: /^Change/ }));
  await keys.click(screen.getByRole("checkbox", { name: /^Can sign in/ }));
  await keys.click(screen.getByRole("button", { name: "Save" }));
  await screen.findByText("cannot sign in");
  const row = await rowOf("Priya Nair");
  expect(row.queryByRole("button", { name: /^One-time password/ })).toBeNull();
  await keys.click(row.getByRole("button", { name: /^Change/ }));
  await keys.click(screen.getByRole("checkbox", { name: /^Can sign in/ }));
  await keys.click(screen.getByRole("button", { name: "Save" }));
  await waitFor(() => expect(screen.queryByText("cannot sign in")).toBeNull());
});

test("the only admin is told why they stay one, and first what it would mean for themself", async () => {
  const { keys } = await openStaff(undefined, { language: "hi" });
  await keys.click((await rowOf("Dr. Anjali Kulkarni")).getByRole("button", { name: /^बदलें/ }));
  await keys.click(screen.getByRole("checkbox", { name: /^एडमिन/ }));
  expect(screen.getByText(/^यह आप हैं/)).toBeTruthy();
  await keys.click(screen.getByRole("button", { name: "सहेजें" }));
  expect((await screen.findByRole("alert")).textContent).toContain("एडमिन केवल यही हैं");
  expect(screen.getByRole("checkbox", { name: /^एडमिन/ })).toHaveProperty("checked", false);
});

test("who changes their own roles is told that they are signed out", async () => {
  const { keys } = await openStaff();
  await keys.click((await rowOf("Dr. Anjali Kulkarni")).getByRole("button", { name: /^Change/ }));
  expect(screen.queryByText(/you are signed out/)).toBeNull();
  await keys.click(screen.getByRole("checkbox", { name: /^Nurse/ }));
  expect(screen.getByText(/^This is you. Once you save, you are signed out/)).toBeTruthy();
  await keys.click(screen.getByRole("checkbox", { name: /^Nurse/ }));
  expect(screen.queryByText(/you are signed out/)).toBeNull();
  await keys.type(screen.getByLabelText("E-mail"), "x");
  expect(screen.getByText(/^This is you. Once you save, you are signed out/)).toBeTruthy();
});

test("another e-mail is saved, and one that somebody has is said at its field", async () => {
  const { keys, backend } = await openStaff();
  const sent = kept(backend);
  await keys.click((await rowOf("Priya Nair")).getByRole("button", { name: /^Change/ }));
  const email = await screen.findByLabelText<HTMLInputElement>("E-mail");
  const before = email.value;
  await keys.clear(email);
  await keys.type(email, "anjali@example.in");
  await keys.click(screen.getByRole("button", { name: "Save" }));
  const said = await screen.findByRole("alert");
  expect(said.textContent).toBe("Someone of your staff has this e-mail already.");
  expect(email.getAttribute("aria-invalid")).toBe("true");
  await waitFor(() => expect(document.activeElement).toBe(email));
  expect(document.getElementById(email.getAttribute("aria-describedby")?.split(" ")[0] ?? "")).toContain(
    said,
  );
  await expectAccessible();
  await keys.clear(email);
  expect(screen.queryByRole("alert")).toBeNull();
  await keys.type(email, "nair@example.in{Enter}");
  await screen.findByText("Changes to Priya Nair saved");
  expect((await rowOf("Priya Nair")).getByText("nair@example.in")).toBeTruthy();
  expect(before).not.toBe(sent.at(-1)?.email);
});

test("a forgotten password is replaced after a question; nobody gives themself one", async () => {
  const { keys } = await openStaff();
  const you = await rowOf("Dr. Anjali Kulkarni");
  expect(you.queryByRole("button", { name: /^One-time password/ })).toBeNull();
  await keys.click(
    (await rowOf("Priya Nair")).getByRole("button", { name: "One-time password for Priya Nair" }),
  );
  const question = await screen.findByRole("dialog", { name: "Give Priya Nair a one-time password?" });
  await expectAccessible();
  await keys.click(within(question).getByRole("button", { name: "Give it" }));
  expect((await screen.findByTestId("the-password")).textContent).toBe("7Q4K-9XWM-2C8D");
  expect(screen.getByTestId("one-time-password").textContent).toContain("works for ten minutes");
  // Whoever hears the window hears it where the focus begins.
  expect(document.activeElement?.getAttribute("aria-label")).toBe("The one-time password: 7Q4K-9XWM-2C8D");
  await keys.click(screen.getByRole("button", { name: "They have it; close" }));
  expect((await rowOf("Priya Nair")).getByText("has a one-time password")).toBeTruthy();
});

test("a registration that comes to this computer later stands in the list then", async () => {
  const { keys, backend } = await openStaff();
  await rowOf("Dr. Anjali Kulkarni");
  const { people, clinics } = await backend.listStaff();
  const registered = people.map((one) => ({
    ...one,
    form: { ...one.form, registration: { ...one.form.registration, council: "Maharashtra" } },
  }));
  backend.listStaff = async () => ({ people: registered, clinics });
  await act(async () => backend.emit({ name: "rows-changed" }));
  await keys.click((await rowOf("Dr. Anjali Kulkarni")).getByRole("button", { name: /^Change/ }));
  expect(screen.getByLabelText("Council registered with")).toHaveProperty("value", "Maharashtra");
});

test("a one-time password does not stay behind the lock", async () => {
  const { keys, backend } = await openStaff();
  await keys.click((await rowOf("Priya Nair")).getByRole("button", { name: /^One-time password/ }));
  await keys.click(await screen.findByRole("button", { name: "Give it" }));
  await screen.findByTestId("the-password");
  const payload = await backend.lock();
  act(() => backend.emit({ name: "app-state", payload }));
  await screen.findByLabelText("Password");
  expect(document.body.textContent).not.toContain("7Q4K");
});

test("a one-time password that is being made is shown, whoever wants to leave meanwhile", async () => {
  const server = later<void>();
  const { keys } = await openStaff((backend) => {
    const { givePassword } = backend;
    backend.givePassword = (id) => server.promise.then(() => givePassword(id));
  });
  await keys.click((await rowOf("Priya Nair")).getByRole("button", { name: /^One-time password/ }));
  await keys.click(await screen.findByRole("button", { name: "Give it" }));
  const question = screen.getByRole("dialog");
  const register = "{Control>}{Shift>}n{/Shift}{/Control}";
  for (const leave of [() => keys.click(question), () => keys.keyboard(register)]) {
    await leave();
    await keys.click(await screen.findByRole("button", { name: "Wait" }));
    await waitFor(() => expect(screen.queryByRole("button", { name: "Wait" })).toBeNull());
  }
  await keys.click(question);
  await screen.findByRole("dialog", { name: "Still saving" });
  await act(async () => server.resolve());
  expect((await screen.findByTestId("the-password")).textContent).toBe("7Q4K-9XWM-2C8D");
  await waitFor(() => expect(screen.getAllByRole("dialog").length).toBe(1));
});

test("what is typed is asked about before it is thrown away", async () => {
  const { keys } = await openStaff();
  await keys.click(await screen.findByRole("button", { name: "Add someone" }));
  await keys.keyboard("Lata{Escape}");
  await keys.click(await screen.findByRole("button", { name: "Keep typing" }));
  expect(screen.getByLabelText("Name")).toHaveProperty("value", "Lata");
});

const failure = {
  code: "server_unreachable",
  detail: "This computer has no open line to the server, and staff are seen and changed only with it.",
} as const;

test("without the server the page says so, and asks again when told to", async () => {
  const { keys, backend } = await openStaff((prepared) => {
    prepared.fail("listStaff", failure);
    const connection = { state: "offline", since: "2026-11-23T09:12:00" } as const;
    prepared.emit({ name: "sync-status", payload: { ...quietStatus, connection } });
  });
  expect((await screen.findByRole("alert")).textContent).toContain("no open line");
  // The list would be there to look at, but not to change; without it, it is said once.
  expect(screen.queryByText(/Nothing here can be changed until it is back/)).toBeNull();
  expect(screen.queryByRole("button", { name: "Add someone" })).toBeNull();
  await expectAccessible();
  backend.listStaff = async () => ({ people: [], clinics: [] });
  await keys.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByText("Nobody is on the list yet.")).toBeTruthy();
  expect(screen.getByText(/Nothing here can be changed until it is back/)).toBeTruthy();
});

test("the list comes by itself once the server answers, and what is typed meanwhile stays", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  const { keys, backend } = await openStaff();
  await keys.click(await screen.findByRole("button", { name: "Add someone" }));
  await keys.keyboard("Lata");
  const { listStaff } = backend;
  backend.listStaff = () => Promise.reject(failure);
  await act(async () => backend.emit({ name: "rows-changed" }));
  expect((await screen.findByText(/no open line/)).textContent).toBeTruthy();
  backend.listStaff = listStaff;
  await act(async () => vi.advanceTimersByTime(5_000));
  await waitFor(() => expect(screen.queryByText(/no open line/)).toBeNull());
  expect(screen.getByLabelText("Name")).toHaveProperty("value", "Lata");
});

test("who is no admin has no such page", async () => {
  openClinic({ start: "vikram@example.in" });
  await screen.findByTestId("today");
  expect(screen.queryByRole("link", { name: "Staff" })).toBeNull();
});

test("while somebody is saved nothing more is taken that would go with the dialog", async () => {
  const server = later<void>();
  const { keys, backend } = await openStaff((backend) => {
    const { changeStaff } = backend;
    backend.changeStaff = (...asked) => server.promise.then(() => changeStaff(...asked));
  });
  const sent = kept(backend);
  await keys.click((await rowOf("Priya")).getByRole("button", { name: /^Change/ }));
  const name = await screen.findByLabelText<HTMLInputElement>("Name");
  await keys.type(name, "s{Enter}");
  const saved = name.value;
  await keys.type(name, " and more");
  expect(name.value).toBe(saved);
  await act(async () => server.resolve());
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect(sent.map(({ fullName }) => fullName)).toEqual([saved]);
});

test("an answer that nobody waited for closes no other form, and a password that nobody saw is told of", async () => {
  const server = later<void>();
  const { keys } = await openStaff((backend) => {
    const { changeStaff, givePassword } = backend;
    backend.changeStaff = (...asked) => server.promise.then(() => changeStaff(...asked));
    backend.givePassword = (id) => server.promise.then(() => givePassword(id));
  });
  await keys.click((await rowOf("Priya")).getByRole("button", { name: /^Change/ }));
  await keys.type(await screen.findByLabelText("Name"), "s{Enter}");
  await goOnWithout(keys);
  await keys.click((await rowOf("Sister Asha")).getByRole("button", { name: /^One-time password/ }));
  await keys.click(screen.getByRole("button", { name: messages.staff.giveSubmit }));
  await goOnWithout(keys);
  await keys.click(screen.getByRole("button", { name: "Add someone" }));
  const name = await screen.findByLabelText("Name");
  await keys.type(name, "Lata");
  await act(async () => server.resolve());
  await screen.findByText("Changes to Priya Nairs saved");
  await screen.findByText(messages.staff.givenUnseen("Sister Asha"));
  expect(name.isConnected).toBe(true);
  expect(name).toHaveProperty("value", "Lata");
});

test("whoever saved with the button and is refused has the focus on it again", async () => {
  const server = later<void>();
  const { keys } = await openStaff((backend) => {
    backend.changeStaff = async () => {
      await server.promise;
      throw failure;
    };
  });
  await keys.click((await rowOf("Priya")).getByRole("button", { name: /^Change/ }));
  const save = await screen.findByRole("button", { name: "Save" });
  await keys.click(save);
  await waitFor(() => expect(save).toHaveProperty("disabled", true));
  // Where a browser puts the focus of what can no longer have it.
  act(() => save.blur());
  await act(async () => server.resolve());
  expect((await screen.findByRole("alert")).textContent).toContain("no open line");
  await waitFor(() => expect(document.activeElement).toBe(save));
});
