import type { Conflict } from "../../ipc/bindings/Conflict";
import { messages } from "../../messages";
import { timeOrDay } from "../../shared/format";
import classes from "./Review.module.css";
import { titleOf } from "./words";

interface Props {
  items: Conflict[];
  chosen: string | null;
  onChoose: (id: string) => void;
}

export function ItemList({ items, chosen, onChoose }: Props) {
  const { review } = messages;
  return (
    <ul className={classes.list} aria-label={review.list}>
      {items.map((item) => (
        <li key={item.id}>
          <button
            type="button"
            data-testid="review-item"
            aria-current={item.id === chosen}
            onClick={() => onChoose(item.id)}
          >
            <strong>{item.patient?.fullName ?? titleOf(item)}</strong>
            <time dateTime={item.openedAt}>{timeOrDay(item.openedAt)}</time>
            <span>{titleOf(item)}</span>
            <small>{review.groups[item.group]}</small>
          </button>
        </li>
      ))}
    </ul>
  );
}
