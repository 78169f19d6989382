import {
  IconAlertTriangle,
  IconArrowMerge,
  IconArrowsSplit,
  IconCheck,
  IconClock,
  IconHandStop,
} from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";
import type { Fate } from "../../ipc/bindings/Fate";
import type { LedgerEntry } from "../../ipc/bindings/LedgerEntry";
import { messages } from "../../messages/en";
import { timeOrDay } from "../../shared/format";
import classes from "./SyncCentre.module.css";

const icons = {
  waiting: IconClock,
  applied: IconCheck,
  merged: IconArrowMerge,
  conflict: IconArrowsSplit,
  quarantined: IconHandStop,
  blocked: IconAlertTriangle,
};

/** Everything done on this computer, newest first. */
export function Ledger({ entries }: { entries: LedgerEntry[] }) {
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: entries.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 44,
    overscan: 12,
    initialRect: { width: 800, height: 600 },
    getItemKey: (index) => entries[index]?.sequence ?? index,
  });
  const { sync } = messages;
  if (entries.length === 0) return <p className={classes.empty}>{sync.ledgerEmpty}</p>;
  return (
    // The list scrolls, so it can hold the focus for the arrow keys.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div ref={scroller} className={classes.scroller} tabIndex={0} role="group" aria-label={sync.ledger}>
      <ul className={classes.ledger} style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map((row) => {
          const entry = entries[row.index];
          return (
            entry && (
              <li
                key={row.key}
                ref={rows.measureElement}
                data-index={row.index}
                data-testid="ledger-entry"
                aria-setsize={entries.length}
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
  const fate: Fate | "waiting" = entry.fate ?? "waiting";
  const Icon = icons[fate];
  return (
    <>
      <span className={classes.sequence}>{entry.sequence}</span>
      <span className={classes.what}>
        <strong>{entry.title}</strong>
        {entry.patientName && <span>{entry.patientName}</span>}
        {entry.detail && <em>{entry.detail}</em>}
      </span>
      <span className={classes.who}>{entry.actorName}</span>
      <time className={classes.when} dateTime={entry.recordedAt}>
        {timeOrDay(entry.recordedAt)}
      </time>
      <span className={`${classes.fate} ${classes[fate]}`}>
        <Icon size={14} stroke={2} aria-hidden="true" />
        {messages.sync.fates[fate]}
      </span>
    </>
  );
}
