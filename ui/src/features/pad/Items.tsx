import { IconPencil, IconX } from "@tabler/icons-react";
import type { RefObject } from "react";
import { isKey } from "../../app/keymap";
import type { DraftItem } from "../../ipc/bindings/DraftItem";
import type { ItemView } from "../../ipc/bindings/ItemView";
import { messages } from "../../messages/en";
import classes from "./Pad.module.css";

interface Props {
  list: RefObject<HTMLOListElement | null>;
  items: DraftItem[];
  views: ItemView[];
  onRemove: (place: number) => void;
  onEdit: (place: number) => void;
  onMove: (place: number, step: number) => void;
  onLeave: () => void;
}

/** The lines accepted so far, as they will print. */
export function Items({ list, items, views, onRemove, onEdit, onMove, onLeave }: Props) {
  const { pad } = messages;
  const focus = (place: number) => {
    const row = list.current?.querySelectorAll("li").item(place);
    if (row) row.focus();
    else onLeave();
  };
  const onKeyDown = (event: React.KeyboardEvent, place: number) => {
    if (event.target !== event.currentTarget) return;
    const step = event.key === "ArrowUp" ? -1 : 1;
    if (isKey(event, "moveUp") || isKey(event, "moveDown")) {
      onMove(place, step);
      focus(Math.min(Math.max(place + step, 0), items.length - 1));
    } else if (isKey(event, "removeLine") || event.key === "Delete") {
      onRemove(place);
      onLeave();
    } else if (isKey(event, "editLine") || event.key === "Enter") {
      onEdit(place);
    } else if (event.key === "ArrowUp") focus(Math.max(place - 1, 0));
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
      {items.map((item, place) => {
        const view = views.find(
          (one, other) =>
            one.doseText === item.doseText && (other === place || one.medicineText === item.medicineText),
        );
        const title = view?.title ?? item.medicineText;
        return (
          // Lines are walked with the arrow keys.
          // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
          <li
            // By place: a line that moves takes the focus of its new place.
            key={place}
            tabIndex={-1}
            data-testid="pad-item"
            className={classes.item}
            onKeyDown={(event) => onKeyDown(event, place)}
          >
            <span className={classes.itemNumber}>{place + 1}</span>
            <span className={classes.itemText}>
              <strong>{title}</strong>
              {item.medicineId === null && <em title={pad.notCheckedHint}>{pad.notChecked}</em>}
              <span>{view?.directions ?? item.doseText}</span>
            </span>
            <span className={classes.quantity}>{view?.quantity}</span>
            <button type="button" aria-label={pad.edit(title)} onClick={() => onEdit(place)}>
              <IconPencil size={16} aria-hidden="true" />
            </button>
            <button type="button" aria-label={pad.remove(title)} onClick={() => onRemove(place)}>
              <IconX size={16} aria-hidden="true" />
            </button>
          </li>
        );
      })}
    </ol>
  );
}
