import { Button } from "@mantine/core";
import { useBlocker } from "@tanstack/react-router";
import { createContext, type ReactNode, use, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { messages } from "../messages";
import { Question } from "./Question";

interface Unsaved {
  /** Counts a form in which something is typed that is not saved, until what it answers is called. */
  count: () => () => void;
  /** Does this at once, or when it was agreed to give up what is typed. */
  instead: (then: () => void) => void;
  isTyped: () => boolean;
  /** Whether it is agreed to give up what is typed. */
  ask: () => Promise<boolean>;
}

const UnsavedContext = createContext<Unsaved | null>(null);

function useContext(): Unsaved {
  const unsaved = use(UnsavedContext);
  if (!unsaved) throw new Error("what is typed needs an UnsavedProvider above it");
  return unsaved;
}

/** As long as this is true, no other screen, form or lock takes the place of the form without a question. */
export function useUnsaved(isTyped: boolean): void {
  const { count } = useContext();
  useEffect(() => (isTyped ? count() : undefined), [isTyped, count]);
}

/** Asks before what is typed makes way for something else within the same screen. */
export const useInstead = () => useContext().instead;

/** Whether something is typed and not saved, and the question whether it is given up. */
export function useQuestion(): Pick<Unsaved, "isTyped" | "ask"> {
  const { isTyped, ask } = useContext();
  return { isTyped, ask };
}

interface Props {
  /** The window was locked, unasked, while something was typed. */
  onLost: () => void;
  children: ReactNode;
}

/** Asks, for every form at once, before what is typed in it makes way for another screen. */
export function UnsavedProvider({ onLost, children }: Props) {
  const typed = useRef(0);
  const answer = useRef<((isGivenUp: boolean) => void) | null>(null);
  const isGivenUp = useRef(false);
  const [isAsking, setAsking] = useState(false);
  const count = useCallback(() => {
    typed.current += 1;
    isGivenUp.current = false;
    return () => {
      typed.current -= 1;
    };
  }, []);
  const settle = useCallback((yes: boolean) => {
    isGivenUp.current = yes;
    answer.current?.(yes);
    answer.current = null;
    setAsking(false);
  }, []);
  const ask = useCallback(() => {
    // Who asks for something else meanwhile stays where they are until they answer that.
    answer.current?.(false);
    setAsking(true);
    return new Promise<boolean>((resolve) => {
      answer.current = resolve;
    });
  }, []);
  const instead = useCallback(
    (then: () => void) => {
      if (typed.current === 0) then();
      else void ask().then((yes) => yes && then());
    },
    [ask],
  );
  useBlocker({
    shouldBlockFn: useCallback(async () => typed.current > 0 && !(await ask()), [ask]),
    enableBeforeUnload: false,
  });
  const lost = useRef(onLost);
  useEffect(() => {
    const tell = lost.current;
    return () => {
      // Whoever asks is not left waiting for an answer that can no longer come.
      answer.current?.(false);
      if (typed.current > 0 && !isGivenUp.current) tell();
    };
  }, []);
  const isTyped = useCallback(() => typed.current > 0, []);
  const value = useMemo(() => ({ count, instead, isTyped, ask }), [count, instead, isTyped, ask]);
  const { common } = messages;
  return (
    <UnsavedContext value={value}>
      {children}
      {isAsking && (
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
