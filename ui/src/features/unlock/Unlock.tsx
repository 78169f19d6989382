import { IconAlertTriangle, IconCloudOff, IconUserPlus } from "@tabler/icons-react";
import { useRef, useState } from "react";
import { useSyncStatus } from "../../app/queries";
import type { LeaseView } from "../../ipc/bindings/LeaseView";
import type { Person } from "../../ipc/bindings/Person";
import type { UserId } from "../../ipc/bindings/UserId";
import { isPlain } from "../../app/keymap";
import { LanguageChoice } from "../../app/LanguageChoice";
import { messages } from "../../messages";
import { placeOf, shortTime } from "../../shared/format";
import { Logo } from "../../shared/Logo";
import { Avatar } from "../../shared/parts";
import { PasswordForm } from "./PasswordForm";
import classes from "./Unlock.module.css";

interface Props {
  tenantName: string;
  clinicName: string;
  people: Person[];
  lease: LeaseView | null;
  waiting: number;
  wasTooLong: boolean;
}

/** Who works here now: the people of this computer, and a password. */
export function Unlock({ tenantName, clinicName, people, lease, waiting, wasTooLong }: Props) {
  const [chosenId, setChosenId] = useState<UserId | null>(people[0]?.userId ?? null);
  // As they are by now: an admin may have changed their e-mail.
  const chosen = people.find(({ userId }) => userId === chosenId) ?? null;
  const list = useRef<HTMLDivElement>(null);
  const { unlock } = messages;

  const move = (event: React.KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (!step || !isPlain(event)) return;
    event.preventDefault();
    const buttons = [...(list.current?.querySelectorAll("button") ?? [])];
    const now = buttons.findIndex((button) => button === document.activeElement);
    buttons[(now + step + buttons.length) % buttons.length]?.focus();
  };

  return (
    <main className={classes.screen}>
      <section className={classes.left}>
        <div className={classes.brand}>
          <Logo size={40} />
          <div>
            <strong>{tenantName}</strong>
            <span>{placeOf(clinicName, tenantName)}</span>
          </div>
        </div>
        <h1>{unlock.title}</h1>
        {wasTooLong && (
          <p className={classes.why} role="status">
            {unlock.wasTooLong}
          </p>
        )}
        {/* Arrow keys move between the buttons; each is also reached with Tab. */}
        <div ref={list} className={classes.people} role="group" aria-label={unlock.people} onKeyDown={move}>
          {people.map((person) => (
            <button
              key={person.userId}
              type="button"
              className={classes.person}
              aria-pressed={person.userId === chosen?.userId}
              onClick={() => setChosenId(person.userId)}
            >
              <Avatar name={person.fullName} />
              <span>
                <strong>{person.fullName}</strong>
                <span>{person.roles.map((role) => messages.roles[role]).join(", ")}</span>
              </span>
            </button>
          ))}
          <button
            type="button"
            className={`${classes.person} ${classes.other}`}
            aria-pressed={chosen === null}
            onClick={() => setChosenId(null)}
          >
            <IconUserPlus size={22} stroke={1.7} aria-hidden="true" />
            <span>
              <strong>{unlock.someoneElse}</strong>
              <span>{unlock.someoneElseHint}</span>
            </span>
          </button>
        </div>
        <LanguageChoice />
        <Foot lease={lease} waiting={waiting} />
      </section>
      <section className={classes.right}>
        <PasswordForm key={chosen?.userId ?? "someone else"} person={chosen} />
      </section>
    </main>
  );
}

function Foot({ lease, waiting }: Pick<Props, "lease" | "waiting">) {
  const { data } = useSyncStatus();
  const { unlock } = messages;
  if (lease?.hasEnded || lease?.endsSoon) {
    return (
      <p className={`${classes.foot} ${classes.warning}`} role="status">
        <IconAlertTriangle size={18} stroke={1.7} aria-hidden="true" />
        {lease.hasEnded
          ? unlock.footEnded(lease.daysWithout, waiting)
          : unlock.footSoon(lease.daysAllowed, lease.hoursLeft)}
      </p>
    );
  }
  const since = data?.connection.state === "offline" ? shortTime(data.connection.since) : null;
  return (
    <p className={classes.foot}>
      {since && data ? (
        <>
          <IconCloudOff size={18} stroke={1.7} aria-hidden="true" />
          {messages.sync.sentences.offline(since, data.waiting)}
        </>
      ) : lease?.daysAllowed === 0 ? (
        unlock.footOnline
      ) : (
        unlock.foot
      )}
    </p>
  );
}
