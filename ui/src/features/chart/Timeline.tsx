import { Link } from "@tanstack/react-router";
import { keyLabel } from "../../app/keymap";
import { queryKeys } from "../../app/queries";
import { useSession } from "../../app/session";
import type { Chart } from "../../ipc/bindings/Chart";
import type { PrescriptionSummary } from "../../ipc/bindings/PrescriptionSummary";
import type { Visit } from "../../ipc/bindings/Visit";
import { useBackend } from "../../ipc/context";
import { langOf } from "../../ipc/problem";
import { messages } from "../../messages";
import { shortDay } from "../../shared/format";
import { Kbd } from "../../shared/parts";
import { stoppedText } from "../prescription/stopped";
import { valueText } from "../review/words";
import classes from "./Chart.module.css";
import { Older, useOlder } from "./Older";

/** Signed prescriptions and appointments without one, newest first. */
export function Timeline({ chart }: { chart: Chart }) {
  const { session } = useSession();
  const backend = useBackend();
  const { id } = chart.patient;
  const signed = useOlder({
    queryKey: queryKeys.older(id),
    fetch: (newer) => backend.olderPrescriptions(id, newer),
    first: chart.prescriptions.length,
    older: chart.olderPrescriptions,
  });
  const others = useOlder({
    queryKey: queryKeys.olderVisits(id),
    fetch: (newer) => backend.olderVisits(id, newer),
    first: chart.visits.length,
    older: chart.olderVisits,
  });
  const { chart: words } = messages;
  const entries = [
    ...[...chart.visits, ...others.steps.flat()].map((visit) => ({
      day: visit.day,
      row: <WithoutOne key={visit.id} visit={visit} />,
    })),
    ...[...chart.prescriptions, ...signed.steps.flat()].map((prescription) => ({
      day: prescription.visitDate,
      row: <Signed key={prescription.id} patientId={id} prescription={prescription} />,
    })),
  ];
  return (
    <section className={classes.card} aria-labelledby="timeline-title">
      <h2 id="timeline-title">{words.visits}</h2>
      {session.mayReadClinical && chart.prescriptions.length === 0 && (
        <p className={classes.empty}>
          {words.none} {words.noneHint} <Kbd>{keyLabel("newPrescription")}</Kbd>
        </p>
      )}
      <ol>{entries.toSorted((one, other) => other.day.localeCompare(one.day)).map((entry) => entry.row)}</ol>
      <Older older={signed} said={words.older} show={words.showOlder} />
      <Older older={others} said={words.olderVisits} show={words.showOlderVisits} />
    </section>
  );
}

function Signed({ patientId, prescription }: { patientId: string; prescription: PrescriptionSummary }) {
  const { chart: words } = messages;
  return (
    <li className={classes.visit} data-testid="visit">
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
              <strong>{item.title}</strong> <span lang={langOf(item.directions)}>{item.directions}</span>
              {item.noSubstitution && <b> {messages.prescription.noSubstitution}</b>}
              {item.stoppedAt && <em className={classes.stopped}>{stoppedText(item)}</em>}
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
  );
}

/** An appointment of which no prescription came. */
function WithoutOne({ visit }: { visit: Visit }) {
  const { session } = useSession();
  const { chart: words } = messages;
  const type = Object.entries(words.visitTypes).find(([known]) => known === visit.visitType)?.[1];
  const isSeen = visit.status === "completed";
  return (
    <li className={classes.visit} data-testid="visit">
      <div className={classes.when}>
        <time dateTime={visit.day}>{shortDay(visit.day)}</time>
        {visit.time && <span>{visit.time}</span>}
        <span className={isSeen ? undefined : classes.status}>{valueText(visit.status)}</span>
      </div>
      <div>
        <p className={classes.diagnoses}>{type ?? visit.visitType}</p>
        {visit.reason && <p className={classes.advice}>{visit.reason}</p>}
        <p className={classes.foot}>
          {visit.doctorName}
          {isSeen && session.mayReadClinical && ` · ${words.noPrescription}`}
        </p>
      </div>
    </li>
  );
}
