import { IconDots } from "@tabler/icons-react";
import { type KeyboardEvent, type MouseEvent, type ReactNode, useRef, useState } from "react";
import { isPlain, keyLabel, saidBy } from "../../app/keymap";
import type { Booking } from "../../ipc/bindings/Booking";
import type { CancelReason } from "../../ipc/bindings/CancelReason";
import type { Step } from "../../ipc/bindings/Step";
import type { StepKind } from "../../ipc/bindings/StepKind";
import { messages } from "../../messages";
import { shortTime } from "../../shared/format";
import { useMinutesSince } from "../../shared/minute";
import { PersonName } from "../../shared/Person";
import { Kbd, Problem } from "../../shared/parts";
import { valueText } from "../review/words";
import { usePrintSlip } from "../slip/SlipProvider";
import classes from "./Queue.module.css";
import { stepName, type Steps, stepWord, whoOf } from "./useSteps";

/** Where a visit stands in its column. */
export type Place = "withDoctor" | "waiting" | "booked" | "over";

interface Props {
  booking: Booking;
  place: Place;
  /** Whether Tab leads into this row: into one of each column. */
  isActive: boolean;
  /** Whether it is of the day that is now: of another one nobody counts the minutes any more. */
  isToday: boolean;
  steps: Steps;
  onOpen: () => void;
  onMove: () => void;
}

const reasons: CancelReason[] = ["patient", "doctor", "clinic", "duplicate", "error"];

/** The second of a double click would do what the first has led to. */
const isFirst = ({ detail }: MouseEvent) => detail < 2;

