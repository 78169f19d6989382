import { Button } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { keyLabel } from "../../app/keymap";
import { queryKeys, useSyncStatus } from "../../app/queries";
import type { AuditLine } from "../../ipc/bindings/AuditLine";
import { useBackend } from "../../ipc/context";
import { langOf } from "../../ipc/problem";
import { messages } from "../../messages";
import { dayWithWeekday, shortDay } from "../../shared/format";
import { KeyBar, Notice, Problem, Waiting } from "../../shared/parts";
import { AuditFilters, everything } from "./AuditFilters";
import page from "../../shared/listScreen.module.css";
import classes from "./AuditLog.module.css";

/** Each look at the log is written into it: it is read when somebody asks for it, and kept no longer than it is shown. */
const onceAsked = { staleTime: Infinity, gcTime: 0 };

/** The clinic's audit log, for its admins: who opened or changed what. */
export function AuditLog() {
  const backend = useBackend();
  const [asked, setAsked] = useState({ filter: everything, times: 0 });
  const choices = useQuery({
    queryKey: queryKeys.auditChoices,
    queryFn: () => backend.auditChoices(),
    ...onceAsked,
  });
  const log = useInfiniteQuery({
    queryKey: queryKeys.audit(asked),
    queryFn: ({ pageParam }) => backend.listAudit(asked.filter, pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: ({ older }) => older,
    ...onceAsked,
  });
  const isOffline = useSyncStatus().data?.connection.state === "offline";
  const { audit: words, keys } = messages;
  const entries = log.data?.pages.flatMap((one) => one.entries) ?? [];
  const isChosen = Object.values(asked.filter).some((one) => one !== null);
  const askAgain = () => {
    void (log.isFetchNextPageError ? log.fetchNextPage() : log.refetch());
    if (choices.error) void choices.refetch();
  };
  return (
    <>
      <div className={page.screen} data-testid="audit">
        <h1>{words.title}</h1>
        <p>{words.lead}</p>
        {isOffline && log.data && !log.error && <Notice>{words.offline}</Notice>}
        <AuditFilters
          choices={choices.data}
          onShow={(filter) => setAsked(({ times }) => ({ filter, times: times + 1 }))}
        />
        {choices.error && !log.error && (
          <Problem error={choices.error} onRetry={() => void choices.refetch()} />
        )}
        <p role="status" className={classes.count}>
          {log.data && (entries.length === 0 ? words.empty : words.shown(words.entries(entries.length)))}
        </p>
        {log.isPending && <Waiting />}
        {entries.length > 0 && <Entries entries={entries} />}
        {log.error && <Problem error={log.error} onRetry={askAgain} />}
        {log.hasNextPage && !log.error && (
          <Button
            variant="default"
            className={classes.older}
            loading={log.isFetchingNextPage}
            onClick={() => void log.fetchNextPage()}
          >
            {words.older}
          </Button>
        )}
        {entries.length > 0 && !log.hasNextPage && <p>{isChosen ? words.endOfChosen : words.end}</p>}
      </div>
      <KeyBar keys={[[keyLabel("today"), keys.today]]} />
    </>
  );
}

/** The entries with those of their day. */
function byDay(entries: AuditLine[]): [first: AuditLine, ...AuditLine[]][] {
  const days: [AuditLine, ...AuditLine[]][] = [];
  for (const entry of entries) {
    const last = days.at(-1);
    if (last?.[0].at.day === entry.at.day) last.push(entry);
    else days.push([entry]);
  }
  return days;
}

function Entries({ entries }: { entries: AuditLine[] }) {
  const { columns } = messages.audit;
  return (
    <table className={page.table}>
      <thead>
        <tr>
          <th scope="col">{columns.time}</th>
          <th scope="col">{columns.who}</th>
          <th scope="col">{columns.what}</th>
          <th scope="col">{columns.record}</th>
          <th scope="col">{columns.computer}</th>
        </tr>
      </thead>
      {byDay(entries).map((ofDay) => (
        <tbody key={ofDay[0].id}>
          <tr>
            <th scope="rowgroup" colSpan={5} className={classes.day}>
              {dayWithWeekday(ofDay[0].at.day)}
            </th>
          </tr>
          {ofDay.map((entry) => (
            <Entry key={entry.id} entry={entry} />
          ))}
        </tbody>
      ))}
    </table>
  );
}

function Entry({ entry: { at, done, who, what, record, name, patient, computer } }: { entry: AuditLine }) {
  const { audit: words } = messages;
  return (
    <tr data-testid="audit-entry">
      <td>
        {at.time}
        {done && <small className={classes.done}>{words.done(shortDay(done.day), done.time)}</small>}
      </td>
      <td lang={langOf(who)}>{who}</td>
      <td lang={langOf(what)}>{what}</td>
      <td>
        {record && <span lang={langOf(record)}>{record}</span>}
        {(name ?? patient) && <small className={classes.whose}>{name ?? words.elsewhere}</small>}
      </td>
      <td>{computer}</td>
    </tr>
  );
}
