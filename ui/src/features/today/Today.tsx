import { Button } from "@mantine/core";
import { IconCalendarWeek, IconPlayerTrackNext, IconTicket, IconUserPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { keyLabel, press, useKeys } from "../../app/keymap";
import { dayOf, queryKeys } from "../../app/queries";
import { useSession } from "../../app/session";
import type { Day } from "../../ipc/bindings/Day";
import type { Today as TodayData } from "../../ipc/bindings/Today";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { dayAfter, shortTime, wholeDay } from "../../shared/format";
import page from "../../shared/page.module.css";
import { KeyBar, Problem, Waiting } from "../../shared/parts";
import { BookingDialog, type Moved } from "../booking/BookingDialog";
import { preparedBy, preparedWords } from "../prepared/words";
import { PeopleList } from "./PeopleList";
import { Queue, visitsOf } from "./Queue";
import classes from "./Today.module.css";
import { Turn } from "./Turn";
import { useNextPatient } from "./useNextPatient";

/** The day at this clinic: who is booked, waits and was seen, and who is new. Other days: who is booked. */
export function Today({ date }: { date: string | null }) {
  const backend = useBackend();
  const navigate = useNavigate();
  const { session } = useSession();
  const day = useQuery(dayOf(backend, date));
  const isToday = day.data?.isToday ?? date === null;
  const lists = useQuery({
    queryKey: queryKeys.today,
    queryFn: () => backend.getToday(),
    enabled: isToday,
  });
  const shown = day.data?.date ?? date ?? lists.data?.date;
  const now = useQuery({ ...dayOf(backend, null), enabled: date !== null }).data?.date;
  const go = (days: number) => {
    if (!shown) return;
    const to = dayAfter(shown, days);
    // Whoever comes back to today is shown the day that it is, also after midnight.
    void navigate({ to: "/", search: to === now ? {} : { day: to } });
  };
  const { hasNext, goNext } = useNextPatient();
  // Above the queue, which is drawn anew with another day: what is typed of a move outlives midnight.
  const [moved, setMoved] = useState<Moved | null>(null);
  const showWeek = () => void navigate({ to: "/", search: { week: isToday ? "now" : (shown ?? "now") } });
  useKeys({ dayBefore: () => go(-1), dayAfter: () => go(1), week: showWeek });
  const { today, keys, day: words, week } = messages;
  const visits = day.data?.doctors.flatMap(visitsOf) ?? [];
  const waiting = day.data?.doctors.flatMap((doctor) => doctor.waiting).length ?? 0;
  const isEmpty = isToday ? lists.data && session.mayReadClinical && isQuiet(lists.data) : day.data;
  const isPending = day.isPending || (isToday && lists.isPending);
  return (
    <>
      <div className={`${page.screen} ${visits.length > 0 ? classes.withQueue : ""}`} data-testid="today">
        <header className={`${page.head} ${classes.head}`}>
          <h1 aria-live="polite">{shown ? wholeDay(shown) : messages.shell.today}</h1>
          <div className={page.buttons}>
            <Turn before={words.before} after={words.after} onTurn={go} />
            <Button
              variant="default"
              leftSection={<IconCalendarWeek size={16} aria-hidden="true" />}
              onClick={showWeek}
            >
              {week.show}
            </Button>
            {!isToday && (
              <Button variant="default" onClick={() => void navigate({ to: "/" })}>
                {words.back}
              </Button>
            )}
          </div>
          <Counts day={day.data} today={isToday ? lists.data : undefined} />
          <div className={page.buttons}>
            {hasNext && (
              <Button
                size="md"
                leftSection={<IconPlayerTrackNext size={18} stroke={1.8} aria-hidden="true" />}
                onClick={goNext}
              >
                {words.nextPatient}
              </Button>
            )}
            <Button
              size="md"
              variant="default"
              leftSection={<IconTicket size={18} stroke={1.8} aria-hidden="true" />}
              onClick={() => press("find")}
            >
              {words.tokenOrBooking}
            </Button>
            <Button
              size="md"
              {...(hasNext ? { variant: "default" } : {})}
              leftSection={<IconUserPlus size={18} stroke={1.8} aria-hidden="true" />}
              onClick={() => void navigate({ to: "/register" })}
            >
              {today.register}
            </Button>
          </div>
        </header>
        {day.error && <Problem error={day.error} onRetry={() => void day.refetch()} />}
        {isToday && lists.error && <Problem error={lists.error} onRetry={() => void lists.refetch()} />}
        {isPending && <Waiting rows={6} />}
        {day.data?.hasMore && (
          <p className={classes.more} role="status">
            {words.hasMore}
          </p>
        )}
        {day.data && visits.length > 0 && <Queue key={day.data.date} day={day.data} onMove={setMoved} />}
        {isToday && lists.data?.hasMore && (
          <p className={classes.more} role="status">
            {today.more}
          </p>
        )}
        {isEmpty && visits.length === 0 && (
          <div className={classes.quiet}>
            <h2>{isToday ? today.quietTitle : words.noneThatDay}</h2>
            {isToday && <p>{today.quiet}</p>}
            <p>{words.begin(keyLabel("book"))}</p>
            {session.scope === "clinical" && (
              <p>
                <Link to="/follow-ups">{messages.followUps.all}</Link>
              </p>
            )}
          </div>
        )}
        {isToday && lists.data && !isEmpty && <Lists today={lists.data} />}
      </div>
      {moved && (
        <BookingDialog patient={moved.booking.patient} moved={moved} onClose={() => setMoved(null)} />
      )}
      <KeyBar
        keys={[
          ...(visits.length > 0
            ? ([
                ["↑ ↓", keys.move],
                ["Enter", keys.nextStep],
                ["→", keys.moreSteps],
              ] satisfies [string, string][])
            : []),
          ...(hasNext ? [[keyLabel("nextPatient"), keys.nextPatient] satisfies [string, string]] : []),
          ...(waiting > 0 && isToday
            ? ([
                [keyLabel("callToken"), keys.callToken],
                [keyLabel("slip"), keys.slip],
              ] satisfies [string, string][])
            : []),
          [keyLabel("find"), keys.find],
          [keyLabel("register"), keys.register],
          [keyLabel("dayBefore"), keys.dayBefore],
          [keyLabel("dayAfter"), keys.dayAfter],
          [keyLabel("week"), week.show],
          ...(isToday ? [] : [[keyLabel("today"), words.back] satisfies [string, string]]),
          ...(session.scope === "clinical"
            ? [[keyLabel("followUps"), keys.followUps] satisfies [string, string]]
            : []),
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
            foot={<Link to="/follow-ups">{messages.followUps.all}</Link>}
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

/** How many there are of each; of what nobody here is told, nothing. */
function Counts({ day, today: data }: { day: Day | undefined; today: TodayData | undefined }) {
  const { session } = useSession();
  const { count } = messages.today;
  const { count: visits } = messages.day;
  const waiting = day?.doctors.flatMap((doctor) => doctor.waiting).length ?? 0;
  const booked = day?.doctors.flatMap((doctor) => doctor.booked).length ?? 0;
  const hasVisits = day?.doctors.some((doctor) => visitsOf(doctor).length > 0) ?? false;
  const counts: [number, string, boolean][] = [
    [waiting, visits.waiting, hasVisits && day?.isToday === true],
    [booked, visits.booked, hasVisits],
  ];
  if (data)
    counts.push(
      [data.seen.length, count.seen, session.mayReadClinical],
      [data.drafts.length, count.drafts, session.mayReadClinical],
      [data.prepared.length, count.prepared, session.mayReadClinical],
      [data.followUps.length, count.followUps, session.scope === "clinical"],
      [data.registered.length, count.registered, true],
    );
  const told = counts.filter(([, , isTold]) => isTold);
  if (told.length === 0) return null;
  return (
    <ul className={classes.counts}>
      {told.map(([value, label]) => (
        <li key={label}>
          <strong>{value}</strong> {label}
        </li>
      ))}
    </ul>
  );
}
