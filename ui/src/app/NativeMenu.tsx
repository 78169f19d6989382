import { useEffect, useState } from "react";
import { useBackend } from "../ipc/context";
import { catalogues, type Language, type messages } from "../messages";
import { type KeyId, keymap, useAnswered } from "./keymap";
import { useLanguage } from "./language";

/** What stands in the menus of the system, and in which. */
const sections = {
  go: ["find", "register", "today", "followUps", "chart", "pad", "dental", "sync", "review"],
  day: ["nextPatient", "callToken", "slip", "dayBefore", "dayAfter", "week"],
  patient: ["newPrescription", "book", "slipOfPatient", "allergy", "merge", "preview", "print"],
  prescription: [
    "repeat",
    "takePrepared",
    "undo",
    "redo",
    "diagnosis",
    "vitals",
    "comeBack",
    "tests",
    "advice",
    "medicineLine",
  ],
  help: ["keys"],
} satisfies Record<keyof typeof messages.menu.titles, KeyId[]>;

const capital = (words: string) => words.charAt(0).toUpperCase() + words.slice(1);

/** Keeps the menus of the system in step: in the language of now, and only what does something now can be chosen. */
export function NativeMenu() {
  const backend = useBackend();
  const { language } = useLanguage();
  const answered = useAnswered();
  const [shown, setShown] = useState<Language | null>(null);
  useEffect(() => {
    const { menu, keys } = catalogues[language];
    const worded = entriesOf(sections).map(([name, ids]) => ({
      title: menu.titles[name],
      items: ids.map((id) => ({
        id,
        label: capital(keys[keymap[id].label]),
        keys: keymap[id].keys,
      })),
    }));
    // Everything in a menu has its key, too: no reason to stop work.
    backend.showMenu(worded, menu.usual).then(
      () => setShown(language),
      () => undefined,
    );
  }, [backend, language]);
  useEffect(() => {
    if (shown !== language) return;
    // The screen comes first.
    const later = setTimeout(() => backend.enableMenu(answered.split(" ")).catch(() => undefined), 200);
    return () => clearTimeout(later);
  }, [backend, language, shown, answered]);
  return null;
}

function entriesOf(of: typeof sections): [keyof typeof sections, KeyId[]][] {
  const found: [keyof typeof sections, KeyId[]][] = [];
  let name: keyof typeof sections;
  for (name in of) found.push([name, of[name]]);
  return found;
}
