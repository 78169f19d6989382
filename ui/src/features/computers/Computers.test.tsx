import { act, screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import type { AppState } from "../../ipc/bindings/AppState";
import type { RevocationView } from "../../ipc/bindings/RevocationView";
import { expectAccessible, openClinic, type Prepare } from "../../test/clinic";

const revocation: RevocationView = {
  state: "asked",
  askedAt: "2026-11-23T09:12:00",
  hasConsent: false,
  lost: null,
  doneAt: null,
};

async function openComputers(prepare: Prepare = () => undefined) {
  const opened = openClinic({ start: "anjali@example.in" }, prepare);
  await screen.findByTestId("today");
  await opened.keys.click(screen.getByRole("link", { name: "Computers" }));
  await screen.findAllByTestId("computer");
  return opened;
}

test("an admin takes another computer out of service, after a question, and not this one", async () => {
  const { keys } = await openComputers();
  const [here, other] = screen.getAllByTestId("computer");
  if (!here || !other) throw new Error("two computers");
  expect(within(here).queryByRole("button", { name: /out of service/ })).toBeNull();
  await expectAccessible();
  await keys.click(within(other).getByRole("button", { name: "Take out of service: Front desk" }));
  const dialog = await screen.findByRole("dialog", { name: "Take Front desk out of service?" });
  await expectAccessible();
  await keys.type(within(dialog).getByLabelText("Why (for the log)"), "stolen");
  await keys.click(within(dialog).getByRole("button", { name: "Take out of service" }));
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect(await screen.findByText(/no contact since/)).toBeTruthy();
});

const states: [Partial<RevocationView>, RegExp][] = [
  [{ state: "asked" }, /no contact since/],
  [{ state: "never_confirmed" }, /never confirmed; could not be opened after/],
  [{ state: "acknowledged" }, /clears itself after a day switched on/],
  [{ state: "acknowledged", hasConsent: true }, /handing over what it had/],
  [{ state: "leaving" }, /being cleared/],
  [{ state: "other" }, /update Clinic Desk to see how far it has come/],
  [{ state: "done", doneAt: "2026-11-23T10:00:00", lost: 0 }, /cleared .*, and confirmed$/],
  [{ state: "done", doneAt: "2026-11-23T10:00:00", lost: 2 }, /lost \(changes, files, records: 2\)$/],
];

test.each(states)("what became of a computer is said: %o", async (change, words) => {
  await openComputers((backend) => {
    const list = backend.listComputers;
    backend.listComputers = async () => {
      const { computers, clinics } = await list();
      const revoked = { ...revocation, ...change };
      return {
        computers: computers.map((one) => (one.isThis ? one : { ...one, revocation: revoked })),
        clinics,
      };
    };
  });
  expect(screen.getByText(words)).toBeTruthy();
});

test("a computer that is out of service says what it does, and asks for a password when it needs one", async () => {
  const { keys, backend } = openClinic();
  await screen.findByTestId("today");
  const state: Extract<AppState, { state: "revoked" }> = {
    state: "revoked",
    tenantName: "Shanti Clinic",
    clinicName: "Andheri East",
    people: [],
    waiting: 3,
    needsPassword: false,
    wipesAt: null,
    problem: null,
  };
  act(() => backend.emit({ name: "app-state", payload: state }));
  expect((await screen.findByTestId("revoked")).textContent).toContain("hands over 3 changes");
  expect(screen.queryByLabelText("Password")).toBeNull();
  await expectAccessible();
  const problem = "What waits here cannot be handed over.";
  act(() => backend.emit({ name: "app-state", payload: { ...state, problem } }));
  expect((await screen.findByRole("alert")).textContent).toBe(problem);
  expect(screen.getByTestId("revoked").textContent).not.toContain("hands over");
  await expectAccessible();
  const asks = { ...state, needsPassword: true, wipesAt: "2026-11-24T09:12:00" };
  act(() => backend.emit({ name: "app-state", payload: asks }));
  await keys.type(await screen.findByLabelText("Password"), "wrong");
  expect(screen.getByRole("button", { name: "Hand over" })).toBeTruthy();
  await expectAccessible();
  act(() => backend.emit({ name: "app-state", payload: { state: "wiping" } }));
  expect(await screen.findByTestId("wiping")).toBeTruthy();
});
