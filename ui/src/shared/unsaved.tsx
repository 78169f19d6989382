import { Button } from "@mantine/core";
import { useBlocker } from "@tanstack/react-router";
import { createContext, type ReactNode, use, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { messages } from "../messages";
import { Question } from "./Question";

/** What a form holds that would go with it. */
type Held = "typed" | "saving";

interface Unsaved {
  /** Counts a form in which something is typed or being saved, until what it answers is called. */
  count: (held: Held) => () => void;
  /** Does this at once, or when it was agreed to give up what is typed; not at all while something is being saved. */
  instead: (then: () => void) => void;
  isUnsaved: () => boolean;
  /** Whether it is agreed to give up what is typed; nobody gives up what is being saved. */
  ask: () => Promise<boolean>;
}

const UnsavedContext = createContext<Unsaved | null>(null);

function useContext(): Unsaved {
  const unsaved = use(UnsavedContext);
  if (!unsaved) throw new Error("what is typed needs an UnsavedProvider above it");
  return unsaved;
}

/**
 * As long as something is typed, no other screen, form or lock takes the place of the form without a question; as long as it is
 * being saved, none does.
 */
export function useUnsaved(isTyped: boolean, isSaving: boolean): void {
  const { count } = useContext();
  useEffect(() => (isTyped ? count("typed") : undefined), [isTyped, count]);
  useEffect(() => (isSaving ? count("saving") : undefined), [isSaving, count]);
}

/** Asks before what is typed makes way for something else within the same screen. */
export const useInstead = () => useContext().instead;

/** Whether something is typed and not saved, or being saved, and the question whether it is given up. */
export function useQuestion(): Pick<Unsaved, "isUnsaved" | "ask"> {
  const { isUnsaved, ask } = useContext();
  return { isUnsaved, ask };
}

interface Props {
  /** The window was locked, unasked, while something was typed. */
  onLost: () => void;
  children: ReactNode;
}

/** Asks, for every form at once, before what is typed in it makes way for another screen. */
export function UnsavedProvider({ onLost, children }: Props) {
  const forms = useRef({ typed: 0, saving: 0 });
  const answer = useRef<((isGivenUp: boolean) => void) | null>(null);
  const isGivenUp = useRef(false);
  const [asking, setAsking] = useState<Held | null>(null);
  const count = useCallback((held: Held) => {
    const { current } = forms;
    current[held] += 1;
    if (held === "typed") isGivenUp.current = false;
    return () => {
      current[held] -= 1;
      // Whoever was told to wait sees what came of it.
      if (current.saving === 0) setAsking((now) => (now === "saving" ? null : now));
    };
  }, []);
  const settle = useCallback((yes: boolean) => {
    isGivenUp.current = yes;
    answer.current?.(yes);
    answer.current = null;
    setAsking(null);
  }, []);
  const ask = useCallback(() => {
    // Who asks for something else meanwhile stays where they are until they answer that.
    answer.current?.(false);
    answer.current = null;
    const { saving } = forms.current;
    setAsking(saving > 0 ? "saving" : "typed");
    if (saving > 0) return Promise.resolve(false);
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
      if (current.typed > 0 && !isGivenUp.current) tell();
    };
  }, []);
  const value = useMemo(() => ({ count, instead, isUnsaved, ask }), [count, instead, isUnsaved, ask]);
  const { common } = messages;
  return (
    <UnsavedContext value={value}>
      {children}
      {asking === "saving" && (
        <Question
          title={common.savingTitle}
          text={common.savingText}
          back={common.savingBack}
          onBack={() => settle(false)}
        />
      )}
      {asking === "typed" && (
        <Question
          title={common.unsavedTitle}
          text={common.unsavedText}
          back={common.keepTyping}
          onBack={() => settle(false)}
        >
          <Button onClick={() => settle(true)}>{common.discard}</Button>
        </Question>
      )}
    </UnsavedContext>
  );
}
