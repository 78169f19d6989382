import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { keyLabel, useKeys } from "../../app/keymap";
import { refreshRows } from "../../app/queries";
import { useSession } from "../../app/session";
import { useBackend } from "../../ipc/context";
import { problemOf } from "../../ipc/problem";
import { messages } from "../../messages";
import { Kbd, Problem } from "../../shared/parts";
import { useToast } from "../../shared/toasts";
import classes from "./Pad.module.css";
import { type DraftState, typedOf } from "./useDraft";

interface Props {
  patientId: string;
  state: DraftState;
  /** Whether something stands in the typed line that is not accepted yet. */
  unfinished: boolean;
  onUnfinished: () => void;
}

/** Gives the draft to the doctors: of whoever does not sign, the key of the signature does it too. */
export function GiveToDoctor({ patientId, state, unfinished, onUnfinished }: Props) {
  const { session } = useSession();
  const [isHeld, setHeld] = useState(false);
  const navigate = useNavigate();
  const give = useGive(patientId, state);
  const { prepared } = messages;
  const toChart = () => void navigate({ to: "/patients/$patientId", params: { patientId } });
  const tryGive = () => {
    if (give.isPending || state.isEnding()) return;
    setHeld(unfinished);
    if (unfinished) onUnfinished();
    // Said with the call, it leads nowhere once the pad was left.
    else give.mutate(undefined, { onSuccess: toChart });
  };
  useKeys({ give: tryGive, sign: session.mayPrescribe ? undefined : tryGive });
  return (
    <>
      {give.error && <Problem error={give.error} />}
      {isHeld && unfinished && (
        <p className={classes.warning} role="alert">
          {prepared.lineUnfinished}
        </p>
      )}
      <Button
        size={session.mayPrescribe ? "xs" : "lg"}
        variant={session.mayPrescribe ? "default" : undefined}
        fullWidth
        data-testid="pad-give"
        loading={give.isPending}
        aria-keyshortcuts={session.mayPrescribe ? "Control+G" : "Control+Enter"}
        rightSection={<Kbd>{keyLabel(session.mayPrescribe ? "give" : "sign")}</Kbd>}
        onClick={tryGive}
      >
        {session.mayPrescribe ? prepared.giveOn : prepared.give}
      </Button>
      {!session.mayPrescribe && <p className={classes.hint}>{prepared.giveHint}</p>}
    </>
  );
}

function useGive(patientId: string, state: DraftState) {
  const backend = useBackend();
  const client = useQueryClient();
  const toast = useToast();
  const { session } = useSession();
  const { prepared } = messages;
  // A doctor hands on all but the reasons.
  const givenPart = session.mayPrescribe ? prepared.givenWithoutReasons : prepared.givenPart;
  const sent = useRef("");
  return useMutation({
    mutationFn: () =>
      state.end(() => {
        sent.current = typedOf(state.current());
        return backend.giveToDoctor(patientId, state.current());
      }),
    onSuccess: ({ isAll }) => {
      toast(isAll ? prepared.given : givenPart);
      if (typedOf(state.current()) !== sent.current) toast(prepared.typedAfter);
      void refreshRows(client);
    },
    onError: (error) => state.isLeft() && toast(problemOf(error)),
  });
}
