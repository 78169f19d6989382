import {
  IconAlertTriangle,
  IconArrowMerge,
  IconArrowsSplit,
  IconCheck,
  IconClock,
  IconHandStop,
  IconPencilCheck,
  IconTrash,
} from "@tabler/icons-react";
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useDeferredValue, useEffect, useRef } from "react";
import { queryKeys } from "../../app/queries";
import type { LedgerEntry } from "../../ipc/bindings/LedgerEntry";
import type { LedgerFilter } from "../../ipc/bindings/LedgerFilter";
import type { LedgerState } from "../../ipc/bindings/LedgerState";
import { useBackend } from "../../ipc/context";
import { langOf } from "../../ipc/problem";
import { messages } from "../../messages";
import { timeOrDay } from "../../shared/format";
import { Problem, Waiting } from "../../shared/parts";
import { LedgerFilters } from "./LedgerFilters";
import classes from "./SyncCentre.module.css";

const icons = {
  waiting: IconClock,
  applied: IconCheck,
  merged: IconArrowMerge,
  conflict: IconArrowsSplit,
  quarantined: IconHandStop,
  blocked: IconAlertTriangle,
  replaced: IconPencilCheck,
  discarded: IconTrash,
};

interface Props {
  filter: LedgerFilter;
  onChange: (change: Partial<LedgerFilter>) => void;
}

/** Everything done on this computer, newest first: searched, and loaded as it is scrolled through. */
export function Ledger({ filter, onChange }: Props) {
  const backend = useBackend();
  const asked = useDeferredValue(filter);
  const choices = useQuery({ queryKey: queryKeys.ledgerChoices, queryFn: () => backend.ledgerChoices() });
  const ledger = useInfiniteQuery({
    queryKey: queryKeys.ledger(asked),
    queryFn: ({ pageParam }) => backend.listLedger(asked, pageParam),
    initialPageParam: null as number | null,
    getNextPageParam: (page, pages) =>
      pages.reduce((sum, one) => sum + one.entries.length, 0) < page.total
        ? (page.entries.at(-1)?.sequence ?? null)
        : null,
    placeholderData: keepPreviousData,
  });
  const { sync } = messages;
  const entries = ledger.data?.pages.flatMap((page) => page.entries) ?? [];
  const total = ledger.data?.pages[0]?.total ?? 0;
  const isAll = JSON.stringify(filter) === JSON.stringify({ ...filter, ...nothing });
  return (
    <section className={classes.card} aria-labelledby="ledger-title">
      <h2 id="ledger-title">
        {sync.ledger} <small role="status">{ledger.data && sync.entries(total)}</small>
      </h2>
      <LedgerFilters filter={filter} choices={choices.data} onChange={onChange} />
      {ledger.error && <Problem error={ledger.error} onRetry={() => void ledger.refetch()} />}
      {ledger.isPending && <Waiting />}
      {ledger.data && total === 0 && (
        <p className={classes.empty}>{isAll ? sync.ledgerEmpty : sync.nothingFits}</p>
      )}
      {total > 0 && (
        <Entries
          entries={entries}
          total={total}
          onEnd={() => {
            const { hasNextPage, isFetchingNextPage, isFetchNextPageError } = ledger;
            // What could not be read is read again when somebody asks for it, and not at every drawing.
            if (hasNextPage && !isFetchingNextPage && !isFetchNextPageError) void ledger.fetchNextPage();
          }}
        />
      )}
    </section>
  );
}

const nothing = { query: "", kind: null, state: null, from: null, to: null, author: null };

function Entries(props: { entries: LedgerEntry[]; total: number; onEnd: () => void }) {
  const { entries, total, onEnd } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: entries.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 44,
    overscan: 12,
    initialRect: { width: 800, height: 600 },
    getItemKey: (index) => entries[index]?.sequence ?? index,
  });
  const shown = rows.getVirtualItems();
  const last = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (last >= entries.length - 1) onEnd();
  });
  return (
    // The list scrolls, so it can hold the focus for the arrow keys.
    <div
      ref={scroller}
      className={classes.scroller}
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
      role="group"
      aria-label={messages.sync.ledger}
    >
      <ul className={classes.ledger} style={{ height: rows.getTotalSize() }}>
        {shown.map((row) => {
          const entry = entries[row.index];
          return (
            entry && (
              <li
                key={row.key}
                ref={rows.measureElement}
                data-index={row.index}
                data-testid="ledger-entry"
                aria-setsize={total}
                aria-posinset={row.index + 1}
                className={classes.entry}
                style={{ transform: `translateY(${row.start}px)` }}
              >
                <Entry entry={entry} />
              </li>
            )
          );
        })}
      </ul>
    </div>
  );
}

function Entry({ entry }: { entry: LedgerEntry }) {
  const fate: LedgerState = entry.fate ?? "waiting";
  const Icon = icons[fate];
  return (
    <>
      <span className={classes.sequence}>{entry.sequence}</span>
      <span className={classes.what}>
        <strong lang={langOf(entry.title)}>{entry.title}</strong>
        {entry.patientName && <span>{entry.patientName}</span>}
        {entry.detail && <em lang={langOf(entry.detail)}>{entry.detail}</em>}
      </span>
      <span className={classes.who}>{entry.actorName}</span>
      <time className={classes.when} dateTime={entry.recordedAt}>
        {timeOrDay(entry.recordedAt)}
        {entry.acknowledgedAt && <small>{messages.sync.acknowledged(timeOrDay(entry.acknowledgedAt))}</small>}
      </time>
      <span className={`${classes.fate} ${classes[fate]}`}>
        <Icon size={14} stroke={2} aria-hidden="true" />
        {messages.sync.fates[fate]}
      </span>
    </>
  );
}
