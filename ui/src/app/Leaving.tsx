import { IconDeviceDesktopOff } from "@tabler/icons-react";
import { useState } from "react";
import { PasswordForm } from "../features/unlock/PasswordForm";
import type { Person } from "../ipc/bindings/Person";
import { langOf } from "../ipc/problem";
import { messages } from "../messages";
import { placeOf, timeOrDay } from "../shared/format";
import classes from "./Broken.module.css";

interface Props {
  tenantName: string;
  clinicName: string;
  people: Person[];
  waiting: number;
  needsPassword: boolean;
  wipesAt: string | null;
  problem: string | null;
}

/** This computer was taken out of service: nobody works on it any more, and what it still has is handed over. */
export function Revoked({ tenantName, clinicName, people, waiting, needsPassword, wipesAt, problem }: Props) {
  const { leaving } = messages;
  const [person, setPerson] = useState(people[0] ?? null);
  return (
    <main className={classes.broken} data-testid="revoked">
      <IconDeviceDesktopOff size={40} stroke={1.6} aria-hidden="true" />
      <h1>{leaving.title(placeOf(clinicName, tenantName))}</h1>
      {/* What could not be handed over is not said to be with the clinic. */}
      {(needsPassword || !problem) && (
        <p role="status">{needsPassword ? leaving.needsPassword(waiting) : leaving.handingOver(waiting)}</p>
      )}
      {problem && (
        <p role="alert" lang={langOf(problem)}>
          {problem}
        </p>
      )}
      {wipesAt && <p>{leaving.wipesAt(timeOrDay(wipesAt))}</p>}
      <p>{leaving.mistake}</p>
      {needsPassword && (
        <>
          {people.length > 1 && (
            <div className={classes.people} role="group" aria-label={messages.unlock.people}>
              {people.map((one) => (
                <button
                  key={one.userId}
                  type="button"
                  aria-pressed={one.userId === person?.userId}
                  onClick={() => setPerson(one)}
                >
                  {one.fullName}
                </button>
              ))}
            </div>
          )}
          <PasswordForm key={person?.userId ?? "someone else"} person={person} submit={leaving.handOver} />
        </>
      )}
    </main>
  );
}

/** Its keys and files are being destroyed. */
export function Wiping() {
  const { leaving } = messages;
  return (
    <main className={classes.broken} data-testid="wiping">
      <IconDeviceDesktopOff size={40} stroke={1.6} aria-hidden="true" />
      <h1>{leaving.wipingTitle}</h1>
      <p role="status">{leaving.wiping}</p>
    </main>
  );
}
