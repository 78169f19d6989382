import { screen, waitFor, within } from "@testing-library/react";
import type { UserEvent } from "@testing-library/user-event";
import { expect, test } from "vitest";
import { walkIn } from "../ipc/fake-day";
import { emptyDraft, fakeRefused, forms } from "../ipc/fake-data";
import { catalogues, type Language, messages } from "../messages";
import { shortDay } from "../shared/format";
import { expectAccessible, findSunita, openClinic, openPad, signMetformin } from "../test/clinic";

type Opened = ReturnType<typeof openClinic>;

const prepared = { ...emptyDraft, vitals: { ...emptyDraft.vitals, bpSys: 130, bpDia: 80, tempC: 38.2 } };

const button = (name: string) => screen.getByRole("button", { name });

async function today(opened: Opened) {
  await screen.findByTestId("today");
  await screen.findByText(messages.today.registered);
  return opened;
}

const press = (keys: UserEvent, key: string) => keys.keyboard(`{Control>}${key}{/Control}`);
const shifted = (keys: UserEvent, key: string) => press(keys, `{Shift>}${key}{/Shift}`);

const openStaff = (keys: UserEvent) => keys.click(screen.getByRole("link", { name: messages.shell.staff }));

const openAddComputer = async (keys: UserEvent) => {
  await keys.click(screen.getByRole("link", { name: messages.shell.computers }));
  await keys.click(await screen.findByRole("button", { name: messages.computers.add }));
};

