import { Button } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { type ComponentProps, Fragment, type ReactNode, useEffect, useState } from "react";
import type { PatientSummary } from "../ipc/bindings/PatientSummary";
import { langOf, problemOf } from "../ipc/problem";
import { messages } from "../messages";
import { diedText, initials } from "./format";
import classes from "./parts.module.css";

export function Kbd({ children }: { children: ReactNode }) {
  return (
    <kbd className={classes.kbd} aria-hidden="true">
      {children}
    </kbd>
  );
}

export function Avatar({ name, size = "medium" }: { name: string; size?: "small" | "medium" | "large" }) {
  return (
    <span className={`${classes.avatar} ${classes[size]}`} aria-hidden="true">
      {initials(name)}
    </span>
  );
}

/** That a patient has died, behind their name wherever it stands. */
export function DiedMark({ patient: { died } }: { patient: Pick<PatientSummary, "died"> }) {
  if (died === null) return null;
  return (
    <>
      {" "}
      <span className={classes.died}>{diedText(died)}</span>
    </>
  );
}

/** `W/o Prakash · +91 98204 41276`: breaks between the parts, never within one. */
export function Parts({ parts }: { parts: (string | null)[] }) {
  const there = parts.filter((part) => part !== null && part !== "");
  return there.map((part, place) => (
    <Fragment key={part}>
      {place > 0 && " · "}
      <span className={classes.part}>{part}</span>
    </Fragment>
  ));
}

/** What is known, each under its name; what is empty is left out. */
export function FactList(props: { facts: [string, string | null][]; className?: string }) {
  return (
    <dl className={props.className}>
      {props.facts.map(
        ([name, value]) =>
          value && (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}

/** A code or a password that is shown once, large enough to be read out and written down. */
export function ShownOnce({ label, ...rest }: ComponentProps<"p"> & { label: string }) {
  return <p {...rest} className={classes.shownOnce} role="group" aria-label={label} />;
}

/** A sentence about something amiss, where it concerns. */
export function Problem(props: { error: unknown; onRetry?: () => void }) {
  const problem = problemOf(props.error);
  return (
    <div role="alert" className={classes.problem}>
      <IconAlertTriangle size={18} stroke={1.8} aria-hidden="true" />
      <p lang={langOf(problem.detail)}>{problem.detail}</p>
      {props.onRetry && (
        <Button size="xs" variant="default" onClick={props.onRetry}>
          {messages.common.tryAgain}
        </Button>
      )}
    </div>
  );
}

/** Nothing for 300 ms, then still grey shapes of what will come. */
export function Waiting({ rows = 4 }: { rows?: number }) {
  const [isLong, setLong] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLong(true), 300);
    return () => clearTimeout(timer);
  }, []);
  if (!isLong) return <div aria-busy="true" />;
  return (
    <div className={classes.waiting} role="status" aria-busy="true" aria-label={messages.common.loading}>
      {Array.from({ length: rows }, (_, row) => (
        <span key={row} />
      ))}
    </div>
  );
}

/** Says how many suggestions stand in a list that is open, to whoever does not see it. */
export function HowMany({ count }: { count: number }) {
  return (
    <span role="status" className={classes.unseen}>
      {count > 0 && messages.common.suggestions(count)}
    </span>
  );
}

export function Notice({ children }: { children: ReactNode }) {
  return <p className={classes.notice}>{children}</p>;
}

/** The keys that work where the focus is now. */
export function KeyBar({ keys }: { keys: [string, string][] }) {
  return (
    <footer className={classes.keyBar}>
      {keys.map(([key, label]) => (
        <span key={key}>
          <kbd className={classes.kbd}>{key}</kbd> {label}
        </span>
      ))}
    </footer>
  );
}
