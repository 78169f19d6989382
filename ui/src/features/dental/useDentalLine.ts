import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type RefObject, useEffect, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { queryKeys, refreshRows } from "../../app/queries";
import type { CommandError } from "../../ipc/bindings/CommandError";
import type { DentalLineRead } from "../../ipc/bindings/DentalLineRead";
import type { Surface } from "../../ipc/bindings/Surface";
import { useBackend } from "../../ipc/context";
import { problemOf } from "../../ipc/problem";
import { messages } from "../../messages";
import { useToast } from "../../shared/toasts";
import { useUnsaved } from "../../shared/unsaved";
import { bareOf, isBare, markedIn, toggled } from "./teeth";
import { useKeptLine } from "./keptLines";

/** So long, in milliseconds, nothing is typed before it is said what is wrong. */
const PAUSE = 700;

/** What stands in the way: what Rust said, or that the line is not finished. */
type Why = CommandError | "unfinished";

/** What was typed behind a line since it was taken; all of it, if another line stands there. */
const typedSince = (taken: string, now: string) =>
  now.startsWith(taken) ? now.slice(taken.length).trimStart() : now;

/** The tooth with which a line begins. */
const beginOf = (line: string) => line.trim().slice(0, 2);

/** The one line in which the chart is written. */
export function useDentalLine(patientId: string, input: RefObject<HTMLInputElement | null>) {
  const backend = useBackend();
  const client = useQueryClient();
  const toast = useToast();
  const { text, isMarked, now, keep } = useKeptLine(patientId);
  const [stopped, setStopped] = useState<Why | null>(null);
  const [added, setAdded] = useState<{ count: number; read: DentalLineRead } | null>(null);
  const isPaused = usePause(text);

  const readOf = (line: string) => ({
    queryKey: queryKeys.dentalLine(line),
    queryFn: () => backend.readDentalLine(line),
    staleTime: Infinity,
  });
  const asked = useQuery({
    ...readOf(text),
    enabled: text.trim() !== "" && !isMarked,
    // What was said of another line is not said of this one.
    placeholderData: (before, query) =>
      beginOf(String(query?.queryKey[1] ?? "")) === beginOf(text) ? before : undefined,
  });
  const read = text.trim() === "" ? null : isMarked ? markedRead(text) : (asked.data ?? null);
  // What no further letter makes right is told once whoever types it looks up.
  const failed = text.trim() !== "" && !isMarked && isPaused && asked.error ? problemOf(asked.error) : null;

  const setText = (next: string, isMarkedNow = false) => {
    setStopped(null);
    keep({ text: next, isMarked: isMarkedNow });
  };
  const add = useMutation({ mutationFn: (line: string) => backend.addDentalLine(patientId, line) });
  useUnsaved(false, add.isPending);

  /** Adds one line; whether it is in the chart now. */
  const addOne = async (line: string): Promise<boolean> => {
    try {
      const said = await client.fetchQuery(readOf(line));
      if (said.entry === null) {
        setStopped("unfinished");
        return false;
      }
      await add.mutateAsync(line);
      const rest = typedSince(line, now().text);
      flushSync(() => {
        setText(rest);
        setAdded((before) => ({ count: (before?.count ?? 0) + 1, read: said }));
      });
      void refreshRows(client);
      return true;
    } catch (error) {
      setStopped(problemOf(error));
      return false;
    }
  };
  const isAdding = useRef(false);
  /** The line at an Enter that came before the one before was answered. */
  const entered = useRef<string | null>(null);
  const accept = async () => {
    if (isAdding.current) {
      entered.current = now().text;
      return;
    }
    isAdding.current = true;
    try {
      let line: string | null = now().text;
      while (line !== null && line.trim() !== "") {
        entered.current = null;
        if (now().isMarked) {
          setStopped("unfinished");
          return;
        }
        // oxlint-disable-next-line no-await-in-loop -- one line after the other
        if (!(await addOne(line))) return;
        // oxlint-disable-next-line typescript/no-unnecessary-condition -- an Enter may have come while it was waited
        const next: string | null = entered.current;
        line = next === null || next === line ? null : typedSince(line, next);
      }
    } finally {
      isAdding.current = false;
    }
  };

  const focusEnd = () => {
    const field = input.current;
    field?.focus();
    field?.setSelectionRange(field.value.length, field.value.length);
  };
  /** `36 pl` could be surfaces, and is a finding. */
  const isReplaceable = (line: string) =>
    isBare(line) &&
    (now().isMarked ||
      !bareOf(line)?.surfaces ||
      client.getQueryData<DentalLineRead>(queryKeys.dentalLine(line))?.entry === null);
  /** Whether the line may be written over; if not, it is said why. */
  const mayReplace = () => {
    if (isReplaceable(now().text)) return true;
    toast(messages.dental.finishFirst);
    focusEnd();
    return false;
  };
  return {
    text,
    setText,
    read,
    /** Whether that was said of the line as it is, not as it was a letter before. */
    isReadNow: isMarked || !asked.isPlaceholderData,
    /** What is wrong with the line, if that is to be said now. */
    problem: stopped ?? failed,
    /** What was added last, and the how-many-th it is. */
    added,
    isAdding: add.isPending,
    accept,
    focusEnd,
    mark: (tooth: number, surface: Surface) => {
      if (!mayReplace()) return;
      setText(toggled(now().text, tooth, surface), true);
    },
    type: (tooth: number, typed: string) => {
      if (!mayReplace()) return;
      const isOwn = bareOf(now().text)?.tooth === tooth;
      const own = isOwn ? `${now().text.trimEnd()} ` : `${tooth} `;
      const staysMarked = typed === "" && isOwn && now().isMarked;
      flushSync(() => setText(/\d/.test(typed) ? typed : own + typed, staysMarked));
      focusEnd();
    },
  };
}

/** What a line says in which only surfaces were marked. */
function markedRead(text: string): DentalLineRead | null {
  const bare = bareOf(text);
  if (bare === null) return null;
  const site = { kind: "tooth", tooth: bare.tooth, region: null } as const;
  return { site, surfaces: markedIn(text, bare.tooth).join(""), entry: null, note: "" };
}

/** Whether nothing was typed for a while. */
function usePause(text: string): boolean {
  const [paused, setPaused] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setPaused(text), PAUSE);
    return () => clearTimeout(timer);
  }, [text]);
  return paused === text;
}

export type DentalLineState = ReturnType<typeof useDentalLine>;
