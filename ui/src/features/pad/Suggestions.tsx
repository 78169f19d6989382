import { useEffect, useRef } from "react";
import { messages } from "../../messages";
import { usePressed } from "../../shared/pressed";
import { formName } from "../medicines/forms";
import classes from "./Line.module.css";
import type { Line } from "./useLine";

/** Medicines that fit. The place is kept while nothing is shown, so nothing moves under the hand. */
export function Suggestions({ line, onChosen }: { line: Line; onChosen: () => void }) {
  const { pad } = messages;
  const hasNone = !line.chosen && line.medicineText.length > 1 && line.isSearched && line.found.length === 0;
  const list = useRef<HTMLDivElement>(null);
  const { press, isMeant } = usePressed();
  useEffect(() => {
    void list.current?.children.item(line.place)?.scrollIntoView({ block: "nearest" });
  }, [line.place]);
  return (
    <div className={classes.suggestions}>
      <div ref={list} id="pad-suggestions" role="listbox" aria-label={pad.suggestions}>
        {line.found.map((medicine, index) => (
          // The focus stays in the line: keys are answered there.
          // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
          <div
            // oxlint-disable-next-line react/no-array-index-key -- a row is a place: medicines are written into it anew
            key={index}
            id={`pad-suggestion-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === line.place}
            data-testid="pad-suggestion"
            className={classes.suggestion}
            onMouseDown={(event) => {
              event.preventDefault();
              press(medicine.id);
            }}
            onClick={() => {
              if (!isMeant(medicine.id)) return;
              line.choose({ medicine }, line.doseText);
              onChosen();
            }}
          >
            <span>
              <strong>{medicine.genericName}</strong>
              {medicine.brandName && <small> {medicine.brandName}</small>}
            </span>
            <span>{medicine.strengthText}</span>
            <span>{formName(medicine.dosageForm)}</span>
            <code>{medicine.defaultDose}</code>
            <small>{medicine.uses > 0 && pad.uses(medicine.uses)}</small>
          </div>
        ))}
      </div>
      <div role="status">{hasNone && <p className={classes.none}>{pad.noSuggestion}</p>}</div>
    </div>
  );
}
