import { type RefObject, useLayoutEffect, useRef, useSyncExternalStore } from "react";
import { messages } from "../messages";

interface Binding {
  /** As a person reads it: `Mod` is ⌘ on a Mac and Ctrl elsewhere. */
  keys: string;
  /** Its name among the words for keys. */
  label: keyof typeof messages.keys;
  where:
    | "everywhere"
    | "day"
    | "week"
    | "queue"
    | "chart"
    | "paper"
    | "preview"
    | "booking"
    | "record"
    | "known"
    | "pad"
    | "dental";
}

/** Every key that works beyond the focused control. */
export const keymap = {
  find: { keys: "Mod+K", label: "find", where: "everywhere" },
  register: { keys: "Mod+Shift+N", label: "register", where: "everywhere" },
  today: { keys: "Mod+1", label: "today", where: "everywhere" },
  followUps: { keys: "Mod+Shift+F", label: "followUps", where: "everywhere" },
  chart: { keys: "Mod+2", label: "chart", where: "everywhere" },
  pad: { keys: "Mod+3", label: "pad", where: "everywhere" },
  dental: { keys: "Mod+4", label: "dental", where: "everywhere" },
  sync: { keys: "Mod+5", label: "sync", where: "everywhere" },
  review: { keys: "Mod+Shift+R", label: "review", where: "everywhere" },
  takeBack: { keys: "Mod+U", label: "takeBack", where: "everywhere" },
  keys: { keys: "?", label: "keys", where: "everywhere" },
  close: { keys: "Esc", label: "close", where: "everywhere" },
  nextPatient: { keys: "F9", label: "nextPatient", where: "queue" },
  callToken: { keys: "F10", label: "callToken", where: "day" },
  slip: { keys: "P", label: "slip", where: "day" },
  dayBefore: { keys: "Alt+←", label: "dayBefore", where: "day" },
  dayAfter: { keys: "Alt+→", label: "dayAfter", where: "day" },
  week: { keys: "W", label: "week", where: "day" },
  weekBefore: { keys: "Alt+←", label: "weekBefore", where: "week" },
  weekAfter: { keys: "Alt+→", label: "weekAfter", where: "week" },
  newPrescription: { keys: "Mod+N", label: "newPrescription", where: "chart" },
  book: { keys: "Mod+B", label: "book", where: "booking" },
  slipOfPatient: { keys: "Mod+P", label: "slip", where: "record" },
  allergy: { keys: "Mod+Shift+A", label: "allergy", where: "known" },
  merge: { keys: "Mod+Shift+M", label: "merge", where: "record" },
  preview: { keys: "Mod+P", label: "preview", where: "paper" },
  print: { keys: "Mod+P", label: "print", where: "preview" },
  repeat: { keys: "Mod+R", label: "repeat", where: "pad" },
  undo: { keys: "Mod+Z", label: "undo", where: "pad" },
  redo: { keys: "Mod+Shift+Z", label: "redo", where: "pad" },
  sign: { keys: "Mod+Enter", label: "sign", where: "pad" },
  give: { keys: "Mod+G", label: "give", where: "pad" },
  takePrepared: { keys: "Mod+I", label: "takePrepared", where: "pad" },
  signOnly: { keys: "Mod+Shift+Enter", label: "signOnly", where: "pad" },
  removeLine: { keys: "Mod+Backspace", label: "removeLine", where: "pad" },
  moveUp: { keys: "Alt+↑", label: "moveLineUp", where: "pad" },
  moveDown: { keys: "Alt+↓", label: "moveLineDown", where: "pad" },
  keepLine: { keys: "K", label: "keepLine", where: "pad" },
  noSubstitution: { keys: "N", label: "noSubstitution", where: "pad" },
  diagnosis: { keys: "F3", label: "diagnosis", where: "pad" },
  vitals: { keys: "F4", label: "vitals", where: "pad" },
  comeBack: { keys: "F6", label: "comeBack", where: "pad" },
  tests: { keys: "F7", label: "tests", where: "pad" },
  advice: { keys: "F8", label: "advice", where: "pad" },
  medicineLine: { keys: "F9", label: "medicineLine", where: "pad" },
  discardDraft: { keys: "Mod+D", label: "discardDraft", where: "pad" },
  expandKey: { keys: "/key Tab", label: "expand", where: "pad" },
  phrase: { keys: ".key Space", label: "phrase", where: "pad" },
  editLine: { keys: "F2", label: "editLine", where: "pad" },
  dentalLine: { keys: "F9", label: "dentalLine", where: "dental" },
} satisfies Record<string, Binding>;

export type KeyId = keyof typeof keymap;

const isMac = navigator.userAgent.includes("Mac");
const names: Record<string, string> = {
  Esc: "Escape",
  "↑": "ArrowUp",
  "↓": "ArrowDown",
  "←": "ArrowLeft",
  "→": "ArrowRight",
};

/** `Ctrl K`, or `⌘ K` on a Mac. */
export function keyLabel(id: KeyId): string {
  return keymap[id].keys
    .replace("Mod", isMac ? "⌘" : "Ctrl")
    .split("+")
    .join(" ");
}

interface Pressed {
  key: string;
  code: string;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
}

/**
 * What the key says, in small letters. On a keyboard for Hindi or one of its sisters every key says something else: there it
 * is known by its place.
 */
export function saidBy({ key, code, shiftKey }: Pick<Pressed, "key" | "code" | "shiftKey">): string {
  if (!/^[\u0900-\u0DFF]/.test(key)) return key.toLowerCase();
  if (code === "Slash" && shiftKey) return "?";
  return /^(?:Key|Digit)(.)$/.exec(code)?.[1]?.toLowerCase() ?? key;
}