/** The way to every screen and to what floats above it. */
const screens: Record<string, { start?: string; go: (opened: Opened) => Promise<unknown> }> = {
  "set-up": { start: "notEnrolled", go: () => screen.findByTestId("enrol-form") },
  "the list of people": {
    start: "locked",
    go: () => screen.findByRole("heading", { name: messages.unlock.title }),
  },
  "a recovery code": {
    go: async (opened) => {
      await today(opened);
      await opened.keys.click(screen.getByRole("link", { name: messages.shell.computers }));
      await opened.keys.click(await screen.findByRole("button", { name: messages.recovery.make }));
      await opened.keys.type(await screen.findByLabelText(messages.recovery.password), "right{Enter}");
      await screen.findByTestId("the-code");
      await opened.keys.click(button(messages.recovery.save));
      return screen.findByRole("status");
    },
  },
  "a new recovery code": {
    go: async (opened) => {
      await today(opened);
      await opened.keys.click(screen.getByRole("link", { name: messages.shell.computers }));
      await opened.keys.click(await screen.findByRole("button", { name: messages.recovery.make }));
      return screen.findByRole("dialog");
    },
  },
  "a computer without a recovery code": {
    go: async (opened) => {
      await today(opened);
      opened.backend.forgetRecovery(false);
      opened.backend.emit({ name: "app-state", payload: await opened.backend.appState() });
      return screen.findByTestId("recovery-notice");
    },
  },
  ...Object.fromEntries(
    (
      [
        "keyring_locked",
        "keyring_missing",
        "keyring_entry_missing",
        "keyring_replaced",
        "store_damaged",
      ] as const
    ).map((code) => [
      `a computer that does not open: ${code}`,
      {
        go: async (opened: Opened) => {
          await today(opened);
          const recovery = code.startsWith("keyring_entry") ? "K3W9XA" : null;
          const payload = { state: "broken", code, detail: "It is closed.", recovery } as const;
          opened.backend.emit({ name: "app-state", payload });
          return screen.findByTestId("way-on");
        },
      },
    ]),
  ),
  today: { go: today },
  "the week": {
    go: async (opened) => {
      await today(opened);
      await opened.backend.bookVisit("p4", walkIn);
      await opened.keys.keyboard("w");
      await screen.findByText("Ramesh Pawar");
      return screen.findByTestId("week-days");
    },
  },
  "all keys": {
    go: async (opened) => {
      await today(opened);
      await opened.keys.click(button(messages.shell.keys));
      return screen.findByRole("dialog");
    },
  },
  "the finder": {
    go: async (opened) => {
      await today(opened);
      await press(opened.keys, "k");
      await opened.keys.type(await screen.findByTestId("finder-input"), "sun");
      return screen.findAllByTestId("finder-option");
    },
  },
  "a registration with an allergy": {
    go: async (opened) => {
      await today(opened);
      await shifted(opened.keys, "n");
      const form = await screen.findByTestId("register-form");
      await opened.keys.selectOptions(
        within(form).getByLabelText(messages.patient.allergyStatus),
        messages.patient.allergyStatuses.has_allergies,
      );
      return opened.keys.click(button(messages.patient.submit));
    },
  },
  "a correction": {
    go: async (opened) => {
      await today(opened);
      await findSunita(opened.keys);
      await opened.keys.click(button(messages.chart.correct));
      return screen.findByTestId("register-form");
    },
  },
  "a correction of who has died": {
    go: async (opened) => {
      await today(opened);
      const [seen] = forms;
      if (seen) await opened.backend.updatePatient("p1", seen, { ...seen, died: { on: "2026-05-03" } });
      await findSunita(opened.keys);
      await screen.findByText(messages.patient.diedOn(shortDay("2026-05-03")));
      await opened.keys.click(button(messages.chart.correct));
      return screen.findByLabelText(messages.patient.dayOfDeath);
    },
  },
  "a chart in which something differs": {
    go: async (opened) => {
      await today(opened);
      opened.backend.differ({});
      await findSunita(opened.keys);
      await opened.keys.click(screen.getByText(messages.trend.asTable));
      return screen.findByTestId("conflict-banner");
    },
  },
  "an allergy": {
    go: async (opened) => {
      await today(opened);
      await findSunita(opened.keys);
      await opened.keys.click(button(messages.known.changeAllergy("Penicillins")));
      return screen.findByRole("dialog");
    },
  },
  "two registrations": {
    go: async (opened) => {
      await today(opened);
      await findSunita(opened.keys);
      await shifted(opened.keys, "m");
      await opened.keys.type(await screen.findByLabelText(messages.review.merge.find), "ramesh");
      await screen.findByTestId("merge-option");
      await opened.keys.keyboard("{ArrowDown}{Enter}");
      return screen.findByRole("table", { name: messages.review.merge.caption });
    },
  },
  "a chart with something prepared": {
    go: async (opened) => {
      await today(opened);
      await opened.backend.giveToDoctor("p1", prepared);
      await findSunita(opened.keys);
      return screen.findByTestId("prepared");
    },
  },
  "the pad of a nurse, with something prepared": {
    start: "asha@example.in",
    go: async (opened) => {
      await today(opened);
      await opened.backend.giveToDoctor("p1", prepared);
      await openPad(opened.keys);
      return screen.findByTestId("prepared-in");
    },
  },
  "the pad with a held line": {
    go: async (opened) => {
      await today(opened);
      await openPad(opened.keys);
      await opened.keys.keyboard("amoxicillin{Enter}");
      await screen.findByTestId("pad-medicine");
      await opened.keys.keyboard("{Enter}");
      return screen.findByTestId("pad-held");
    },
  },
  "a signed prescription": {
    go: async (opened) => {
      await today(opened);
      return signMetformin(opened.keys);
    },
  },
  "making one void": {
    go: async (opened) => {
      await today(opened);
      await signMetformin(opened.keys);
      await opened.keys.click(button(messages.prescription.void));
      return screen.findByRole("dialog");
    },
  },
  "the teeth of someone": {
    start: "vikram@example.in",
    go: async (opened) => {
      await today(opened);
      for (const line of ["36 mo c", "36 plan rct", "mouth ging", "75 o f", "46 cr", "18 x"])
        await opened.backend.addDentalLine("p1", line);
      await findSunita(opened.keys);
      await press(opened.keys, "4");
      await screen.findByTestId("dental");
      await opened.keys.keyboard("36 mo c // deep");
      return waitFor(() => expect(screen.getByTestId("dental-echo").textContent).toContain("deep"));
    },
  },
  "the sync centre": {
    go: async (opened) => {
      await today(opened);
      await signMetformin(opened.keys);
      await press(opened.keys, "5");
      return screen.findByTestId("ledger-entry");
    },
  },
  "a refused change": {
    go: async (opened) => {
      await today(opened);
      opened.backend.refuse(fakeRefused);
      await press(opened.keys, "5");
      await opened.keys.click(
        await screen.findByRole("button", { name: messages.sync.refused.ways.hand_over }),
      );
      return screen.findByRole("dialog");
    },
  },
  "a decision": {
    go: async (opened) => {
      await today(opened);
      opened.backend.differ({});
      await shifted(opened.keys, "r");
      return screen.findByTestId("review-theirs");
    },
  },
  "the short keys": {
    go: async (opened) => {
      await today(opened);
      await opened.keys.click(screen.getByRole("link", { name: messages.shell.shortKeys }));
      await opened.keys.click(await screen.findByRole("button", { name: messages.shortKeys.add }));
      return screen.findByLabelText(messages.shortKeys.key);
    },
  },
  "the clinic's own medicines": {
    go: async (opened) => {
      await today(opened);
      await opened.backend.addOwnMedicine({
        sameAs: null,
        brandName: "",
        genericName: "Khasi",
        strengthText: "",
        dosageForm: "syrup",
        defaultDose: "1-0-1",
      });
      await opened.keys.click(screen.getByRole("link", { name: messages.shell.shortKeys }));
      await opened.keys.click(await screen.findByRole("link", { name: messages.medicines.title }));
      const own = await screen.findByTestId("own-medicine");
      await opened.keys.click(within(own).getByRole("button", { name: messages.medicines.correct("Khasi") }));
      return opened.keys.type(screen.getByRole("combobox", { name: messages.medicines.what }), "Kaadha");
    },
  },
  computers: {
    go: async (opened) => {
      await today(opened);
      await opened.keys.click(screen.getByRole("link", { name: messages.shell.computers }));
      return screen.findByRole("table");
    },
  },
  "a new computer": {
    go: async (opened) => {
      await today(opened);
      await openAddComputer(opened.keys);
      return screen.findByRole("dialog");
    },
  },
  "a code for a computer": {
    go: async (opened) => {
      await today(opened);
      await openAddComputer(opened.keys);
      const clinical = new RegExp(`^${messages.computers.purposes.clinical}`);
      await opened.keys.click(await screen.findByRole("radio", { name: clinical }));
      await opened.keys.click(button(messages.computers.make));
      return screen.findByTestId("the-code");
    },
  },
  staff: {
    go: async (opened) => {
      await today(opened);
      await openStaff(opened.keys);
      return screen.findByRole("table");
    },
  },
  "the audit log": {
    go: async (opened) => {
      await today(opened);
      await opened.keys.click(screen.getByRole("link", { name: messages.shell.audit }));
      return screen.findByRole("table");
    },
  },
  "a new doctor": {
    go: async (opened) => {
      await today(opened);
      await openStaff(opened.keys);
      await opened.keys.click(await screen.findByRole("button", { name: messages.staff.add }));
      await opened.keys.click(
        screen.getByRole("checkbox", { name: new RegExp(`^${messages.roles.doctor}`) }),
      );
      for (const clinic of ["Andheri East", "Bandra West"])
        await opened.keys.click(screen.getByRole("checkbox", { name: clinic }));
      return screen.findByLabelText(messages.staff.number);
    },
  },
  "an admin who leaves": {
    go: async (opened) => {
      await today(opened);
      await openStaff(opened.keys);
      const change = messages.staff.changeLong("Dr. Anjali Kulkarni");
      await opened.keys.click(await screen.findByRole("button", { name: change }));
      await opened.keys.click(
        screen.getByRole("checkbox", { name: new RegExp(`^${messages.staff.isActive}`) }),
      );
      return screen.findByText(messages.staff.yourself);
    },
  },
  "a one-time password": {
    go: async (opened) => {
      await today(opened);
      await openStaff(opened.keys);
      const give = messages.staff.giveLong("Priya Nair");
      await opened.keys.click(await screen.findByRole("button", { name: give }));
      await opened.keys.click(await screen.findByRole("button", { name: messages.staff.giveSubmit }));
      return screen.findByTestId("the-password");
    },
  },
  "the letterhead": {
    go: async (opened) => {
      await today(opened);
      await opened.keys.click(screen.getByRole("link", { name: messages.shell.letterhead }));
      return screen.findByTestId("letterhead-page");
    },
  },
  "the queue of the day": {
    start: "priya@example.in",
    go: async (opened) => {
      await today(opened);
      await opened.backend.bookVisit("p4", walkIn);
      await opened.backend.bookVisit("p2", { ...walkIn, isHere: false, time: "23:50", doctorId: "d2" });
      await screen.findAllByTestId("visit-row");
      await opened.keys.keyboard("{ArrowDown}{ArrowRight}");
      return screen.findByRole("group");
    },
  },
  "a booking": {
    start: "priya@example.in",
    go: async (opened) => {
      await today(opened);
      await opened.backend.bookVisit("p1", walkIn);
      await findSunita(opened.keys);
      await screen.findByTestId("todays-visit");
      await press(opened.keys, "b");
      await opened.keys.click(await screen.findByLabelText(messages.booking.toCome));
      return opened.keys.type(screen.getByLabelText(messages.booking.day), "1d");
    },
  },
  "the follow-ups": {
    go: async (opened) => {
      await today(opened);
      await shifted(opened.keys, "f");
      return screen.findAllByTestId("due-row");
    },
  },
  "the follow-ups at the front desk": {
    start: "priya@example.in",
    go: async (opened) => {
      await today(opened);
      await shifted(opened.keys, "f");
      return screen.findByText(messages.followUps.frontDesk);
    },
  },
  "a day at the reception": {
    start: "priya@example.in",
    go: async (opened) => {
      await today(opened);
      return findSunita(opened.keys);
    },
  },
};

