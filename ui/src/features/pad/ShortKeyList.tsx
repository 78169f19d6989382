import { messages } from "../../messages";
import classes from "./Line.module.css";
import type { ShortKeysState } from "./useShortKeys";

/** Short keys that fit what is typed and the patient, in the place of the suggestions. */
export function ShortKeyList({ keys, onExpand }: { keys: ShortKeysState; onExpand: (key: string) => void }) {
  const { pad } = messages;
  return (
    <div className={classes.suggestions}>
      <div id="pad-suggestions" role="listbox" aria-label={pad.suggestions}>
        {keys.found.map((key, place) => (
          // The focus stays in the line: keys are answered there.
          // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
          <div
            key={key.key}
            id={`pad-suggestion-${place}`}
            role="option"
            tabIndex={-1}
            aria-selected={place === keys.place}
            data-testid="pad-short-key"
            className={classes.suggestion}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => onExpand(key.key)}
          >
            <code>/{key.key}</code>
            <span>{pad.keyItems(key.items)}</span>
            <span>{key.isOwn && pad.ownKey}</span>
            <strong>{key.title}</strong>
          </div>
        ))}
      </div>
      <div role="status">
        {keys.isSearched && keys.found.length === 0 && <p className={classes.none}>{pad.noKey}</p>}
      </div>
    </div>
  );
}
