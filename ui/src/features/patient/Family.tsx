import { IconUsers } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { queryKeys } from "../../app/queries";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { shortDay } from "../../shared/format";
import { Parts, Problem } from "../../shared/parts";
import classes from "./Patient.module.css";

/** Who is already known under the number that is being typed. */
export function Family({ mobileNumber }: { mobileNumber: string }) {
  const backend = useBackend();
  const digits = mobileNumber.replace(/\D/g, "");
  const { data, error } = useQuery({
    queryKey: queryKeys.patients(digits),
    queryFn: () => backend.findPatients(digits),
    enabled: digits.length >= 6,
  });
  const { patient, finder } = messages;
  const found = digits.length >= 6 ? (data ?? []) : [];
  return (
    <section className={classes.family} aria-live="polite" aria-label={patient.mobile}>
      {error && <Problem error={error} />}
      {found.length === 0 ? (
        <p className={classes.hint}>{patient.familyStart}</p>
      ) : (
        <>
          <h2>
            <IconUsers size={18} stroke={1.8} aria-hidden="true" />
            {patient.onNumber(found.length)}
          </h2>
          <ul>
            {found.map((one) => (
              <li key={one.id}>
                <Link to="/patients/$patientId" params={{ patientId: one.id }}>
                  <span>
                    <strong>{one.fullName}</strong>{" "}
                    <span className={classes.age}>
                      {one.age} {one.sex}
                    </span>
                    <small>
                      <Parts parts={[one.guardian, one.patientCode]} />
                    </small>
                  </span>
                  <time>{one.lastVisit ? shortDay(one.lastVisit) : finder.neverSeen}</time>
                </Link>
              </li>
            ))}
          </ul>
          <p className={classes.hint}>
            {patient.onNumberHint} {patient.another}
          </p>
        </>
      )}
    </section>
  );
}
