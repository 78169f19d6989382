import { IconUsers } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { queryKeys } from "../../app/queries";
import type { PatientSummary } from "../../ipc/bindings/PatientSummary";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { shortDay } from "../../shared/format";
import { Person } from "../../shared/Person";
import { Problem } from "../../shared/parts";
import { emptyForm, type TypedForm } from "./form";
import classes from "./Patient.module.css";

/** Of a name that more people bear, none is more likely than another. */
const mostNamed = 6;

/** Whether more is typed than what finds people: that much is no loss once one of them is opened. */
function isMore(typed: TypedForm): boolean {
  const { mobileNumber, firstName, lastName } = typed;
  return JSON.stringify(typed) !== JSON.stringify({ ...emptyForm, mobileNumber, firstName, lastName });
}

/** Who is already known under the number or the name that is being typed. */
export function Family({ typed }: { typed: TypedForm }) {
  const digits = typed.mobileNumber.replace(/\D/g, "");
  const name = `${typed.firstName} ${typed.lastName}`.trim();
  const number = useFound(digits, digits.length >= 6);
  const named = useFound(name, typed.firstName.trim().length > 2);
  const { patient } = messages;
  const others = named.found.filter((one) => !number.found.some((other) => other.id === one.id));
  const alike = others.length > mostNamed ? [] : others;
  const asks = isMore(typed);
  const error = number.error ?? named.error;
  return (
    <section className={classes.family} aria-live="polite" aria-label={patient.known}>
      {error && <Problem error={error} />}
      {number.found.length === 0 && alike.length === 0 && (
        <p className={classes.hint}>{patient.familyStart}</p>
      )}
      {number.found.length > 0 && (
        <>
          <People
            title={patient.onNumber(number.found.length, number.hasMore)}
            people={number.found}
            asks={asks}
          />
          <p className={classes.hint}>
            {patient.onNumberHint} {patient.another}
          </p>
        </>
      )}
      {alike.length > 0 && (
        <>
          <People title={patient.ofName(alike.length)} people={alike} asks={asks} />
          <p className={classes.hint}>{patient.onNumberHint}</p>
        </>
      )}
    </section>
  );
}

function useFound(query: string, enabled: boolean) {
  const backend = useBackend();
  const { data, error } = useQuery({
    queryKey: queryKeys.patients(query),
    queryFn: () => backend.findPatients(query),
    enabled,
  });
  return { found: enabled ? (data?.people ?? []) : [], hasMore: data?.hasMore ?? false, error };
}

interface PeopleProps {
  title: string;
  people: PatientSummary[];
  /** Whether opening one asks before what is typed is given up. */
  asks: boolean;
}

function People({ title, people, asks }: PeopleProps) {
  const { finder } = messages;
  return (
    <>
      <h2>
        <IconUsers size={18} stroke={1.8} aria-hidden="true" />
        {title}
      </h2>
      <ul>
        {people.map((one) => (
          <li key={one.id}>
            <Link to="/patients/$patientId" params={{ patientId: one.id }} ignoreBlocker={!asks}>
              <Person patient={one} parts={[one.guardian, one.patientCode]} />
              <time>{one.lastVisit ? shortDay(one.lastVisit) : finder.neverSeen}</time>
            </Link>
          </li>
        ))}
      </ul>
    </>
  );
}
