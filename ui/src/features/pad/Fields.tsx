import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { keyLabel } from "../../app/keymap";
import { queryKeys } from "../../app/queries";
import type { PrescriptionId } from "../../ipc/bindings/PrescriptionId";
import { useBackend } from "../../ipc/context";
import { langOf } from "../../ipc/problem";
import { messages } from "../../messages";
import { dayWithWeekday } from "../../shared/format";
import { Kbd } from "../../shared/parts";
import classes from "./Pad.module.css";
import type { DraftState } from "./useDraft";

interface Props {
  state: DraftState;
  /** A text with the phrase that its last word stands for. */
  onPhrase: (text: string) => string;
}

/** What the patient says, what was before, and what was found. */
export function Story({ state, onPhrase }: Props) {
  const { pad } = messages;
  const fields = [
    ["complaints", pad.complaints],
    ["history", pad.history],
    ["examination", pad.examination],
  ] as const;
  return (
    <div className={`${classes.card} ${classes.three}`}>
      {fields.map(([name, label]) => (
        <label key={name}>
          <span>{label}</span>
          <textarea
            rows={1}
            value={state.draft[name]}
            onChange={(event) => state.change({ [name]: onPhrase(event.target.value) })}
          />
        </label>
      ))}
    </div>
  );
}

interface AmendsProps {
  state: DraftState;
  original: PrescriptionId;
  /** The draft replaces nothing any more. */
  onNew: () => void;
}

/** That the draft replaces a signed prescription, and why; or that there is nothing to replace any more. */
export function Amends({ state, original, onNew }: AmendsProps) {
  const backend = useBackend();
  const { pad } = messages;
  const { data } = useQuery({
    queryKey: queryKeys.prescription(original),
    queryFn: () => backend.getPrescription(original),
  });
  if (data && data.status !== "finalised") {
    return (
      <div className={`${classes.card} ${classes.field}`} role="alert">
        <p className={classes.warning}>{pad.amendsGone}</p>
        <Button variant="default" size="xs" onClick={onNew}>
          {pad.amendsNothing}
        </Button>
      </div>
    );
  }
  return (
    <div className={`${classes.card} ${classes.field}`}>
      <p className={classes.warning}>{pad.amends}</p>
      <label htmlFor="pad-amend-reason">{pad.amendReason}</label>
      <input
        id="pad-amend-reason"
        autoComplete="off"
        maxLength={300}
        value={state.draft.amendReason}
        onChange={(event) => state.change({ amendReason: event.target.value })}
      />
    </div>
  );
}

/** Tests, advice, to whom the patient is sent, and when to come back. */
export function Closing({ state, onPhrase }: Props) {
  const { pad } = messages;
  const { draft, saved, isDirty, change } = state;
  const day = saved?.followUpDate;
  const problem = isDirty ? null : (saved?.followUpProblem ?? null);
  return (
    <div className={classes.closing}>
      <label className={`${classes.card} ${classes.field}`}>
        <span>
          {pad.tests} <Kbd>{keyLabel("tests")}</Kbd>
        </span>
        <textarea
          id="pad-tests"
          aria-label={pad.tests}
          rows={2}
          value={draft.investigations}
          onChange={(event) => change({ investigations: onPhrase(event.target.value) })}
        />
      </label>
      <label className={`${classes.card} ${classes.field}`}>
        <span>
          {pad.advice} <Kbd>{keyLabel("advice")}</Kbd>
        </span>
        <textarea
          id="pad-advice"
          aria-label={pad.advice}
          rows={2}
          value={draft.advice}
          onChange={(event) => change({ advice: onPhrase(event.target.value) })}
        />
      </label>
      <label className={`${classes.card} ${classes.field}`}>
        <span>{pad.referral}</span>
        <textarea
          rows={2}
          value={draft.referral}
          onChange={(event) => change({ referral: onPhrase(event.target.value) })}
        />
      </label>
      <div className={`${classes.card} ${classes.field}`}>
        <label htmlFor="pad-come-back">
          {pad.comeBack} <Kbd>{keyLabel("comeBack")}</Kbd>
        </label>
        <input
          id="pad-come-back"
          aria-label={pad.comeBack}
          autoComplete="off"
          placeholder={pad.comeBackPlaceholder}
          aria-describedby="pad-come-back-day"
          value={draft.followUp}
          onChange={(event) => change({ followUp: event.target.value })}
        />
        <p id="pad-come-back-day" aria-live="polite" className={problem ? classes.warning : classes.day}>
          {problem ? (
            <span lang={langOf(problem)}>{problem}</span>
          ) : (
            draft.followUp.trim() !== "" && day && dayWithWeekday(day)
          )}
        </p>
      </div>
    </div>
  );
}
