import { Button } from "@mantine/core";
import { useBlocker } from "@tanstack/react-router";
import { createContext, type ReactNode, use, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { messages } from "../messages";
import { Question } from "./Question";

/** What a form holds that would go with it. */
export type Held = "typed" | "saving";

/** So long, in milliseconds, a save lasts at most before it can be left to itself. */
const LONG = 15_000;

interface Unsaved {
  /** Counts a form in which something is typed or being saved, until what it answers is called. */
  count: (held: Held | "kept") => () => void;
  /**
   * Does this at once, or when it was agreed to give up what is typed; while something is being saved only once that takes
   * too long, and it was agreed not to wait for it.
   */
  instead: (then: () => void) => void;
  /** The same before the clinic is locked, with which also goes what is kept while other screens are shown. */
  beforeLock: (lock: () => Promise<unknown>) => void;
  isUnsaved: () => boolean;
  isLosing: () => boolean;
  /**
   * Whether it is agreed to give up what is typed, or not to wait for what is being saved, and to give up what is kept; of what
   * is unwritten, no form may be left.
   */
  ask: (isUnwritten: boolean) => Promise<boolean>;
}

const UnsavedContext = createContext<Unsaved | null>(null);

function useContext(): Unsaved {
  const unsaved = use(UnsavedContext);
  if (!unsaved) throw new Error("what is typed needs an UnsavedProvider above it");
  return unsaved;
}

/**
 * As long as something is typed, no other screen, form or lock takes the place of the form without a question; as long as it is
 * being saved, none does, unless that takes too long.
 */
export function useUnsaved(isTyped: boolean, isSaving: boolean): void {
  const { count } = useContext();
  useEffect(() => (isTyped ? count("typed") : undefined), [isTyped, count]);
  useEffect(() => (isSaving ? count("saving") : undefined), [isSaving, count]);
}

/** As long as something is typed that is kept while other screens are shown, the clinic is not locked without a question. */
export function useKept(isKept: boolean): void {
  const { count } = useContext();
  useEffect(() => (isKept ? count("kept") : undefined), [isKept, count]);
}

/** Asks before what is typed makes way for something else within the same screen. */
export const useInstead = () => useContext().instead;

/** Asks before the clinic is locked over what is typed. */
export const useBeforeLock = () => useContext().beforeLock;

/** Whether something is typed and not saved, or being saved, and the question whether it is given up. */
export function useQuestion(): Pick<Unsaved, "isUnsaved" | "isLosing" | "ask"> {
  const { isUnsaved, isLosing, ask } = useContext();
  return { isUnsaved, isLosing, ask };
}

interface Props {
  /** The window was locked, unasked, while something was typed, or while that was being saved. */
  onLost: (held: Held) => void;
  children: ReactNode;
}

/** Asks, for every form at once, before what is typed in it makes way for another screen. */
export function UnsavedProvider({ onLost, children }: Props) {
  const forms = useRef({ typed: 0, saving: 0, kept: 0 });
  /** Since when something is being saved. */
  const since = useRef(0);
  const answer = useRef<((isGivenUp: boolean) => void) | null>(null);
  const isGivenUp = useRef(false);
  /** Whether that was agreed of what is kept, too. */
  const isKeptGivenUp = useRef(false);
  const isWaiting = useRef(false);
  /** What is asked about, and how many milliseconds more it has. */
  const [asking, setAsking] = useState<{ held: Held | "kept"; rest: number } | null>(null);
  const settle = useCallback((yes: boolean) => {
    isGivenUp.current = yes;
    answer.current?.(yes);
    answer.current = null;
    isWaiting.current = false;
    setAsking(null);
  }, []);
  const count = useCallback(
    (held: Held | "kept") => {
      const { current } = forms;
      current[held] += 1;
      if (held === "typed") isGivenUp.current = false;
      else if (held === "kept") isKeptGivenUp.current = false;
      else if (current.saving === 1) since.current = Date.now();
      return () => {
        current[held] -= 1;
        // Whoever was told to wait sees what came of it.
        if (current.saving === 0 && isWaiting.current) settle(false);
      };
    },
    [settle],
  );
  const ask = useCallback((only?: "kept") => {
    // Who asks for something else meanwhile stays where they are until they answer that.
    answer.current?.(false);
    const held = only ?? (forms.current.saving > 0 ? "saving" : "typed");
    isWaiting.current = held === "saving";
    setAsking({ held, rest: since.current + LONG - Date.now() });
    return new Promise<boolean>((resolve) => {
      answer.current = resolve;
    });
  }, []);
  const isUnsaved = useCallback(() => forms.current.typed > 0 || forms.current.saving > 0, []);
  const instead = useCallback(
    (then: () => void) => {
      if (!isUnsaved()) then();
      else void ask().then((yes) => yes && then());
    },
    [isUnsaved, ask],
  );
  const isLosing = useCallback(() => isUnsaved() || forms.current.kept > 0, [isUnsaved]);
  const askAll = useCallback(
    async (isUnwritten: boolean) => {
      if ((isUnwritten || isUnsaved()) && !(await ask())) return false;
      if (forms.current.kept === 0) return true;
      isKeptGivenUp.current = await ask("kept");
      return isKeptGivenUp.current;
    },
    [ask, isUnsaved],
  );
  const beforeLock = useCallback(
    (lock: () => Promise<unknown>) => {
      const locked = async () => {
        if (isLosing() && !(await askAll(false))) return;
        await lock();
      };
      locked().catch(() => {
        // It is all still there, and may be lost later.
        isGivenUp.current = false;
        isKeptGivenUp.current = false;
      });
    },
    [isLosing, askAll],
  );
  useBlocker({
    shouldBlockFn: useCallback(async () => isUnsaved() && !(await ask()), [isUnsaved, ask]),
    enableBeforeUnload: false,
  });
  const lost = useRef(onLost);
  useEffect(() => {
    const tell = lost.current;
    const { current } = forms;
    return () => {
      // Whoever asks is not left waiting for an answer that can no longer come.
      answer.current?.(false);
      const isLost = current.typed > 0 && !isGivenUp.current;
      const isKeptLost = current.kept > 0 && !isKeptGivenUp.current;
      if (isLost || isKeptLost) tell(current.saving > 0 ? "saving" : "typed");
    };
  }, []);
  const value = useMemo(
    () => ({ count, instead, beforeLock, isUnsaved, isLosing, ask: askAll }),
    [count, instead, beforeLock, isUnsaved, isLosing, askAll],
  );
  const { common } = messages;
  return (
    <UnsavedContext value={value}>
      {children}
      {asking?.held === "saving" && (
        <StillSaving rest={asking.rest} onWait={() => settle(false)} onLeave={() => settle(true)} />
      )}
      {(asking?.held === "typed" || asking?.held === "kept") && (
        <Question
          key={asking.held}
          title={common.unsavedTitle}
          text={asking.held === "typed" ? common.unsavedText : common.keptText}
          back={common.keepTyping}
          onBack={() => settle(false)}
        >
          <Button onClick={() => settle(true)}>{common.discard}</Button>
        </Question>
      )}
    </UnsavedContext>
  );
}

interface SavingProps {
  /** In how many milliseconds it takes too long. */
  rest: number;
  onWait: () => void;
  onLeave: () => void;
}

/** Tells whoever goes on to wait. A save that never ends keeps nobody. */
function StillSaving({ rest, onWait, onLeave }: SavingProps) {
  const [isLong, setLong] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLong(true), rest);
    return () => clearTimeout(timer);
  }, [rest]);
  const { common } = messages;
  return (
    <Question
      title={common.savingTitle}
      text={isLong ? common.savingLong : common.savingText}
      back={common.savingBack}
      onBack={onWait}
    >
      {isLong && <Button onClick={onLeave}>{common.savingLeave}</Button>}
    </Question>
  );
}
