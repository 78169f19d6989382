import { Link } from "@tanstack/react-router";
import { keyLabel } from "../../app/keymap";
import { useSession } from "../../app/session";
import type { PrescriptionSummary } from "../../ipc/bindings/PrescriptionSummary";
import { langOf } from "../../ipc/problem";
import { messages } from "../../messages";
import { shortDay } from "../../shared/format";
import { Kbd } from "../../shared/parts";
import classes from "./Chart.module.css";

interface Props {
  patientId: string;
  prescriptions: PrescriptionSummary[];
}

/** Signed prescriptions, newest first. */
export function Timeline({ patientId, prescriptions }: Props) {
  const { session } = useSession();
  const { chart: words } = messages;
  return (
    <section className={classes.card} aria-labelledby="timeline-title">
      <h2 id="timeline-title">{words.prescriptions}</h2>
      {prescriptions.length === 0 && (
        <p className={classes.empty}>
          {words.none}{" "}
          {session.mayReadClinical && (
            <>
              {words.noneHint} <Kbd>{keyLabel("newPrescription")}</Kbd>
            </>
          )}
        </p>
      )}
      <ol>
        {prescriptions.map((prescription) => (
          <li key={prescription.id} className={classes.visit}>
            <div className={classes.when}>
              <Link
                to="/patients/$patientId/prescriptions/$prescriptionId"
                params={{ patientId, prescriptionId: prescription.id }}
              >
                {shortDay(prescription.visitDate)}
              </Link>
              <span>{prescription.number}</span>
              {prescription.status !== "finalised" && (
                <span className={classes.status}>{words.status[prescription.status]}</span>
              )}
            </div>
            <div>
              <p className={classes.diagnoses}>{prescription.diagnoses.join(" · ")}</p>
              <ul className={classes.items}>
                {prescription.items.map((item) => (
                  <li key={`${item.title} ${item.doseText}`}>
                    <strong>{item.title}</strong>{" "}
                    <span lang={langOf(item.directions)}>{item.directions}</span>
                  </li>
                ))}
              </ul>
              {prescription.advice && <p className={classes.advice}>{prescription.advice}</p>}
              <p className={classes.foot}>
                {words.signedBy(prescription.doctorName)}
                {prescription.followUpDate && ` · ${words.comeBack} ${shortDay(prescription.followUpDate)}`}
                {!prescription.isSynced && ` · ${words.waiting}`}
              </p>
            </div>
          </li>
        ))}
      </ol>
    </section>
  );
}
