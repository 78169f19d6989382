import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { isPlain, saidBy } from "../../app/keymap";
import { queryKeys } from "../../app/queries";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { Choices } from "../../shared/Choices";
import { KeyBar, Notice, Problem, Waiting } from "../../shared/parts";
import { useInstead } from "../../shared/unsaved";
import { Item } from "./Item";
import { ItemList } from "./ItemList";
import classes from "./Review.module.css";

const filters = ["mine", "all", "decided"] as const;

/** Everything that waits for a decision, one after the other, by keys alone. */
export function Review({ first }: { first: string | null }) {
  const backend = useBackend();
  const navigate = useNavigate();
  const [filter, setFilter] = useState<(typeof filters)[number]>("all");
  const [chosen, setChosen] = useState(first);
  const isOpen = filter !== "decided";
  const found = useQuery({
    queryKey: queryKeys.conflicts(isOpen),
    queryFn: () => backend.listConflicts(isOpen),
  });
  const { review, keys } = messages;
  const items = (found.data ?? []).filter((item) => filter !== "mine" || item.mayDecide);
  const place = Math.max(
    0,
    items.findIndex((item) => item.id === chosen),
  );
  const item = items[place];
  // Whatever comes and goes before it: the one in sight stays there, with what is typed about it.
  if (item && item.id !== chosen) setChosen(item.id);
  const instead = useInstead();
  const choose = (id: string | null) => {
    if (id !== item?.id) instead(() => setChosen(id));
  };
  const step = (by: number) => choose(items[Math.min(items.length - 1, Math.max(0, place + by))]?.id ?? null);
  const leave = () => void navigate({ to: "/" });
  useReviewKeys({ ArrowDown: () => step(1), ArrowUp: () => step(-1), Escape: leave });
  const none = { mine: review.noneMine, all: review.none, decided: review.noneDecided }[filter];
  return (
    <>
      <div className={classes.screen} data-testid="review">
        <aside className={classes.side}>
          <h1>
            {review.title} {isOpen && <span>{items.length}</span>}
          </h1>
          <Choices
            label={review.filter}
            value={filter}
            onChange={(value) => instead(() => setFilter(value))}
            choices={filters.map((value) => ({ value, label: review.filters[value] }))}
          />
          <ItemList items={items} chosen={item?.id ?? null} onChoose={choose} />
        </aside>
        <div className={classes.work}>
          {found.error && <Problem error={found.error} onRetry={() => void found.refetch()} />}
          {found.isPending && <Waiting />}
          {found.data && !item && <Notice>{none}</Notice>}
          {item && (
            <Item
              key={item.id}
              conflict={item}
              onLater={leave}
              onDecided={() => setChosen(items[place + 1]?.id ?? null)}
            />
          )}
        </div>
      </div>
      <KeyBar
        keys={[
          ["1", keys.firstValue],
          ["2", keys.secondValue],
          ["3", keys.otherValue],
          ["↑ ↓", keys.nextItem],
          ["Esc", keys.later],
        ]}
      />
    </>
  );
}

/** Answers plain keys while nothing is typed. */
export function useReviewKeys(handlers: Record<string, () => void>): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const handler = handlers[event.key] ?? (event.shiftKey ? undefined : handlers[saidBy(event)]);
      const isTyping =
        event.target instanceof HTMLInputElement ||
        event.target instanceof HTMLTextAreaElement ||
        event.target instanceof HTMLSelectElement;
      if (
        !handler ||
        event.defaultPrevented ||
        // Held down, a key would decide about one item after the other; arrows may go on.
        (event.repeat && !event.key.startsWith("Arrow")) ||
        isTyping ||
        !isPlain(event) ||
        document.querySelector("dialog[open]")
      )
        return;
      event.preventDefault();
      handler();
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  });
}