/** Every text of the English catalogue that another language has another one for. */
function englishOnly(language: Language): Set<string> {
  const texts = (of: unknown): string[] =>
    typeof of === "string" ? [of] : typeof of === "function" ? [] : Object.values(of ?? {}).flatMap(texts);
  const own = new Set(texts(catalogues[language]));
  return new Set(texts(catalogues.en).filter((text) => /[a-z]{3}/.test(text) && !own.has(text)));
}

/** What the clinic's people wrote, which is the same in every language. */
const given = new Set(["Front desk", "Walk half an hour a day"]);

/** All that is drawn or read out. */
function wordsInSight(): string[] {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const words: string[] = [];
  while (walker.nextNode()) {
    const { currentNode: node } = walker;
    // What is marked as another language is meant to be one.
    if (!node.parentElement?.closest("[lang]:not(html)")) words.push(node.textContent?.trim() ?? "");
  }
  for (const element of document.querySelectorAll("[aria-label], [placeholder], [title], [alt]"))
    for (const name of ["aria-label", "placeholder", "title", "alt"])
      words.push(element.getAttribute(name) ?? "");
  return words;
}

/** Four Latin words in a row are English that nobody marked; names and doses have capitals and numbers between them. */
const isEnglish = (words: string) => /(?:\b[a-z]+\b[ ,;]+){3}[a-z]+/.test(words);

