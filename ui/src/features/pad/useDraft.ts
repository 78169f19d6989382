import { useQueryClient } from "@tanstack/react-query";
import { type RefObject, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { queryKeys } from "../../app/queries";
import { useSession } from "../../app/session";
import type { Draft } from "../../ipc/bindings/Draft";
import type { DraftSaved } from "../../ipc/bindings/DraftSaved";
import type { Pad } from "../../ipc/bindings/Pad";
import { useBackend } from "../../ipc/context";
import { History } from "./history";

const pause = 400;

export interface DraftState {
  draft: Draft;
  saved: DraftSaved | null;
  items: Pad["items"];
  difference: Pad["difference"];
  /** Goes up at every step back or forth: what keeps its own text is drawn anew. */
  revision: number;
  /** One step back; answers the draft as it is then, or null at the beginning. */
  undo: () => Draft | null;
  /** One step forth again. */
  redo: () => Draft | null;
  error: unknown;
  isDirty: boolean;
  /** `isStep` makes it one step back by itself, whatever was typed a moment before. */
  change: (change: Partial<Draft> | ((draft: Draft) => Partial<Draft>), isStep?: boolean) => void;
  /** Puts another draft in its place, as one step; what keeps its own text is drawn anew. */
  replace: (draft: Draft) => void;
  /** What is typed beside the draft: it goes in before the draft is signed, given away, left or locked. */
  beside: RefObject<Set<() => void>>;
  /** Writes what is not written yet, and waits for it. */
  flush: () => Promise<void>;
  /** Nothing is written from now on: the draft was signed or discarded. */
  finish: () => void;
  current: () => Draft;
}

/** The draft of one patient, written to disk at every pause and before it goes out of sight. */
export function useDraft(patientId: string, pad: Pad): DraftState {
  const backend = useBackend();
  const client = useQueryClient();
  const { unwritten } = useSession();
  const [draft, setDraft] = useState(pad.draft);
  const [saved, setSaved] = useState<DraftSaved | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [isDirty, setDirty] = useState(false);
  const [revision, setRevision] = useState(0);
  const history = useRef(new History());
  const latest = useRef(pad.draft);
  const beside = useRef(new Set<() => void>());
  const work = useRef({
    timer: 0,
    dirty: false,
    finished: false,
    last: Promise.resolve(),
    problem: undefined as unknown,
  });

  const write = useCallback(async () => {
    if (!work.current.dirty || work.current.finished) return;
    work.current.dirty = false;
    const sent = latest.current;
    try {
      const answer = await backend.saveDraft(patientId, sent);
      setSaved(answer);
      setError(null);
      if (sent === latest.current) setDirty(false);
      void client.invalidateQueries({ queryKey: queryKeys.preview(patientId) });
    } catch (problem) {
      work.current.dirty = true;
      work.current.problem = problem;
      setError(problem);
    }
  }, [backend, client, patientId]);

  const writeNow = useCallback(() => {
    window.clearTimeout(work.current.timer);
    // One after the other: a later state must never be overtaken by an earlier one.
    work.current.last = work.current.last.then(write);
    return work.current.last;
  }, [write]);

  const flush = useCallback(() => {
    for (const take of beside.current) take();
    return writeNow();
  }, [writeNow]);

  const show = useCallback(
    (draft: Draft, after: number) => {
      latest.current = draft;
      work.current.dirty = true;
      setDraft(draft);
      setDirty(true);
      window.clearTimeout(work.current.timer);
      work.current.timer = window.setTimeout(() => void writeNow(), after);
    },
    [writeNow],
  );

  const change = useCallback<DraftState["change"]>(
    (wanted, isStep) => {
      const part = typeof wanted === "function" ? wanted(latest.current) : wanted;
      history.current.note(latest.current, Object.keys(part), Date.now(), isStep);
      show({ ...latest.current, ...part }, part.items ? 0 : pause);
    },
    [show],
  );

  const step = useCallback(
    (draft: Draft | null) => {
      if (draft) {
        show(draft, 0);
        setRevision((before) => before + 1);
      }
      return draft;
    },
    [show],
  );
  const replace = useCallback(
    (draft: Draft) => {
      history.current.note(latest.current, Object.keys(draft), Date.now(), true);
      step(draft);
    },
    [step],
  );
  const undo = useCallback(() => step(history.current.back(latest.current)), [step]);
  const redo = useCallback(() => step(history.current.forth(latest.current)), [step]);

  useEffect(() => {
    const onBlur = () => void flush();
    const drafts = unwritten.current;
    window.addEventListener("blur", onBlur);
    const flushOrFail = async () => {
      await flush();
      if (work.current.dirty && !work.current.finished) throw work.current.problem;
    };
    drafts.add(flushOrFail);
    return () => {
      window.removeEventListener("blur", onBlur);
      drafts.delete(flushOrFail);
      void flush();
    };
  }, [flush, unwritten]);

  const finish = useCallback(() => {
    window.clearTimeout(work.current.timer);
    work.current.finished = true;
  }, []);

  return useMemo(
    () => ({
      draft,
      saved,
      items: saved?.items ?? pad.items,
      difference: saved ? saved.difference : pad.difference,
      revision,
      undo,
      redo,
      error,
      isDirty,
      change,
      replace,
      beside,
      flush,
      finish,
      current: () => latest.current,
    }),
    [
      draft,
      saved,
      pad.items,
      pad.difference,
      revision,
      undo,
      redo,
      error,
      isDirty,
      change,
      replace,
      flush,
      finish,
    ],
  );
}
