import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
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
import { Kbd, Problem } from "../../shared/parts";
import { valueText } from "../review/words";
import classes from "./Chart.module.css";

/** What stands behind the newest prescriptions, as far as somebody went back. */
function useOlder(chart: Chart) {
  const backend = useBackend();
  const [isAsked, setAsked] = useState(false);
  const query = useInfiniteQuery({
    queryKey: queryKeys.older(chart.patient.id),
    queryFn: ({ pageParam }) => backend.olderPrescriptions(chart.patient.id, pageParam),
    initialPageParam: chart.prescriptions.length,
    getNextPageParam: (page, _, newer) => (page.length === 0 ? undefined : newer + page.length),
    enabled: isAsked && chart.olderPrescriptions > 0,
  });
  const shown = query.data?.pages.flat() ?? [];
  return {
    shown,
    left: Math.max(chart.olderPrescriptions - shown.length, 0),
    isFetching: query.isFetching,
    error: query.error,
    goBack: () => (isAsked ? void query.fetchNextPage() : setAsked(true)),
  };
}

/** Signed prescriptions and appointments without one, newest first. */
export function Timeline({ chart }: { chart: Chart }) {
  const { session } = useSession();
  const older = useOlder(chart);
  const { chart: words } = messages;
  const entries = [
    ...chart.visits.map((visit) => ({ day: visit.day, row: <WithoutOne key={visit.id} visit={visit} /> })),
    ...[...chart.prescriptions, ...older.shown].map((prescription) => ({
      day: prescription.visitDate,
      row: <Signed key={prescription.id} patientId={chart.patient.id} prescription={prescription} />,
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
      {older.left > 0 && (
        <p className={classes.older}>
          {words.older(older.left)}
          <Button size="xs" variant="default" loading={older.isFetching} onClick={older.goBack}>
            {words.showOlder}
          </Button>
        </p>
      )}
      {older.error !== null && <Problem error={older.error} onRetry={older.goBack} />}
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
