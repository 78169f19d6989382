import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { keyLabel, useKeys } from "../../app/keymap";
import { chartOf } from "../../app/queries";
import { useSession } from "../../app/session";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { KeyBar, Notice, Problem, Waiting } from "../../shared/parts";
import { ConflictBanner } from "../review/ConflictBanner";
import { Files } from "../files/Files";
import { PreparedNotes } from "../prepared/PreparedNotes";
import { About } from "./About";
import { Allergies } from "./Allergies";
import classes from "./Chart.module.css";
import { ChartActions } from "./ChartActions";
import { Conditions } from "./Conditions";
import known from "./Known.module.css";
import { AllergyBar, PatientStrip } from "./PatientStrip";
import { Timeline } from "./Timeline";
import { Trends } from "./Trends";

/** Everything about one patient, newest first. */
export function Chart({ patientId }: { patientId: string }) {
  const backend = useBackend();
  const navigate = useNavigate();
  const { session, setOpenPatient } = useSession();
  const { data, error, refetch } = useQuery(chartOf(backend, patientId));
  const isThere = data !== undefined;
  useEffect(() => {
    if (isThere) setOpenPatient(patientId);
  }, [isThere, patientId, setOpenPatient]);
  useKeys({
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
          <ChartActions chart={data} mayWrite={session.mayReadClinical} />
        </PatientStrip>
        {session.mayReadClinical && <AllergyBar chart={data} />}
        {problem}
        <ConflictBanner conflicts={data.conflicts} />
        <PreparedNotes prepared={data.prepared} />
        <div className={classes.body}>
          <div className={known.column}>
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
      <KeyBar
        keys={[
          ...(session.mayReadClinical
            ? [[keyLabel("newPrescription"), keys.newPrescription] satisfies [string, string]]
            : []),
          ...(session.mayReadClinical
            ? [[keyLabel("allergy"), keys.allergy] satisfies [string, string]]
            : []),
          [keyLabel("find"), keys.find],
          [keyLabel("today"), keys.today],
          [keyLabel("keys"), keys.keys],
        ]}
      />
    </>
  );
}
