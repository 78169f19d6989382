import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useLayoutEffect, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { queryKeys } from "../../app/queries";
import type { CommandError } from "../../ipc/bindings/CommandError";
import type { Draft } from "../../ipc/bindings/Draft";
import type { DraftItem } from "../../ipc/bindings/DraftItem";
import type { LineChoice } from "../../ipc/bindings/LineChoice";
import type { MedicineFound } from "../../ipc/bindings/MedicineFound";
import { useBackend } from "../../ipc/context";
import { langOf, problemOf } from "../../ipc/problem";
import { messages } from "../../messages";

/** What a line is about, once that is settled: a medicine of the list, or words as typed with their form. */
type Chosen = { medicine: MedicineFound } | { text: string; form: string };

/** `Paracetamol 650 mg`, `Paracetamol 650 mg (Dolo 650)` */
export function medicineName(medicine: MedicineFound): string {
  const brand = medicine.brandName && `(${medicine.brandName})`;
  return [medicine.genericName, medicine.strengthText, brand].filter(Boolean).join(" ");
}

export const chosenName = (chosen: Chosen) =>
  "medicine" in chosen ? medicineName(chosen.medicine) : chosen.text;
/** The name that a dose is said back with, and the form and the strength, by which it is counted. */
const measureOf = (chosen: Chosen | null): [name: string, form: string, strength: string] => {
  if (chosen === null) return ["", "", ""];
  if ("text" in chosen) return [chosen.text, chosen.form, chosen.text];
  const { genericName, dosageForm, strengthText } = chosen.medicine;
  return [genericName, dosageForm, strengthText ?? ""];
};

/** Medicine and dose as one line, of which Rust knows where the dose begins: a bare figure may be both. */
export const asLine = (medicine: string, dose: string) => (dose === "" ? medicine : `${medicine}: ${dose}`);

/** The line as the draft keeps it; one that stands there again keeps its mark as long as its medicine is the same. */
export const toItem = (about: Chosen, doseText: string, was: DraftItem | null): DraftItem => {
  const medicineId = "medicine" in about ? about.medicine.id : null;
  const medicineText = chosenName(about);
  const isSame = was?.medicineId === medicineId && (medicineId !== null || was.medicineText === medicineText);
  return {
    medicineId,
    medicineText,
    doseText,
    kept: [],
    source: "typed",
    noSubstitution: isSame && was.noSubstitution,
  };
};

/** What was typed behind a line since it was taken; all of it, if another line stands there. */
export const typedSince = (taken: string, now: string) =>
  now.startsWith(taken) ? now.slice(taken.length).trimStart() : now;

/** What a second Enter meant: of the line that stands there now, what was typed before it. */
const behind = (first: string, second: string, now: string) => {
  const part = typedSince(first, second);
  return now.startsWith(second) ? second : now.startsWith(part) && part !== "" ? part : null;
};

/** What Rust said, or a sentence of the window's own, which is said in the language of now. */
type Why = CommandError | (() => string);

interface Options {
  initial: Pick<Draft, "line" | "lineWas">;
  onText: (line: string, was: DraftItem | null) => void;
  onAccept: (item: DraftItem) => void;
  selectAll: () => void;
}

