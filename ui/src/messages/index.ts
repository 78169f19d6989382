import type { WindowLanguage } from "../ipc/bindings/WindowLanguage";
import { messages as english } from "./en";
import { messages as hindi } from "./hi";

export type Language = WindowLanguage;

/** The languages of the window, each by its own name. */
export const languages: Record<Language, string> = { en: "English", hi: "हिन्दी" };

export const catalogues: Record<Language, typeof english> = { en: english, hi: hindi };

/** Every text of the window, in the language that is spoken now. Read it while drawing, never when a file is loaded. */
export let messages = english;

/** The language that is spoken now. */
export let language: Language = "en";

/** Speaks this language from the next drawing on. */
export function speak(next: Language): void {
  language = next;
  messages = catalogues[next];
  document.documentElement.lang = next;
}
