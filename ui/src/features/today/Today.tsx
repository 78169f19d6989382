import { Button } from "@mantine/core";
import { IconUserPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { keyLabel } from "../../app/keymap";
import { queryKeys } from "../../app/queries";
import { useSession } from "../../app/session";
import type { Today as TodayData } from "../../ipc/bindings/Today";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { shortTime, wholeDay } from "../../shared/format";
import { KeyBar, Problem, Waiting } from "../../shared/parts";
import { preparedBy, preparedWords } from "../prepared/words";
import { PeopleList } from "./PeopleList";
import classes from "./Today.module.css";

/** The day at this clinic: who was seen, who waits, who is new. */
export function Today() {
  const backend = useBackend();
  const navigate = useNavigate();
  const { session } = useSession();
  const { data, error, isPending, refetch } = useQuery({
    queryKey: queryKeys.today,
    queryFn: () => backend.getToday(),
  });
  const { today, keys } = messages;
  return (
    <>
      <div className={classes.screen} data-testid="today">
        <header className={classes.head}>
          <h1>{data ? wholeDay(data.date) : messages.shell.today}</h1>
          {data && <Counts today={data} />}
          <Button
            size="md"
            leftSection={<IconUserPlus size={18} stroke={1.8} aria-hidden="true" />}
            onClick={() => void navigate({ to: "/register" })}
          >
            {today.register}
          </Button>
        </header>
        {error && <Problem error={error} onRetry={() => void refetch()} />}
        {isPending && <Waiting rows={6} />}
        {data?.hasMore && (
          <p className={classes.more} role="status">
            {today.more}
          </p>
        )}
        {data && session.mayReadClinical && isQuiet(data) && (
          <div className={classes.quiet}>
            <h2>{today.quietTitle}</h2>
            <p>{today.quiet}</p>
          </div>
        )}
        {data && !(session.mayReadClinical && isQuiet(data)) && <Lists today={data} />}
      </div>
      <KeyBar
        keys={[
          [keyLabel("find"), keys.find],
          [keyLabel("register"), keys.register],
          [keyLabel("sync"), keys.sync],
          [keyLabel("keys"), keys.keys],
        ]}
      />
    </>
  );
}

const isQuiet = ({ seen, drafts, prepared, followUps, registered }: TodayData) =>
  [seen, drafts, prepared, followUps, registered].every((people) => people.length === 0);

/** Of what this person or this computer is not told, nothing is said: that nobody was seen would be wrong. */
function Lists({ today: data }: { today: TodayData }) {
  const navigate = useNavigate();
  const { session } = useSession();
  const { today } = messages;
  const openChart = (patientId: string) =>
    void navigate({ to: "/patients/$patientId", params: { patientId } });
  const openPad = (patientId: string) =>
    void navigate({ to: "/patients/$patientId/pad", params: { patientId } });
  return (
    <div className={classes.columns}>
      {session.mayReadClinical && (
        <PeopleList
          title={today.seen}
          empty={today.seenEmpty}
          onOpen={openChart}
          rows={data.seen.map((visit) => ({
            key: visit.prescriptionId,
            patient: visit.patient,
            lead: visit.signedAt ? shortTime(visit.signedAt) : null,
            aside: visit.doctorName,
          }))}
        />
      )}
      <div className={classes.column}>
        {session.mayReadClinical && data.drafts.length > 0 && (
          <PeopleList
            title={today.drafts}
            empty={today.draftsEmpty}
            onOpen={openPad}
            rows={data.drafts.map((patient) => ({
              key: patient.id,
              patient,
              lead: null,
              aside: today.draftsHint,
            }))}
          />
        )}
        {session.mayReadClinical && data.prepared.length > 0 && (
          <PeopleList
            title={today.prepared}
            empty={today.preparedEmpty}
            onOpen={openPad}
            rows={data.prepared.map(({ patient, prepared }) => ({
              key: prepared.id,
              patient,
              lead: null,
              aside: null,
              note: `${preparedBy(prepared)} ${preparedWords(prepared)}`,
            }))}
          />
        )}
        {session.scope === "clinical" && (
          <PeopleList
            title={today.followUps}
            empty={today.followUpsEmpty}
            onOpen={openChart}
            rows={data.followUps.map((patient) => ({ key: patient.id, patient, lead: null, aside: null }))}
          />
        )}
      </div>
      <PeopleList
        title={today.registered}
        empty={today.registeredEmpty}
        onOpen={openChart}
        rows={data.registered.map((patient) => ({
          key: patient.id,
          patient,
          lead: null,
          aside: patient.patientCode,
        }))}
      />
    </div>
  );
}

function Counts({ today: data }: { today: TodayData }) {
  const { session } = useSession();
  const { count } = messages.today;
  const counts: [number, string, boolean][] = [
    [data.seen.length, count.seen, session.mayReadClinical],
    [data.drafts.length, count.drafts, session.mayReadClinical],
    [data.prepared.length, count.prepared, session.mayReadClinical],
    [data.followUps.length, count.followUps, session.scope === "clinical"],
    [data.registered.length, count.registered, true],
  ];
  return (
    <ul className={classes.counts}>
      {counts.map(
        ([value, label, isTold]) =>
          isTold && (
            <li key={label}>
              <strong>{value}</strong> {label}
            </li>
          ),
      )}
    </ul>
  );
}
