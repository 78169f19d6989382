import { Button } from "@mantine/core";
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { keyLabel, useKeys } from "../../app/keymap";
import { queryKeys } from "../../app/queries";
import { useSession } from "../../app/session";
import { useBackend } from "../../ipc/context";
import { problemOf } from "../../ipc/problem";
import { messages } from "../../messages";
import { Dialog } from "../../shared/Dialog";
import { Pages } from "../../shared/Pages";
import { Kbd, Problem } from "../../shared/parts";
import { Question } from "../../shared/Question";
import { useToast } from "../../shared/toasts";
import { GiveToDoctor } from "./GiveToDoctor";
import classes from "./Pad.module.css";
import { type DraftState, typedOf } from "./useDraft";
import type { SafetyState } from "./useSafety";

interface Props {
  patientId: string;
  state: DraftState;
  safety: SafetyState;
  isLarge: boolean;
  onLarge: (isLarge: boolean) => void;
  /** Whether something stands in the typed line that is not accepted yet. */
  unfinished: boolean;
  onUnfinished: () => void;
}

/** The page as it will print, and the signature. */
export function PadSide({ patientId, state, safety, isLarge, onLarge, unfinished, onUnfinished }: Props) {
  const backend = useBackend();
  const { session } = useSession();
  const [isHeld, setHeld] = useState(false);
  const { pad } = messages;
  const { draft } = state;
  const preview = useQuery({
    queryKey: queryKeys.preview(patientId),
    queryFn: () => backend.previewDraft(patientId),
    placeholderData: keepPreviousData,
    gcTime: 0,
  });
  const [isAsking, setAsking] = useState(false);
  const [toPaper, setToPaper] = useState(true);
  const navigate = useNavigate();
  const sign = useSign(patientId, state, () => {
    // A check holds a line that it did not hold before: what it says is fetched before anyone is asked.
    // If it says nothing any more, nobody is asked about a line that they write later.
    void safety.refetch().then((now) => setAsking(now?.lines.some(({ isHeld }) => isHeld) ?? false));
  });
  const nHeld = safety.heldPlaces.length;
  // The paper is a key away, or, where none is wanted, the chart is there again. Whoever left the pad meanwhile stays
  // where they are: said with the call, it leads nowhere then.
  const signNow = (leaveOut: number[], toPaper: boolean) => {
    if (state.isEnding()) return;
    sign.mutate(
      { leaveOut, toPaper },
      {
        onSuccess: ({ id }) =>
          void (toPaper
            ? navigate({
                to: "/patients/$patientId/prescriptions/$prescriptionId",
                params: { patientId, prescriptionId: id },
              })
            : navigate({ to: "/patients/$patientId", params: { patientId } })),
      },
    );
  };
  const trySign = (toPaper: boolean) => {
    if (sign.isPending || !session.mayPrescribe) return;
    setHeld(unfinished);
    setToPaper(toPaper);
    if (unfinished) onUnfinished();
    else if (nHeld > 0) setAsking(true);
    else signNow([], toPaper);
  };
  useKeys(session.mayPrescribe ? { sign: () => trySign(true), signOnly: () => trySign(false) } : {});
  return (
    <aside className={classes.side} aria-label={pad.preview}>
      <div className={classes.sideHead}>
        <h2>{pad.preview}</h2>
        <button type="button" onClick={() => onLarge(true)}>
          {pad.fullPreview} <Kbd>{keyLabel("preview")}</Kbd>
        </button>
      </div>
      {/* What scrolls can hold the focus for the arrow keys. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className={classes.paper} tabIndex={0} role="group" aria-label={pad.preview}>
        {preview.error && <Problem error={preview.error} onRetry={() => void preview.refetch()} />}
        {preview.data?.length === 0 && <p>{pad.previewEmpty}</p>}
        {preview.data && <Pages svgs={preview.data} label={pad.previewPage} testId="pad-preview-page" />}
      </div>
      <div className={classes.signing}>
        {sign.error && <Problem error={sign.error} />}
        {isHeld && unfinished && (
          <p className={classes.warning} role="alert">
            {pad.lineUnfinished}
          </p>
        )}
        {session.mayPrescribe && (
          <>
            <Button
              size="lg"
              fullWidth
              data-testid="pad-sign"
              loading={sign.isPending}
              aria-keyshortcuts="Control+Enter"
              rightSection={<Kbd>{keyLabel("sign")}</Kbd>}
              onClick={() => trySign(true)}
            >
              {pad.sign}
            </Button>
            <p className={classes.hint}>{nHeld > 0 ? pad.heldHint(nHeld) : pad.signHint}</p>
          </>
        )}
        {draft.amends === null && (
          <GiveToDoctor
            patientId={patientId}
            state={state}
            unfinished={unfinished}
            onUnfinished={onUnfinished}
          />
        )}
      </div>
      {isAsking && nHeld > 0 && (
        <SignWithout
          count={nHeld}
          onClose={() => setAsking(false)}
          onSign={() => {
            setAsking(false);
            signNow(safety.heldPlaces, toPaper);
          }}
        />
      )}
      {isLarge && (
        <Dialog label={pad.preview} onClose={() => onLarge(false)} size="page">
          {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
          <div className={classes.large} tabIndex={0} role="group" aria-label={pad.preview}>
            {preview.data && <Pages svgs={preview.data} label={pad.previewPage} testId="pad-preview-large" />}
          </div>
          <div className={classes.largeFoot}>
            <Button variant="default" onClick={() => onLarge(false)}>
              {messages.common.close} <Kbd>Esc</Kbd>
            </Button>
          </div>
        </Dialog>
      )}
    </aside>
  );
}

function SignWithout(props: { count: number; onClose: () => void; onSign: () => void }) {
  const { pad } = messages;
  return (
    <Question
      title={pad.signWithoutTitle(props.count)}
      text={pad.signWithoutText}
      back={pad.goBack}
      onBack={props.onClose}
    >
      <Button onClick={props.onSign}>{pad.signWithout}</Button>
    </Question>
  );
}

/** Signs the draft. Whoever left the pad meanwhile is told what became of it. */
function useSign(patientId: string, state: DraftState, onHeld: () => void) {
  const backend = useBackend();
  const client = useQueryClient();
  const toast = useToast();
  const sent = useRef("");
  return useMutation({
    mutationFn: ({ leaveOut }: { leaveOut: number[]; toPaper: boolean }) =>
      state.end(() => {
        const draft = { ...state.current(), line: "" };
        sent.current = typedOf(draft);
        return backend.signPrescription(patientId, draft, leaveOut);
      }),
    onError: (error) => {
      if (state.isLeft()) toast(problemOf(error));
      else if (problemOf(error).code === "held") onHeld();
    },
    onSuccess: (prescription, { toPaper }) => {
      // What is shown next asks anew by itself; what is left behind is not asked once more.
      void client.invalidateQueries({ queryKey: queryKeys.rows, refetchType: "none" });
      if (!toPaper || state.isLeft())
        toast(messages.pad.signedOnly(prescription.number ?? messages.prescription.noNumber));
      if (typedOf(state.current()) !== sent.current) toast(messages.pad.typedAfter);
      // Its number is there at once, while its pages are drawn.
      client.setQueryData(queryKeys.prescription(prescription.id), prescription);
    },
  });
}
