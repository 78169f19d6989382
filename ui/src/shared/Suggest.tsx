import { type ReactNode, useId, useState } from "react";
import { isPlain } from "../app/keymap";
import { messages } from "../messages";
import { withMarked } from "./marked";
import { HowMany } from "./parts";
import classes from "./Suggest.module.css";

interface Props<T> {
  label: string;
  /** What the list is called. */
  listLabel: string;
  description?: ReactNode;
  placeholder?: string;
  error?: string | null | undefined;
  text: string;
  maxLength: number;
  autoFocus?: boolean;
  found: T[];
  keyOf: (one: T) => string;
  renderOption: (one: T) => ReactNode;
  onText: (text: string) => void;
  /** One of the list was chosen. */
  onChoose: (one: T) => void;
  /** Enter while none of the list is chosen; without it, Enter is the form's. */
  onEnter?: () => void;
  /** Looks up what fits the text of now. With it the first one is marked, and Enter takes it. */
  takesFirst?: () => Promise<T[]>;
}

/** A field with a list of what fits. The focus stays in the field; arrows choose, Enter takes, Escape closes the list. */
export function Suggest<T>(props: Props<T>) {
  const { found, text, takesFirst } = props;
  const id = useId();
  /** What the arrows chose, or that it is none: it stays what is meant, whatever another answer has in its place. */
  const [moved, setMoved] = useState<{ to: T | null } | null>(null);
  const [isOpen, setOpen] = useState(false);
  const unmoved = takesFirst ? 0 : -1;
  const to = moved?.to ?? null;
  const [fitting, placeOfTo] = withMarked(found, to, props.keyOf);
  const shown = isOpen ? fitting : [];
  const place = to === null ? unmoved : placeOfTo;
  const move = (place: number) => setMoved({ to: shown[place] ?? null });
  const chosen = shown[place];
  const close = () => {
    setOpen(false);
    setMoved(null);
  };
  const choose = (one: T) => {
    close();
    props.onChoose(one);
  };
  const enter = (field: HTMLInputElement) => {
    close();
    if (props.onEnter) props.onEnter();
    else field.form?.requestSubmit();
  };
  // What is typed fast must be looked up before it counts.
  const takeFirst = async (look: () => Promise<T[]>, field: HTMLInputElement) => {
    const fitting = await look().catch(() => null);
    if (fitting === null || field.value !== text) return;
    const [first] = fitting;
    if (first === undefined) enter(field);
    else choose(first);
  };
  const onKeyDown = (event: React.KeyboardEvent<HTMLInputElement>) => {
    if (!isPlain(event)) return;
    if (event.key === "ArrowDown" && shown.length > 0) move(Math.min(place + 1, shown.length - 1));
    else if (event.key === "ArrowUp" && shown.length > 0) move(Math.max(place - 1, unmoved));
    else if (event.key === "Escape" && shown.length > 0) {
      // The list closes first, and what floats above stays.
      event.stopPropagation();
      close();
    } else if (event.key === "Enter" && takesFirst && isOpen && moved === null)
      void takeFirst(takesFirst, event.currentTarget);
    else if (event.key === "Enter" && chosen !== undefined) choose(chosen);
    else if (event.key === "Enter" && props.onEnter) enter(event.currentTarget);
    else return;
    event.preventDefault();
  };
  const isDescribed = Boolean(props.description) || takesFirst !== undefined;
  return (
    <div className={classes.field}>
      <label htmlFor={`${id}-field`}>{props.label}</label>
      {isDescribed && (
        <p id={`${id}-about`} className={classes.about}>
          {props.description} {takesFirst && messages.common.takesFirst}
        </p>
      )}
      <div className={classes.offering}>
        <input
          id={`${id}-field`}
          role="combobox"
          aria-expanded={shown.length > 0}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={chosen === undefined ? undefined : `${id}-${place}`}
          aria-describedby={isDescribed ? `${id}-about` : undefined}
          aria-invalid={props.error ? true : undefined}
          autoComplete="off"
          spellCheck={false}
          autoFocus={props.autoFocus}
          maxLength={props.maxLength}
          placeholder={props.placeholder}
          value={text}
          onChange={(event) => {
            setOpen(true);
            setMoved(null);
            props.onText(event.target.value);
          }}
          onBlur={close}
          onKeyDown={onKeyDown}
        />
        <div id={`${id}-list`} role="listbox" aria-label={props.listLabel} className={classes.list}>
          {shown.map((one, index) => (
            // The focus stays in the field: keys are answered there.
            // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
            <div
              key={props.keyOf(one)}
              id={`${id}-${index}`}
              role="option"
              tabIndex={-1}
              aria-selected={index === place}
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => choose(one)}
            >
              {props.renderOption(one)}
            </div>
          ))}
        </div>
        <HowMany count={shown.length} />
      </div>
      {props.error && (
        <p className={classes.error} role="alert">
          {props.error}
        </p>
      )}
    </div>
  );
}
