import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { keyLabel, useKeys } from "../../app/keymap";
import { chartOf, dayOf } from "../../app/queries";
import { useSession } from "../../app/session";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { KeyBar, Notice, Problem, Waiting } from "../../shared/parts";
import { BookingDialog } from "../booking/BookingDialog";
import { ConflictBanner } from "../review/ConflictBanner";
import { Files } from "../files/Files";
import { PreparedNotes } from "../prepared/PreparedNotes";
import { useNextPatient } from "../today/useNextPatient";
import { hasSlip, VisitLine } from "../today/VisitLine";
import { About } from "./About";
import { Allergies } from "./Allergies";
import classes from "./Chart.module.css";
import { ChartActions } from "./ChartActions";
import { Conditions } from "./Conditions";
import known from "./Known.module.css";
import { Running } from "./Running";
import { AllergyBar, AllergySign, PatientStrip } from "./PatientStrip";
import { Timeline } from "./Timeline";
import { Trends } from "./Trends";

interface Props {
  patientId: string;
  /** For which day a visit is to be booked as soon as the chart is there, or `now` for a token; null if none is. */
  books: string | null;
}

/** Everything about one patient, newest first. */
export function Chart({ patientId, books }: Props) {
  const backend = useBackend();
  const navigate = useNavigate();
  const { session, setOpenPatient } = useSession();
  const { data, error, refetch } = useQuery(chartOf(backend, patientId));
  const day = useQuery(dayOf(backend, null));
  const [isBooking, setBooking] = useState(false);
  const isThere = data !== undefined;
  useEffect(() => {
    if (isThere) setOpenPatient(patientId);
  }, [isThere, patientId, setOpenPatient]);
  const endBooking = () => {
    setBooking(false);
    // Whoever comes back to this place does not book again.
    const params = { patientId };
    if (books !== null)
      void navigate({ to: "/patients/$patientId", params, replace: true, ignoreBlocker: true });
  };
  const { hasNext } = useNextPatient();
  useKeys({
    book: () => setBooking(true),
    newPrescription: () =>
      session.mayReadClinical && void navigate({ to: "/patients/$patientId/pad", params: { patientId } }),
  });
  const { chart: words, common, keys } = messages;
  const problem = error && <Problem error={error} onRetry={() => void refetch()} />;
  if (!data) return problem ? <div className={classes.body}>{problem}</div> : <Waiting />;
  return (
    <>
      <div className={classes.screen} data-testid="chart">
        <PatientStrip chart={data}>
          <ChartActions chart={data} mayWrite={session.mayReadClinical} onBook={() => setBooking(true)} />
        </PatientStrip>
        {session.mayReadClinical ? <AllergyBar chart={data} /> : <AllergySign chart={data} />}
        {problem}
        {day.error && <Problem error={day.error} onRetry={() => void day.refetch()} />}
        {day.data && <VisitLine day={day.data} patient={data.patient} />}
        <ConflictBanner conflicts={data.conflicts} />
        <PreparedNotes prepared={data.prepared} />
        <div className={classes.body}>
          <div className={known.column}>
            {session.mayReadClinical && <Running chart={data} />}
            {session.mayReadClinical && <Allergies chart={data} />}
            {session.mayReadClinical && <Conditions chart={data} />}
            <About chart={data} />
          </div>
          <div className={classes.main}>
            {data.patient.needsReview && <Notice>{words.needsReview}</Notice>}
            {data.patient.beyondPlan && <Notice>{words.beyondPlan}</Notice>}
            {!session.mayPrescribe && session.mayReadClinical && <Notice>{words.onlySigners}</Notice>}
            {session.mayReadClinical ? (
              <>
                <Timeline chart={data} />
                <Files patientId={patientId} name={data.patient.fullName} />
              </>
            ) : (
              <>
                <Notice>{common.notClinical}</Notice>
                {data.visits.length > 0 && <Timeline chart={data} />}
              </>
            )}
          </div>
          {session.mayReadClinical && (
            <div className={classes.trends}>
              <Trends chart={data} />
            </div>
          )}
        </div>
      </div>
      {(isBooking || books !== null) && (
        <BookingDialog
          patient={data.patient}
          day={books === null || books === "now" ? null : books}
          onClose={endBooking}
        />
      )}
      <KeyBar
        keys={[
          ...(session.mayReadClinical
            ? [[keyLabel("newPrescription"), keys.newPrescription] satisfies [string, string]]
            : []),
          ...(session.mayReadClinical
            ? [[keyLabel("allergy"), keys.allergy] satisfies [string, string]]
            : []),
          [keyLabel("book"), keys.book],
          ...(day.data && hasSlip(day.data, data.patient)
            ? [[keyLabel("slipOfPatient"), keys.slip] satisfies [string, string]]
            : []),
          ...(hasNext ? [[keyLabel("nextPatient"), keys.nextPatient] satisfies [string, string]] : []),
          [keyLabel("find"), keys.find],
          [keyLabel("today"), keys.today],
          [keyLabel("keys"), keys.keys],
        ]}
      />
    </>
  );
}
