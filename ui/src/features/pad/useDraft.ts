import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { queryKeys } from "../../app/queries";
import { type Unwritten, useSession } from "../../app/session";
import type { Diagnosis } from "../../ipc/bindings/Diagnosis";
import type { Draft } from "../../ipc/bindings/Draft";
import type { DraftSaved } from "../../ipc/bindings/DraftSaved";
import type { Pad } from "../../ipc/bindings/Pad";
import { useBackend } from "../../ipc/context";
import { problemOf } from "../../ipc/problem";
import { useToast } from "../../shared/toasts";
import { History } from "./history";

const pause = 400;
const noDiagnosis: Diagnosis = { text: "", icd10: null };

export interface DraftState {
  draft: Draft;
  saved: DraftSaved | null;
  items: Pad["items"];
  difference: Pad["difference"];
  /** Goes up at every step back or forth: what keeps its own text takes that of the draft. */
  revision: number;
  /** One step back; answers the draft as it is then, or null at the beginning. */
  undo: () => Draft | null;
  /** One step forth again. */
  redo: () => Draft | null;
  error: unknown;
  isDirty: boolean;
  /** `isStep` makes it one step back by itself, whatever was typed a moment before. */
  change: (change: Partial<Draft> | ((draft: Draft) => Partial<Draft>), isStep?: boolean) => void;
  /** Puts another draft in its place, as one step; what keeps its own text takes that of the draft. */
  replace: (draft: Draft) => void;
  /** Writes what is not written yet, and waits for it. */
  flush: () => Promise<void>;
  /** Whether the pad was left: what comes after that is not taken, another pad may stand there. */
  isLeft: () => boolean;
  /**
   * Ends the draft, by signing or discarding it, once all is written. What is typed meanwhile waits: written behind it,
   * it would stand there as a draft again. If the draft does not end, it is written.
   */
  end: <T>(ending: () => Promise<T>) => Promise<T>;
  /** Whether it is being ended, or was: what is signed is not given away or discarded as well. */
  isEnding: () => boolean;
  /** A diagnosis as far as it is typed; no text stands for none. It is saved and signed with the draft. */
  typeDiagnosis: (diagnosis: Diagnosis) => void;
  /** Puts a diagnosis into the draft in the place of the typed one. */
  addDiagnosis: (diagnosis: Diagnosis) => void;
  /** The draft with all that is typed. */
  current: () => Draft;
}

/** A draft with one diagnosis more, unless it is empty or stands there already. */
function withDiagnosis(draft: Draft, diagnosis: Diagnosis): Draft {
  const isThere = draft.diagnoses.some((one) => one.text === diagnosis.text);
  return diagnosis.text === "" || isThere ? draft : { ...draft, diagnoses: [...draft.diagnoses, diagnosis] };
}

/** All that is typed of a draft: whoever keeps it sees later whether more was typed since. */
export const typedOf = (draft: Draft) => JSON.stringify({ ...draft, line: draft.line.trim() });

