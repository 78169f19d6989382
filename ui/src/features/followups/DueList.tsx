import { useNavigate } from "@tanstack/react-router";
import { type FocusEvent, type KeyboardEvent, useLayoutEffect, useRef, useState } from "react";
import { isPlain, useKeys } from "../../app/keymap";
import type { FollowUp } from "../../ipc/bindings/FollowUp";
import { messages } from "../../messages";
import { dayWithWeekday, mobile } from "../../shared/format";
import { Person } from "../../shared/Person";
import classes from "./FollowUps.module.css";

interface Props {
  people: FollowUp[];
  onBook: (who: FollowUp) => void;
}

/** Somebody may be due with two doctors. */
const keyOf = ({ patient, doctorId }: FollowUp) => `${patient.id} ${doctorId}`;

/** Who is due: the arrows walk the rows, Enter opens the chart of one, and the key of the booking books them. */
export function DueList({ people, onBook }: Props) {
  const navigate = useNavigate();
  const list = useRef<HTMLUListElement>(null);
  /** Where the row stands that has the focus, or had it last. */
  const held = useRef(0);
  const [active, setActive] = useState<string | null>(null);
  const marked = people.find((one) => keyOf(one) === active) ?? people[0];
  useKeys({ book: () => marked && onBook(marked) });
  const names = () => [...(list.current?.querySelectorAll<HTMLElement>("[data-name]") ?? [])];
  // Work starts at the first row; who goes from the list leaves the focus to the next.
  useLayoutEffect(() => {
    const { activeElement } = document;
    if (activeElement !== document.body && activeElement?.tagName !== "MAIN") return;
    const all = names();
    all[Math.min(held.current, all.length - 1)]?.focus();
  });
  const onFocus = ({ target }: FocusEvent) => {
    const row = target.closest<HTMLElement>("[data-due]");
    const place = people.findIndex((one) => keyOf(one) === row?.dataset["due"]);
    if (place < 0) return;
    held.current = place;
    setActive(row?.dataset["due"] ?? null);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!isPlain(event) || !(event.target instanceof HTMLElement)) return;
    const all = names();
    const row = event.target.closest("[data-due]");
    const now = all.findIndex((name) => row?.contains(name));
    const next = {
      ArrowDown: all[now + 1],
      ArrowUp: all[now - 1],
      Home: all[0],
      End: all.at(-1),
    }[event.key];
    if (!next) return;
    event.preventDefault();
    next.focus();
  };
  const { followUps } = messages;
  return (
    <ul
      ref={list}
      className={classes.list}
      aria-label={followUps.list}
      onFocus={onFocus}
      onKeyDown={onKeyDown}
    >
      {people.map((one) => {
        const { patient, dueOn, days, doctorName } = one;
        const tabIndex = one === marked ? 0 : -1;
        return (
          <li
            key={keyOf(one)}
            data-due={keyOf(one)}
            data-testid="due-row"
            className={`${classes.row} ${one === marked ? classes.marked : ""}`}
          >
            <button
              type="button"
              data-name=""
              className={classes.name}
              tabIndex={tabIndex}
              onClick={() => void navigate({ to: "/patients/$patientId", params: { patientId: patient.id } })}
            >
              <Person
                patient={patient}
                parts={[mobile(patient.mobileNumber), patient.guardian, patient.patientCode]}
              />
              <span className={classes.due}>
                {followUps.due(days)} <time dateTime={dueOn}>{dayWithWeekday(dueOn)}</time>
              </span>
              <span className={classes.doctor}>{doctorName}</span>
            </button>
            <button
              type="button"
              className={classes.book}
              tabIndex={tabIndex}
              aria-label={followUps.bookLong(patient.fullName, doctorName)}
              onClick={() => onBook(one)}
            >
              {followUps.book}
            </button>
          </li>
        );
      })}
    </ul>
  );
}