/** A visit: who, since when, and what can be done with it now. Enter does the first of it. */
export function QueueRow({ booking, place, isActive, isToday, steps, onOpen, onMove }: Props) {
  const [open, setOpen] = useState<"more" | "why" | "mistake" | null>(null);
  const row = useRef<HTMLLIElement>(null);
  const printSlip = usePrintSlip();
  const { patient } = booking;
  // Nobody marks a mistake with a mere Enter.
  const first = booking.next.find((kind) => kind !== "mistake");
  const others = booking.next.filter((kind) => kind !== first);
  const { day, chart } = messages;
  const who = whoOf(booking);
  const error = steps.errorOf(booking);
  const tabIndex = isActive ? 0 : -1;

  const close = () => {
    row.current?.querySelector<HTMLElement>("[data-stop]")?.focus();
    setOpen(null);
  };
  const take = (kind: StepKind) => {
    if (kind === "cancel" || kind === "mistake") {
      setOpen(kind === "cancel" ? "why" : "mistake");
      return;
    }
    close();
    if (kind === "move") onMove();
    else steps.take(booking, { kind });
  };
  const end = (step: Step) => {
    close();
    steps.take(booking, step);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!isPlain(event)) return;
    const reason = open === "why" ? reasons[Number(saidBy(event)) - 1] : undefined;
    const buttons = [...(row.current?.querySelectorAll<HTMLElement>("[role=group] button") ?? [])];
    const now = buttons.findIndex((one) => one === event.target);
    if (reason) end({ kind: "cancel", reason });
    else if (event.key === "ArrowRight" && open === null && others.length > 0) setOpen("more");
    else if (event.key === "ArrowRight" && open !== null) buttons[now + 1]?.focus();
    else if (event.key === "ArrowLeft" && now > 0) buttons[now - 1]?.focus();
    else if (open !== null && (event.key === "Escape" || event.key === "ArrowLeft")) close();
    // Held down, Enter would take one step after the other.
    else if (event.key !== "Enter" || !event.repeat) return;
    event.preventDefault();
  };

  return (
    <li
      ref={row}
      className={`${classes.row} ${classes[place]}`}
      data-visit={booking.id}
      data-testid="visit-row"
      onKeyDown={onKeyDown}
      onBlur={({ relatedTarget }) => {
        if (relatedTarget && !row.current?.contains(relatedTarget)) setOpen(null);
      }}
    >
      <div className={classes.line}>
        <Lead booking={booking} place={place} />
        <div className={classes.who}>
          {place === "withDoctor" && (
            <p className={classes.with}>
              {day.withDoctor}
              {isToday && booking.startedAt && (
                <>
                  {" · "}
                  <Minutes since={booking.startedAt} />
                </>
              )}
            </p>
          )}
          <button
            type="button"
            className={classes.name}
            tabIndex={tabIndex}
            data-stop={first === undefined ? "" : undefined}
            onClick={onOpen}
          >
            <PersonName patient={patient} />
          </button>
          <p className={classes.small}>
            {[
              chart.visitTypes[booking.visitType],
              booking.reason,
              place === "waiting" && booking.time,
              place === "waiting" && booking.calledAt && day.called(shortTime(booking.calledAt)),
              place === "over" && valueText(booking.status),
            ]
              .filter(Boolean)
              .join(" · ")}
          </p>
        </div>
        {booking.isUrgent && place !== "over" && <span className={classes.urgent}>{day.urgent}</span>}
        {booking.status === "confirmed" && <span className={classes.chip}>{valueText(booking.status)}</span>}
        {isToday && place === "waiting" && booking.arrivedAt && (
          <span className={classes.waited}>
            <Minutes since={booking.arrivedAt} />
          </span>
        )}
        {first && (
          <button
            type="button"
            className={classes.step}
            tabIndex={tabIndex}
            data-stop=""
            aria-label={stepName(stepWord(first, booking), booking)}
            onClick={(event) => isFirst(event) && take(first)}
          >
            {stepWord(first, booking)}
          </button>
        )}
        {others.length > 0 && (
          <button
            type="button"
            className={classes.more}
            tabIndex={tabIndex}
            aria-label={stepName(day.more, booking)}
            aria-expanded={open !== null}
            onClick={() => (open === null ? setOpen("more") : close())}
          >
            <IconDots size={18} aria-hidden="true" />
          </button>
        )}
      </div>
      {open === "more" && (
        <div role="group" aria-label={day.moreSteps(who)} className={classes.steps}>
          {others.map((kind, at) => (
            <button
              key={kind}
              type="button"
              className={classes.step}
              autoFocus={at === 0}
              onClick={(event) => isFirst(event) && take(kind)}
            >
              {stepWord(kind, booking)}
            </button>
          ))}
          {booking.hasSlip && (
            <button
              type="button"
              className={classes.step}
              onClick={() => {
                close();
                printSlip(booking.id);
              }}
            >
              {day.slip} <Kbd>{keyLabel("slip")}</Kbd>
            </button>
          )}
        </div>
      )}
      {open === "why" && (
        <Asked question={day.why(patient.fullName)} onKeep={close}>
          {reasons.map((reason, at) => (
            <button
              key={reason}
              type="button"
              className={classes.step}
              onClick={(event) => isFirst(event) && end({ kind: "cancel", reason })}
            >
              <Kbd>{at + 1}</Kbd> {day.reasons[reason]}
            </button>
          ))}
        </Asked>
      )}
      {open === "mistake" && (
        <Asked question={day.isMistake(patient.fullName)} onKeep={close}>
          <button
            type="button"
            className={classes.step}
            onClick={(event) => isFirst(event) && end({ kind: "mistake" })}
          >
            {day.steps.mistake}
          </button>
        </Asked>
      )}
      {error && <Problem error={error} />}
    </li>
  );
}

/** A question has the focus itself: the second press of the key that opened it answers nothing. */
const focusAtOnce = (question: HTMLElement | null) => question?.focus();

/** What is asked in the row before a visit ends without the doctor; the last answer leaves it as it is. */
function Asked(props: { question: string; children: ReactNode; onKeep: () => void }) {
  return (
    <div ref={focusAtOnce} role="group" tabIndex={-1} aria-label={props.question} className={classes.steps}>
      <p>{props.question}</p>
      {props.children}
      <button type="button" className={classes.step} onClick={props.onKeep}>
        <Kbd>Esc</Kbd> {messages.day.keep}
      </button>
    </div>
  );
}

function Lead({ booking, place }: { booking: Booking; place: Place }) {
  const { day } = messages;
  if (place === "booked")
    return booking.time ? (
      <time className={classes.lead}>{booking.time}</time>
    ) : (
      <span className={`${classes.lead} ${classes.noTime}`}>{day.noTime}</span>
    );
  return <span className={classes.lead}>{booking.token ?? booking.time ?? ""}</span>;
}

/** Drawn anew by itself with every minute. */
function Minutes({ since }: { since: string }) {
  return <span>{messages.day.minutes(useMinutesSince(since))}</span>;
}
