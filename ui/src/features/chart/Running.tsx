import { Button } from "@mantine/core";
import { IconArrowsSplit } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { refreshRows } from "../../app/queries";
import { useSession } from "../../app/session";
import type { Chart } from "../../ipc/bindings/Chart";
import type { Running as Medicine } from "../../ipc/bindings/Running";
import { useBackend } from "../../ipc/context";
import { langOf } from "../../ipc/problem";
import { messages } from "../../messages";
import { shortDay } from "../../shared/format";
import { Problem } from "../../shared/parts";
import { useToast } from "../../shared/toasts";
import { stoppedText } from "../prescription/stopped";
import classes from "./Known.module.css";
import { StopMedicine } from "./StopMedicine";

function untilText({ until, isEndSaid }: Medicine): string {
  const { running: words } = messages;
  if (until === null) return words.ongoing;
  return isEndSaid ? words.until(shortDay(until)) : words.endNotSaid(shortDay(until));
}

/** What the patient takes now, as the safety checks count it, and the way to stop it. */
export function Running({ chart }: { chart: Chart }) {
  const [stopping, setStopping] = useState<Medicine | null>(null);
  const { running: words } = messages;
  return (
    <>
      <section className={classes.card} aria-labelledby="running-title">
        <h2 id="running-title">{words.title}</h2>
        <div className={classes.inside}>
          {chart.running.length === 0 && <p>{words.none}</p>}
          {chart.running.length > 0 && (
            <ul className={classes.taken}>
              {chart.running.map((one) => (
                <Row
                  key={one.id}
                  patientId={chart.patient.id}
                  medicine={one}
                  onStop={() => setStopping(one)}
                />
              ))}
            </ul>
          )}
          {chart.stopped.length > 0 && (
            <details className={classes.passed}>
              <summary>{words.stoppedCount(chart.stopped.length)}</summary>
              <ul className={classes.taken}>
                {chart.stopped.map((one) => (
                  <Stopped key={one.id} medicine={one} />
                ))}
              </ul>
            </details>
          )}
        </div>
      </section>
      {stopping && <StopMedicine medicine={stopping} onClose={() => setStopping(null)} />}
    </>
  );
}

/** A medicine that was stopped before its end, and the way to take it up again. */
function Stopped({ medicine }: { medicine: Medicine }) {
  const backend = useBackend();
  const client = useQueryClient();
  const toast = useToast();
  const { session } = useSession();
  const { running: words } = messages;
  const { id, title, conflict } = medicine;
  const resume = useMutation({
    mutationFn: () => backend.resumeMedicine(id),
    onSuccess: () => {
      void refreshRows(client);
      toast(words.resumed(title));
    },
  });
  return (
    <li data-testid="stopped">
      <p>
        <strong>{title}</strong>
      </p>
      <p>{stoppedText(medicine)}</p>
      {conflict && <Differs title={title} conflict={conflict} />}
      {!conflict && session.mayPrescribe && (
        <div>
          <Button
            size="xs"
            variant="default"
            aria-label={words.resumeLong(title)}
            disabled={resume.isPending}
            onClick={() => resume.mutate()}
          >
            {words.resume}
          </Button>
        </div>
      )}
      {resume.error && <Problem error={resume.error} />}
    </li>
  );
}

function Differs({ title, conflict }: { title: string; conflict: string }) {
  const { known } = messages;
  return (
    <Link
      className={classes.differs}
      to="/review"
      search={{ item: conflict }}
      aria-label={known.differsLong(title)}
    >
      <IconArrowsSplit size={14} stroke={1.9} aria-hidden="true" />
      {known.differs}
    </Link>
  );
}

interface RowProps {
  patientId: string;
  medicine: Medicine;
  onStop: () => void;
}

function Row({ patientId, medicine, onStop }: RowProps) {
  const { session } = useSession();
  const { running: words } = messages;
  const { title, directions, conflict } = medicine;
  return (
    <li data-testid="running">
      <p className={classes.between}>
        <strong>{title}</strong>
        <small>{untilText(medicine)}</small>
      </p>
      <p lang={langOf(directions)}>{directions}</p>
      <div className={classes.between}>
        <small>
          <Link
            to="/patients/$patientId/prescriptions/$prescriptionId"
            params={{ patientId, prescriptionId: medicine.prescriptionId }}
            aria-label={words.prescribedLong(title, shortDay(medicine.prescribedOn))}
          >
            {words.prescribed(shortDay(medicine.prescribedOn))}
          </Link>{" "}
          {medicine.doctorName}
        </small>
        {conflict ? (
          <Differs title={title} conflict={conflict} />
        ) : (
          session.mayPrescribe && (
            <Button size="xs" variant="default" aria-label={words.stopLong(title)} onClick={onStop}>
              {words.stop}
            </Button>
          )
        )}
      </div>
    </li>
  );
}