const languages: Language[] = ["en", "hi"];

test.each(languages.flatMap((language) => Object.keys(screens).map((name) => [name, language] as const)))(
  "%s, in %s: no fault that an assessor would name, and no word of another language",
  async (name, language) => {
    const { start = "anjali@example.in", go } = screens[name] ?? {
      go: () => Promise.reject(new Error(name)),
    };
    await go(openClinic({ start, language }));
    await expectAccessible();
    const foreign = englishOnly(language);
    expect(wordsInSight().filter((words) => foreign.has(words) && !given.has(words))).toEqual([]);
    if (language === "hi")
      expect(wordsInSight().filter((words) => isEnglish(words) && !given.has(words))).toEqual([]);
  },
);

test.each(Object.keys(screens))(
  "%s: another language is spoken at once, and nothing in it begins anew",
  async (name) => {
    const { start = "anjali@example.in", go } = screens[name] ?? {
      go: () => Promise.reject(new Error(name)),
    };
    const opened = openClinic({ start });
    await go(opened);
    const fields = [...document.querySelectorAll<HTMLInputElement>("input, textarea, select")];
    const typed = fields.map((field) => field.value);
    await opened.keys.click(screen.getByTestId("language-hi"));
    await screen.findByTestId("language-en");
    const foreign = englishOnly("hi");
    expect(wordsInSight().filter((words) => foreign.has(words) && !given.has(words))).toEqual([]);
    expect(fields.filter((field) => !field.isConnected)).toEqual([]);
    expect(fields.map((field) => field.value)).toEqual(typed);
  },
);