/** The one line in which medicines are written. */
export function useLine({ initial, onText, onAccept, selectAll }: Options) {
  const backend = useBackend();
  const client = useQueryClient();
  const [text, setTextOnly] = useState(initial.line);
  const latest = useRef(initial.line);
  const isAccepting = useRef(false);
  /** The line at an Enter that came before the one before was answered. */
  const entered = useRef<string | null>(null);
  /** The line that stands there again to be changed: its medicine stays the one that is meant. */
  const [was, setWas] = useState(initial.lineWas);
  const [chosen, setChosenOnly] = useState<Chosen | null>(null);
  const [place, setPlace] = useState<number | null>(null);
  const [isClosed, setClosed] = useState(false);
  const [stopped, setStopped] = useState<Why | null>(null);
  /** Whether it was asked, before anything is typed, what is written most often. */
  const [isAsked, setAsked] = useState(false);
  const isNothing = text.trim() === "" && !isAsked;

  const lineOf = (line: string) => ({
    queryKey: queryKeys.line(line, was?.medicineId),
    queryFn: () => backend.readLine(line, was),
    staleTime: 60_000,
  });
  const line = useQuery({
    ...lineOf(text),
    enabled: chosen === null && !isNothing && !text.startsWith("/"),
    placeholderData: keepPreviousData,
  });
  const typed = isNothing || text.startsWith("/") ? undefined : line.data;
  const doseText = chosen ? text.trim() : (typed?.dose ?? "");
  /** Nothing is wrong with a dose that is still being typed, until Enter. */
  const isBegun = chosen === null && typed?.isBegun === true;
  const medicineText = chosen ? "" : (typed?.medicine ?? "");
  const found = chosen || isClosed ? [] : (typed?.found ?? []);
  const choice: LineChoice = chosen || !typed ? { kind: "nothing" } : typed.choice;
  const meant = chosen ?? meantBy(choice, found[place ?? -1], medicineText, typed?.freeForm ?? "");
  // With a dose typed, Enter takes only what is certain; without one it takes the first.
  const certain = meant && "medicine" in meant ? found.findIndex((one) => one.id === meant.medicine.id) : -1;
  const highlight = doseText === "" ? (place ?? 0) : certain;
  const dosage = useQuery({
    queryKey: queryKeys.dosage(doseText, ...measureOf(meant)),
    queryFn: () => backend.readDosage(doseText, ...measureOf(meant)),
    enabled: doseText !== "" && !isBegun,
    staleTime: Infinity,
  });

  const stop = (why: Why) => setStopped(() => why);
  const isRefused = doseText !== "" && !isBegun && dosage.error !== null;
  const failed = stopped ?? (isRefused ? problemOf(dosage.error) : null);
  const set = (next: string, about: Chosen | null) => {
    const kept = about ? toItem(about, next.trim(), was) : next === "" ? null : was;
    latest.current = next;
    setTextOnly(next);
    setChosenOnly(about);
    setWas(kept);
    setStopped(null);
    setAsked(false);
    onText(about ? asLine(chosenName(about), next.trim()) : next, kept);
  };
  const setText = (next: string) => {
    setPlace(null);
    setClosed(false);
    set(next, chosen);
  };
  const choose = (about: Chosen, dose: string, isTyping = false) => {
    // The next letter writes over the usual dose, however soon it comes.
    flushSync(() => {
      setPlace(null);
      set(dose || ("medicine" in about ? (about.medicine.defaultDose ?? "") : ""), about);
    });
    // What is being typed would be written over.
    if (!isTyping) selectAll();
  };
  /** Shows a line that stands in the draft already. */
  const showLine = (shown: string, before: DraftItem | null = null) => {
    latest.current = shown;
    setTextOnly(shown);
    setChosenOnly(null);
    setWas(before);
    setStopped(null);
    setAsked(false);
    setPlace(null);
  };
  const unchoose = () => chosen && set(asLine(chosenName(chosen), text), null);

  /** Takes the line; what was typed behind it since goes on as the next one. Whether it was taken. */
  const finish = async (about: Chosen, dose: string, line: string) => {
    if (dose === "") return stop(() => messages.pad.doseMissing);
    try {
      await client.fetchQuery({
        queryKey: queryKeys.dosage(dose, ...measureOf(about)),
        queryFn: () => backend.readDosage(dose, ...measureOf(about)),
        staleTime: Infinity,
      });
    } catch (error) {
      return stop(problemOf(error));
    }
    const rest = typedSince(line, latest.current);
    // The next letter is one of the next line, however soon it comes.
    flushSync(() => {
      onAccept(toItem(about, dose, was));
      showLine(rest);
      if (rest !== "") onText(rest, null);
    });
  };

  /** Settles the medicine, then the line. */
  const settle = async (text: string) => {
    if (chosen) return finish(chosen, text.trim(), text);
    if (text.trim() === "" && !isAsked) return;
    // What is typed fast must be looked up before it counts.
    const now = await client.fetchQuery(lineOf(text)).catch((error: unknown) => stop(problemOf(error)));
    const offered = isClosed ? [] : (now?.found ?? []);
    if (!now) return;
    if (now.medicine === "" && offered.length === 0) {
      if (text.trim() !== "") stop(() => messages.pad.medicineMissing);
      return;
    }
    const free: Chosen = { text: now.medicine, form: now.freeForm };
    // The one that is marked, wherever the new answer has it; never another one in its place.
    const marked = place === null ? undefined : found[place];
    const highlighted = offered.find((one) => one.id === marked?.id);
    if (marked && !highlighted) return setPlace(null);
    if (now.dose === "") {
      // Who changes the name meanwhile means another one.
      if (!latest.current.startsWith(text)) return;
      const first = highlighted ?? offered[0];
      const rest = typedSince(text, latest.current);
      return choose(first ? { medicine: first } : free, rest, rest !== "");
    }
    if (highlighted) return finish({ medicine: highlighted }, now.dose, text);
    if (isClosed || now.choice.kind !== "several")
      return finish(
        !isClosed && now.choice.kind === "chosen" ? { medicine: now.choice.medicine } : free,
        now.dose,
        text,
      );
    {
      const { count } = now.choice;
      return stop(() => messages.pad.several(count));
    }
  };

  const settling = useRef(settle);
  useLayoutEffect(() => {
    settling.current = settle;
  });
  /** Enter. One more, before the first was answered, means what was typed since; with nothing typed, the same line. */
  const accept = async () => {
    if (isAccepting.current) {
      entered.current = latest.current;
      return;
    }
    isAccepting.current = true;
    try {
      let line: string | null = latest.current;
      while (line !== null) {
        entered.current = null;
        await settling.current(line);
        // oxlint-disable-next-line typescript/no-unnecessary-condition -- an Enter may have come while it was waited
        const next: string | null = entered.current;
        // What was typed since the first Enter, if that was answered with another line.
        line = next === null || next === line ? null : behind(line, next, latest.current);
      }
    } finally {
      isAccepting.current = false;
    }
  };

  return {
    text,
    chosen,
    found,
    /** The one that Enter would take, or -1. */
    place: highlight,
    /** How many medicines fit a line that does not say which. */
    several: place === null && !chosen && choice.kind === "several" ? choice.count : 0,
    meant,
    doseText,
    isBegun,
    medicineText,
    isSearched: line.isFetched && !line.isPlaceholderData,
    read: doseText === "" ? undefined : dosage.data,
    problem: failed === null ? null : said(failed),
    setText,
    showLine,
    /** Says what is wrong with what stands there. */
    stop,
    choose,
    unchoose,
    accept,
    move: (step: number) => setPlace(Math.min(Math.max(highlight + step, 0), found.length - 1)),
    close: () => setClosed(true),
    /** Offers what is written most often. */
    ask: () => {
      setClosed(false);
      setPlace(0);
      setAsked(true);
    },
  };
}

/** What is wrong, and in which language it is said. */
const said = (why: Why) =>
  typeof why === "function"
    ? { words: why(), lang: undefined }
    : { words: why.detail, lang: langOf(why.detail) };

function meantBy(
  choice: LineChoice,
  highlighted: MedicineFound | undefined,
  typed: string,
  form: string,
): Chosen | null {
  if (highlighted) return { medicine: highlighted };
  if (choice.kind === "chosen") return { medicine: choice.medicine };
  return typed === "" ? null : { text: typed, form };
}

export type Line = ReturnType<typeof useLine>;
