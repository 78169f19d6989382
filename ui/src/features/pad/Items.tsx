import { type RefObject, useState } from "react";
import { isKey, isPlain } from "../../app/keymap";
import type { Difference } from "../../ipc/bindings/Difference";
import type { DraftItem } from "../../ipc/bindings/DraftItem";
import type { ItemView } from "../../ipc/bindings/ItemView";
import { messages } from "../../messages";
import { ItemRow } from "./ItemRow";
import classes from "./Pad.module.css";
import type { SafetyState } from "./useSafety";

interface Props {
  list: RefObject<HTMLOListElement | null>;
  items: DraftItem[];
  views: ItemView[];
  safety: SafetyState;
  /** How the lines differ from the prescription that they repeat. */
  difference: Difference | null;
  onRemove: (place: number) => void;
  onEdit: (place: number) => void;
  onMove: (place: number, step: number) => void;
  /** Marks that no other brand is to be given, or takes the mark away. */
  onSubstitution: (place: number) => void;
  /** Whether this person may keep a line that a check holds. */
  mayKeep: boolean;
  /** Why a line is to stay, as far as that is typed. */
  reasonOf: (item: DraftItem) => string;
  onReason: (item: DraftItem, reason: string) => void;
  onKeep: (place: number, reason: string) => void;
  onLeave: () => void;
}

/** The lines accepted so far, as they will print. */
export function Items(props: Props) {
  const {
    list,
    items,
    views,
    safety,
    difference,
    mayKeep,
    onRemove,
    onEdit,
    onMove,
    onSubstitution,
    onKeep,
    onLeave,
  } = props;
  const { pad } = messages;
  const [asking, setAsking] = useState<number | null>(null);
  const focus = (place: number) => {
    const row = list.current?.querySelectorAll("li").item(place);
    if (row) row.focus();
    else onLeave();
  };
  const onKeyDown = (event: React.KeyboardEvent, place: number) => {
    if (event.target !== event.currentTarget) return;
    const step = event.key === "ArrowUp" ? -1 : 1;
    const item = items[place];
    if (isKey(event, "moveUp") || isKey(event, "moveDown")) {
      onMove(place, step);
      focus(Math.min(Math.max(place + step, 0), items.length - 1));
    } else if (isKey(event, "removeLine") || (isPlain(event) && event.key === "Delete")) {
      onRemove(place);
      onLeave();
    } else if (isKey(event, "keepLine") && mayKeep && item && safety.of(item)?.isHeld) {
      setAsking(place);
    } else if (isKey(event, "noSubstitution")) {
      if (!event.repeat) onSubstitution(place);
    } else if (isKey(event, "editLine")) onEdit(place);
    else if (!isPlain(event)) return;
    else if (event.key === "Enter") onEdit(place);
    else if (event.key === "ArrowUp") focus(Math.max(place - 1, 0));
    else if (event.key === "ArrowDown") focus(place + 1);
    else if (event.key === "Escape") onLeave();
    else return;
    event.preventDefault();
  };
  if (items.length === 0) {
    return (
      <p className={classes.noItems}>
        {pad.noMedicines} <code>{pad.example}</code>
      </p>
    );
  }
  return (
    <ol ref={list} className={classes.items} aria-label={pad.medicines}>
      {items.map((item, place) => (
        // Lines are walked with the arrow keys.
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        <li
          // By place: a line that moves takes the focus of its new place.
          key={place}
          tabIndex={-1}
          data-testid="pad-item"
          className={`${classes.item} ${safety.of(item)?.isHeld ? classes.heldItem : ""}`}
          onKeyDown={(event) => onKeyDown(event, place)}
        >
          <ItemRow
            item={item}
            view={viewOf(item, views, place)}
            safety={safety.of(item)}
            difference={difference?.lines[place]}
            number={place + 1}
            mayKeep={mayKeep}
            isAsking={asking === place}
            reason={props.reasonOf(item)}
            onReason={(reason) => props.onReason(item, reason)}
            onAsk={(isAsking) => {
              setAsking(isAsking ? place : null);
              if (!isAsking) focus(place);
            }}
            onKeep={(reason) => {
              setAsking(null);
              onKeep(place, reason);
              onLeave();
            }}
            onRemove={() => {
              onRemove(place);
              onLeave();
            }}
            onEdit={() => onEdit(place)}
            onSubstitution={() => onSubstitution(place)}
          />
        </li>
      ))}
    </ol>
  );
}

/** The views come with the last saved draft, which may be one change behind. */
function viewOf(item: DraftItem, views: ItemView[], place: number): ItemView | undefined {
  return views.find(
    (one, other) =>
      one.doseText === item.doseText && (other === place || one.medicineText === item.medicineText),
  );
}
