import { messages } from "../../messages/en";
import { dayWithWeekday } from "../../shared/format";
import classes from "./Pad.module.css";
import type { DraftState } from "./useDraft";

export function Complaints({ state }: { state: DraftState }) {
  const { pad } = messages;
  return (
    <div className={`${classes.card} ${classes.row}`}>
      <label htmlFor="pad-complaints">{pad.complaints}</label>
      <input
        id="pad-complaints"
        autoComplete="off"
        value={state.draft.complaints}
        onChange={(event) => state.change({ complaints: event.target.value })}
      />
    </div>
  );
}

/** Tests, advice, and when to come back. */
export function Closing({ state, onPhrase }: { state: DraftState; onPhrase: (text: string) => string }) {
  const { pad } = messages;
  const { draft, saved, isDirty, change } = state;
  const day = saved?.followUpDate;
  const isUnknown = draft.followUp.trim() !== "" && saved !== null && !isDirty && !day;
  return (
    <div className={classes.closing}>
      <label className={`${classes.card} ${classes.field}`}>
        <span>{pad.tests}</span>
        <textarea
          rows={2}
          value={draft.investigations}
          onChange={(event) => change({ investigations: onPhrase(event.target.value) })}
        />
      </label>
      <label className={`${classes.card} ${classes.field}`}>
        <span>{pad.advice}</span>
        <textarea
          rows={2}
          value={draft.advice}
          onChange={(event) => change({ advice: onPhrase(event.target.value) })}
        />
      </label>
      <div className={`${classes.card} ${classes.field}`}>
        <label htmlFor="pad-come-back">{pad.comeBack}</label>
        <input
          id="pad-come-back"
          autoComplete="off"
          placeholder={pad.comeBackPlaceholder}
          aria-describedby="pad-come-back-day"
          value={draft.followUp}
          onChange={(event) => change({ followUp: event.target.value })}
        />
        <p id="pad-come-back-day" aria-live="polite" className={isUnknown ? classes.warning : classes.day}>
          {isUnknown ? pad.comeBackUnknown : draft.followUp.trim() !== "" && day && dayWithWeekday(day)}
        </p>
      </div>
    </div>
  );
}
