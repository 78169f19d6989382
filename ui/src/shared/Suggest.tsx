import { type ReactNode, useId, useState } from "react";
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
}

/** A field with a list of what fits. The focus stays in the field; arrows choose, Enter takes, Escape closes. */
export function Suggest<T>(props: Props<T>) {
  const { found, text } = props;
  const id = useId();
  const [place, setPlace] = useState(-1);
  const [isOpen, setOpen] = useState(false);
  const shown = isOpen ? found : [];
  const chosen = shown[place];
  const close = () => {
    setOpen(false);
    setPlace(-1);
  };
  const choose = (one: T) => {
    close();
    props.onChoose(one);
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key === "ArrowDown" && shown.length > 0) setPlace(Math.min(place + 1, shown.length - 1));
    else if (event.key === "ArrowUp" && shown.length > 0) setPlace(Math.max(place - 1, -1));
    else if (event.key === "Escape" && shown.length > 0) {
      // The list closes first, and what floats above stays.
      event.stopPropagation();
      close();
    } else if (event.key === "Enter" && chosen !== undefined) choose(chosen);
    else if (event.key === "Enter" && props.onEnter) {
      close();
      props.onEnter();
    } else return;
    event.preventDefault();
  };
  return (
    <div className={classes.field}>
      <label htmlFor={`${id}-field`}>{props.label}</label>
      {props.description && (
        <p id={`${id}-about`} className={classes.about}>
          {props.description}
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
          aria-describedby={props.description ? `${id}-about` : undefined}
          aria-invalid={props.error ? true : undefined}
          autoComplete="off"
          spellCheck={false}
          autoFocus={props.autoFocus}
          maxLength={props.maxLength}
          placeholder={props.placeholder}
          value={text}
          onChange={(event) => {
            setOpen(true);
            setPlace(-1);
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
      </div>
      {props.error && (
        <p className={classes.error} role="alert">
          {props.error}
        </p>
      )}
    </div>
  );
}