/** Whether the event is that key. */
export function isKey(event: Pressed, id: KeyId): boolean {
  const parts = keymap[id].keys.split("+");
  const last = parts.at(-1) ?? "";
  const wanted = names[last] ?? last;
  const [mod, other] = isMac ? [event.metaKey, event.ctrlKey] : [event.ctrlKey, event.metaKey];
  return (
    !other &&
    saidBy(event) === wanted.toLowerCase() &&
    mod === parts.includes("Mod") &&
    event.altKey === parts.includes("Alt") &&
    (event.shiftKey === parts.includes("Shift") || wanted === "?")
  );
}

/** Whether nothing is held with the key but Shift: a key with Ctrl, Alt or ⌘ is the map's alone. */
export const isPlain = (event: Pressed) => !event.ctrlKey && !event.metaKey && !event.altKey;

/** What also works while something floats above the screen. */
const aboveDialogs = new Set<KeyId>(["find", "register", "print"]);

/** Whether letters go into this. */
export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLInputElement ||
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement
  );
}

/** What a key that is held down does once: again and again, and on the next screen, it would do one after the other. */
const onceEach = new Set<KeyId>([
  "takeBack",
  "nextPatient",
  "callToken",
  "slip",
  "slipOfPatient",
  "week",
  "repeat",
  "takePrepared",
  "print",
]);

/** A key that words are written with, too. */
const isLetter = (id: KeyId) => keymap[id].keys.length === 1;

const isBehindDialog = (id: KeyId) =>
  !aboveDialogs.has(id) && document.querySelector("dialog[open]") !== null;

type Handlers = Partial<Record<KeyId, () => void>>;

/** What answers keys now, the latest last, and who is told when that changes. */
const answering = new Set<RefObject<Handlers>>();
const watchers = new Set<() => void>();
let answered = "";

function answeringChanged() {
  answered = [...new Set([...answering].flatMap(({ current }) => entries(current).map(([id]) => id)))]
    .sort()
    .join(" ");
  for (const watcher of watchers) watcher();
}

/** The ids of the keys that do something now, in one text. */
export function useAnswered(): string {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => answered,
  );
}

/** Does what the key would do now. */
export function press(pressed: string): void {
  const answers = [...answering].flatMap(({ current }) => entries(current));
  const [id, handler] = answers.findLast(([one]) => one === pressed) ?? [];
  if (id && handler && !isBehindDialog(id)) handler();
}

/** Answers keys of the map for as long as the component stands. Keys of the web view itself never get through. */
export function useKeys(handlers: Handlers): void {
  const latest = useRef(handlers);
  // With what is drawn: a key that comes right behind it is not answered by what stood there before.
  useLayoutEffect(() => {
    latest.current = handlers;
  });
  useLayoutEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      for (const [id, handler] of entries(latest.current)) {
        if (!handler || event.defaultPrevented || !isKey(event, id)) continue;
        if (isLetter(id) && isTyping(event.target)) continue;
        if (isBehindDialog(id)) continue;
        event.preventDefault();
        if (!onceEach.has(id) || !event.repeat) handler();
        return;
      }
    };
    document.addEventListener("keydown", onKeyDown);
    answering.add(latest);
    answeringChanged();
    return () => {
      document.removeEventListener("keydown", onKeyDown);
      answering.delete(latest);
      answeringChanged();
    };
  }, []);
}

function entries(handlers: Handlers): [KeyId, (() => void) | undefined][] {
  const found: [KeyId, (() => void) | undefined][] = [];
  let id: KeyId;
  for (id in keymap) if (handlers[id]) found.push([id, handlers[id]]);
  return found;
}

/** Safari says 229 of the key that ends a word, and no longer that it is composed. */
const isComposed = (event: KeyboardEvent) => event.isComposing || event.keyCode === 229;

/** Enter or Escape that is held down; in a text, Enter makes line after line. */
const isStillHeld = (event: KeyboardEvent) =>
  event.repeat &&
  (event.key === "Escape" || (event.key === "Enter" && !(event.target instanceof HTMLTextAreaElement)));

/**
 * Which keys reach nothing but the field: those of a word that is composed, as Hindi is by its sound, where Enter takes the
 * word. Enter and Escape that are held down reach nothing at all: they would go on with what comes into the place of what they
 * did.
 */
export function useKeysKept(): void {
  useLayoutEffect(() => {
    const keep = (event: KeyboardEvent) => {
      const isHeld = isStillHeld(event) && !isComposed(event);
      if (isHeld) event.preventDefault();
      if (isHeld || isComposed(event)) event.stopPropagation();
    };
    window.addEventListener("keydown", keep, true);
    return () => window.removeEventListener("keydown", keep, true);
  }, []);
}

const webViewKeys = new Set(["f3", "f5", "f7", "f10"]);
const webViewModKeys = new Set(["n", "p", "r", "d", "f", "g", "j", "u"]);

function keepFromWebView(event: KeyboardEvent): void {
  const key = saidBy(event);
  if (webViewKeys.has(key) || ((event.ctrlKey || event.metaKey) && webViewModKeys.has(key)))
    event.preventDefault();
}

/** Keeps the web view from reloading, printing or searching by itself. On the window: after everything else. */
export function keepWebViewQuiet(): void {
  window.addEventListener("keydown", keepFromWebView);
  // What is composed goes no further than this.
  window.addEventListener("keydown", (event) => isComposed(event) && keepFromWebView(event), true);
}
