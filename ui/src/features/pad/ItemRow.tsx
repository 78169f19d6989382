import { IconHandStop, IconPencil, IconReplaceOff, IconX } from "@tabler/icons-react";
import type { DraftItem } from "../../ipc/bindings/DraftItem";
import type { ItemView } from "../../ipc/bindings/ItemView";
import type { LineSafety } from "../../ipc/bindings/LineSafety";
import type { LineDifference } from "../../ipc/bindings/LineDifference";
import { langOf } from "../../ipc/problem";
import { messages } from "../../messages";
import { Findings, Gaps } from "./Findings";
import styles from "./Findings.module.css";
import { KeepReason } from "./KeepReason";
import classes from "./Pad.module.css";

interface Props {
  item: DraftItem;
  view: ItemView | undefined;
  safety: LineSafety | undefined;
  difference: LineDifference | undefined;
  number: number;
  mayKeep: boolean;
  isAsking: boolean;
  onAsk: (isAsking: boolean) => void;
  /** Why it is to stay, as far as that is typed. */
  reason: string;
  onReason: (reason: string) => void;
  onKeep: (reason: string) => void;
  onRemove: () => void;
  onEdit: () => void;
  onSubstitution: () => void;
}

/** An accepted line: as it will print, and what speaks against it. */
export function ItemRow(props: Props) {
  const { item, view, safety, difference, number, isAsking, reason, onAsk, onKeep, onRemove, onEdit } = props;
  const { pad } = messages;
  const title = view?.title ?? item.medicineText;
  const isHeld = safety?.isHeld === true;
  const isFree = item.medicineId === null;
  return (
    <>
      <span className={classes.itemNumber}>{number}</span>
      <span className={classes.itemText}>
        {isHeld && (
          <b className={styles.tag}>
            <IconHandStop size={14} stroke={2} aria-hidden="true" /> {pad.held}
          </b>
        )}
        <strong>{title}</strong>
        {isFree || safety?.isChecked === false ? (
          <em title={isFree ? pad.notCheckedHint : undefined}>{pad.notChecked}</em>
        ) : (
          safety?.isPartlyChecked === true && <em>{pad.partlyChecked}</em>
        )}
        <span lang={langOf(view?.directions ?? "")}>{view?.directions ?? item.doseText}</span>
        {item.noSubstitution && (
          <b className={classes.substitution}>
            <IconReplaceOff size={14} stroke={2} aria-hidden="true" /> {messages.prescription.noSubstitution}
          </b>
        )}
        {safety && <Findings findings={safety.findings} />}
        {safety && <Gaps gaps={safety.gaps} />}
        {isHeld && isAsking && (
          <KeepReason
            title={title}
            text={reason}
            onText={props.onReason}
            onKeep={() => onKeep(reason.trim())}
            onClose={() => onAsk(false)}
          />
        )}
      </span>
      {isHeld ? (
        <span className={styles.ways}>
          <button type="button" className={styles.solid} onClick={onEdit}>
            {pad.replaceLine}
          </button>
          <button type="button" onClick={onRemove}>
            {pad.removeLine}
          </button>
          {props.mayKeep && (
            <button type="button" aria-keyshortcuts="K" onClick={() => onAsk(true)}>
              {pad.keepLine}
            </button>
          )}
        </span>
      ) : (
        <>
          <Origin item={item} difference={difference} />
          <span className={classes.quantity} lang={langOf(view?.quantity ?? "")}>
            {view?.quantity}
          </span>
          <button
            type="button"
            aria-label={pad.noSubstitution(title)}
            title={pad.noSubstitutionHint}
            aria-pressed={item.noSubstitution}
            aria-keyshortcuts="N"
            onClick={props.onSubstitution}
          >
            <IconReplaceOff size={16} aria-hidden="true" />
          </button>
          <button type="button" aria-label={pad.edit(title)} onClick={onEdit}>
            <IconPencil size={16} aria-hidden="true" />
          </button>
          <button type="button" aria-label={pad.remove(title)} onClick={onRemove}>
            <IconX size={16} aria-hidden="true" />
          </button>
        </>
      )}
    </>
  );
}

/** Where a line comes from, and how it differs from the one that it repeats. */
function Origin({ item, difference }: { item: DraftItem; difference: LineDifference | undefined }) {
  const { pad } = messages;
  if (difference?.kind === "changed") {
    return (
      <span className={styles.changed} data-testid="pad-changed">
        {pad.changedFrom(difference.before)}
      </span>
    );
  }
  if (difference?.kind === "new") return <span className={styles.changed}>{pad.newHere}</span>;
  return item.source === "repeat" ? <span className={styles.origin}>{pad.fromRepeat}</span> : null;
}