/** The draft of one patient, written to disk at every pause and before it goes out of sight. */
export function useDraft(patientId: string, pad: Pad): DraftState {
  const backend = useBackend();
  const client = useQueryClient();
  const { unwritten, noteLostTyped } = useSession();
  const toast = useToast();
  const [draft, setDraft] = useState(pad.draft);
  const [saved, setSaved] = useState<DraftSaved | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [isDirty, setDirty] = useState(false);
  const [revision, setRevision] = useState(0);
  const history = useRef(new History());
  const latest = useRef(pad.draft);
  const left = useRef(false);
  const typedDiagnosis = useRef(noDiagnosis);
  const work = useRef({
    timer: 0,
    dirty: false,
    /** Why it was not written last; null if it was. */
    problem: null as unknown,
    phase: "open" as "open" | "ending" | "ended",
    last: Promise.resolve<void>(undefined),
  });

  const current = useCallback(() => withDiagnosis(latest.current, typedDiagnosis.current), []);

  const write = useCallback(async () => {
    if (!work.current.dirty || work.current.phase === "ended") return;
    work.current.dirty = false;
    try {
      const answer = await backend.saveDraft(patientId, current());
      work.current.problem = null;
      setSaved(answer);
      setError(null);
      if (!work.current.dirty) setDirty(false);
      void client.invalidateQueries({ queryKey: queryKeys.preview(patientId) });
      // The chart says whether a draft waits: here it is asked anew when it is shown, and at once if it is there already.
      void client.invalidateQueries({
        queryKey: queryKeys.chart(patientId),
        refetchType: left.current ? "active" : "none",
      });
    } catch (problem) {
      work.current.dirty = true;
      work.current.problem = problem;
      setError(problem);
    }
  }, [backend, client, current, patientId]);

  const flush = useCallback(() => {
    window.clearTimeout(work.current.timer);
    // One after the other: a later state must never be overtaken by an earlier one.
    work.current.last = work.current.last.then(write);
    return work.current.last;
  }, [write]);

  const writeAfter = useCallback(
    (time: number) => {
      work.current.dirty = true;
      setDirty(true);
      window.clearTimeout(work.current.timer);
      work.current.timer = window.setTimeout(() => void flush(), time);
    },
    [flush],
  );

  const show = useCallback(
    (draft: Draft, after: number) => {
      latest.current = draft;
      setDraft(draft);
      writeAfter(after);
    },
    [writeAfter],
  );

  const typeDiagnosis = useCallback(
    (diagnosis: Diagnosis) => {
      typedDiagnosis.current = diagnosis;
      writeAfter(pause);
    },
    [writeAfter],
  );

  const change = useCallback<DraftState["change"]>(
    (wanted, isStep) => {
      if (left.current) return;
      const part = typeof wanted === "function" ? wanted(latest.current) : wanted;
      history.current.note(latest.current, Object.keys(part), performance.now(), isStep);
      show({ ...latest.current, ...part }, part.items ? 0 : pause);
    },
    [show],
  );

  const addDiagnosis = useCallback(
    (diagnosis: Diagnosis) => {
      if (typedDiagnosis.current.text !== "") typeDiagnosis(noDiagnosis);
      const { diagnoses } = withDiagnosis(latest.current, diagnosis);
      if (diagnoses !== latest.current.diagnoses) change({ diagnoses });
    },
    [change, typeDiagnosis],
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
      if (left.current) return;
      history.current.note(latest.current, Object.keys(draft), performance.now(), true);
      step(draft);
    },
    [step],
  );
  const undo = useCallback(() => step(history.current.back(latest.current)), [step]);
  const redo = useCallback(() => step(history.current.forth(latest.current)), [step]);

  useEffect(() => {
    const onBlur = () => void flush();
    const drafts = unwritten.current;
    left.current = false;
    window.addEventListener("blur", onBlur);
    const mine: Unwritten = {
      patientId,
      write: async () => {
        const isMore = () => work.current.dirty && work.current.phase !== "ended";
        // What is typed while a slow disk writes goes there, too.
        do await flush();
        while (isMore() && work.current.problem === null);
        if (isMore()) throw work.current.problem;
        if (left.current) drafts.delete(mine);
      },
      isLeft: () => left.current,
    };
    drafts.add(mine);
    return () => {
      window.removeEventListener("blur", onBlur);
      left.current = true;
      // Until it is on disk, whoever locks, closes the window or opens the pad again waits for it.
      mine.write().catch((error: unknown) => {
        const problem = problemOf(error);
        // Behind a lock that came by itself nobody is told: whoever comes back is.
        if (problem.code === "locked") noteLostTyped("typed");
        else toast(problem);
      });
    };
  }, [flush, patientId, toast, unwritten, noteLostTyped]);

  const isLeft = useCallback(() => left.current, []);
  const isEnding = useCallback(() => work.current.phase !== "open", []);

  const end = useCallback(
    <T>(ending: () => Promise<T>) => {
      work.current.phase = "ending";
      const ended = flush()
        .then(ending)
        .then((answer) => {
          window.clearTimeout(work.current.timer);
          work.current.phase = "ended";
          return answer;
        });
      work.current.last = ended.then(
        () => undefined,
        () => {
          work.current.phase = "open";
        },
      );
      return ended;
    },
    [flush],
  );

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
      flush,
      isLeft,
      end,
      isEnding,
      typeDiagnosis,
      addDiagnosis,
      current,
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
      isLeft,
      end,
      isEnding,
      typeDiagnosis,
      addDiagnosis,
      current,
    ],
  );
}
