import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useKeys } from "../../app/keymap";
import { refreshRows } from "../../app/queries";
import { useBackend } from "../../ipc/context";
import { problemOf } from "../../ipc/problem";
import { messages } from "../../messages";
import { longTime } from "../../shared/format";
import { Question } from "../../shared/Question";
import { useToast } from "../../shared/toasts";
import classes from "./Pad.module.css";
import type { DraftState } from "./useDraft";

/** Whether the draft is safe, and the way to be rid of it. */
export function DraftNote({ state, patientId }: { state: DraftState; patientId: string }) {
  const backend = useBackend();
  const client = useQueryClient();
  const navigate = useNavigate();
  const toast = useToast();
  const [isAsking, setAsking] = useState(false);
  const { pad, common } = messages;
  const discard = useMutation({
    mutationFn: () => state.end(() => backend.discardDraft(patientId)),
    onSuccess: () => {
      toast(pad.discarded);
      void refreshRows(client);
    },
    onError: (error) => state.isLeft() && toast(problemOf(error)),
  });
  // Said with the call, it leads nowhere once the pad was left.
  const toChart = () => void navigate({ to: "/patients/$patientId", params: { patientId } });
  useKeys({ discardDraft: () => setAsking(true) });
  const words = () => {
    if (state.error !== null) return pad.notSaved;
    if (state.isDirty) return pad.saving;
    return state.saved ? pad.saved(longTime(state.saved.savedAt)) : pad.newDraft;
  };
  return (
    <div className={classes.note}>
      <span className={classes.saved} data-testid="pad-saved">
        {words()}
      </span>
      <Button variant="default" size="xs" onClick={() => setAsking(true)}>
        {pad.discard}
      </Button>
      {isAsking && (
        <Question
          title={pad.discardTitle}
          text={pad.discardText}
          back={common.cancel}
          onBack={() => setAsking(false)}
          error={discard.error}
        >
          <Button
            loading={discard.isPending}
            onClick={() => !state.isEnding() && discard.mutate(undefined, { onSuccess: toChart })}
          >
            {pad.discard}
          </Button>
        </Question>
      )}
    </div>
  );
}
