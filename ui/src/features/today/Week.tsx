import { Button, NativeSelect } from "@mantine/core";
import { IconCalendar } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate, useRouter } from "@tanstack/react-router";
import { keyLabel, useKeys } from "../../app/keymap";
import { dayOf, queryKeys } from "../../app/queries";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { dayAfter, dayWithWeekday } from "../../shared/format";
import page from "../../shared/page.module.css";
import { KeyBar, Problem, Waiting } from "../../shared/parts";
import today from "./Today.module.css";
import { Turn } from "./Turn";
import { useNextPatient } from "./useNextPatient";
import classes from "./Week.module.css";
import { WeekDays } from "./WeekDays";

const DAYS = 7;

interface Props {
  /** With which day it begins; null for today. */
  from: string | null;
  /** The day in which the focus stands, if one has had it. */
  lookedAt: string | null;
  /** Whose visits are shown; null for those of all. */
  doctorId: string | null;
}

/** Seven days beside each other: who comes when, and when a doctor is free. */
export function Week({ from, lookedAt, doctorId }: Props) {
  const backend = useBackend();
  const navigate = useNavigate();
  const router = useRouter();
  const { data, error, isPending, refetch } = useQuery({
    queryKey: queryKeys.days(from, DAYS, doctorId),
    queryFn: () => backend.getDays(from, DAYS, doctorId),
    // While the next week is read, this one stays in sight, and the focus in it.
    placeholderData: keepPreviousData,
  });
  const { hasNext } = useNextPatient();
  const first = data?.days[0];
  const last = data?.days.at(-1);
  const week = from ?? "now";
  const doctor = doctorId ?? undefined;

  const now = useQuery({ ...dayOf(backend, null), enabled: from !== null }).data?.date;
  const go = (weeks: number) => {
    const begins = from ?? first?.date;
    if (!begins) return;
    const to = dayAfter(begins, weeks * DAYS);
    // Whoever comes back to the week from today is shown the one that it is, also after midnight.
    void navigate({ to: "/", search: { week: to === now ? "now" : to, doctor } });
  };
  const openDay = (date: string | null) => {
    const isToday = data?.days.some((day) => day.isToday && day.date === date);
    void navigate({ to: "/", search: date === null || isToday ? {} : { day: date } });
  };
  const look = (day: string) => {
    // The focus that a week takes along when it comes late leads nobody back who is on the way elsewhere.
    const { pathname, search } = router.latestLocation;
    if (pathname === "/" && search.week === week)
      void navigate({ to: "/", search: { week, day, doctor }, replace: true });
  };
  // Over night the day in which the focus stood may have left the week.
  const isGone = data !== undefined && !data.days.some(({ date }) => date === lookedAt);
  const showDay = () => openDay(isGone ? from : (lookedAt ?? from));
  useKeys({ weekBefore: () => go(-1), weekAfter: () => go(1), week: showDay });

  const { week: words, keys } = messages;
  return (
    <>
      <div className={`${page.screen} ${today.withQueue}`} data-testid="week">
        <header className={page.head}>
          <h1 aria-live="polite">
            {first && last ? words.title(dayWithWeekday(first.date), dayWithWeekday(last.date)) : words.show}
          </h1>
          <div className={page.buttons}>
            <Turn before={words.before} after={words.after} onTurn={go} />
            {first && !first.isToday && (
              <Button
                variant="default"
                onClick={() => void navigate({ to: "/", search: { week: "now", doctor } })}
              >
                {words.fromToday}
              </Button>
            )}
            <Button
              variant="default"
              leftSection={<IconCalendar size={16} aria-hidden="true" />}
              onClick={showDay}
            >
              {words.showDay}
            </Button>
          </div>
          {data && (
            <NativeSelect
              className={classes.doctor}
              size="md"
              aria-label={words.doctor}
              value={doctorId ?? ""}
              data={[
                { value: "", label: words.all },
                ...data.doctors.map((one) => ({ value: one.doctorId, label: one.name })),
              ]}
              onChange={({ currentTarget: { value } }) =>
                void navigate({
                  to: "/",
                  search: { week, day: lookedAt ?? undefined, doctor: value || undefined },
                  replace: true,
                })
              }
            />
          )}
        </header>
        {error && <Problem error={error} onRetry={() => void refetch()} />}
        {isPending && <Waiting rows={6} />}
        {data?.days.some((day) => day.hasMore) && (
          <p className={today.more} role="status">
            {words.hasMore}
          </p>
        )}
        {data && (
          <WeekDays
            days={data.days}
            lookedAt={lookedAt}
            hasDoctors={doctorId === null}
            onLook={look}
            onOpenDay={openDay}
            onOpen={(patientId) => void navigate({ to: "/patients/$patientId", params: { patientId } })}
          />
        )}
      </div>
      <KeyBar
        keys={[
          ["← →", keys.otherDay],
          ["↑ ↓", keys.move],
          ["Enter", keys.open],
          ...(hasNext ? [[keyLabel("nextPatient"), keys.nextPatient] satisfies [string, string]] : []),
          [keyLabel("find"), keys.find],
          [keyLabel("weekBefore"), keys.weekBefore],
          [keyLabel("weekAfter"), keys.weekAfter],
          [keyLabel("week"), words.showDay],
          [keyLabel("today"), keys.today],
          [keyLabel("keys"), keys.keys],
        ]}
      />
    </>
  );
}
