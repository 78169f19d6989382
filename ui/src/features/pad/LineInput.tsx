import { IconCheck, IconX } from "@tabler/icons-react";
import { type RefObject, useEffect, useRef } from "react";
import { isKey, isPlain } from "../../app/keymap";
import type { LineSafety } from "../../ipc/bindings/LineSafety";
import { langOf } from "../../ipc/problem";
import { messages } from "../../messages";
import { HowMany, Kbd } from "../../shared/parts";
import { Findings, Gaps } from "./Findings";
import classes from "./Line.module.css";
import { ShortKeyList } from "./ShortKeyList";
import { Suggestions } from "./Suggestions";
import type { ShortKeysState } from "./useShortKeys";
import { chosenName, type Line, medicineName } from "./useLine";

interface Props {
  line: Line;
  input: RefObject<HTMLInputElement | null>;
  /** What speaks against what is typed. */
  safety: LineSafety | null;
  keys: ShortKeysState;
  /** Expands a short key. */
  onExpand: (key: string) => void;
  /** A text with the phrase that its last word stands for. */
  onPhrase: (text: string) => string;
  number: number;
  /** Walks up into the lines already accepted. */
  onUp: () => void;
  onRemoveLast: () => void;
  onEditLast: () => void;
}

/** Medicine and dose, typed in one line, and said back before it counts. */
export function LineInput(props: Props) {
  const { line, input, safety, keys: shortKeys, number, onUp, onRemoveLast, onEditLast } = props;
  const { pad, keys } = messages;
  const offered = shortKeys.isTyped ? shortKeys.found.length : line.found.length;
  const isOpen = offered > 0;
  const box = useRef<HTMLDivElement>(null);
  // However many lines stand above it, the one being typed is in sight, with its suggestions.
  const show = () => {
    void box.current?.scrollIntoView({ block: "nearest" });
  };
  useEffect(show, [number]);
  const onKeyDown = (event: React.KeyboardEvent<HTMLInputElement>) => {
    const isEmpty = line.text === "" && !line.chosen;
    if (shortKeys.isTyped && shortKeys.onKeyDown(event, props.onExpand)) return;
    // A key held down to empty the field stops there.
    if (isKey(event, "removeLine") && isEmpty && !event.repeat) onRemoveLast();
    else if (!isPlain(event)) return;
    else if (event.key === "Enter") void line.accept();
    else if (event.key === "Tab" && !event.shiftKey && isOpen && line.doseText === "") void line.accept();
    else if (event.key === "ArrowDown" && isOpen) line.move(1);
    else if (event.key === "ArrowDown" && isEmpty) line.ask();
    else if (event.key === "ArrowUp" && isOpen) line.move(-1);
    else if (event.key === "ArrowUp") onUp();
    else if (event.key === "Backspace" && line.chosen && line.text === "") line.unchoose();
    else if (isKey(event, "editLine") && isEmpty) onEditLast();
    else if (event.key === "Escape" && isOpen) line.close();
    else if (event.key === "Escape" && line.chosen) line.unchoose();
    else return;
    event.preventDefault();
  };
  return (
    <div ref={box} className={classes.line} data-testid="pad-line">
      <div className={classes.typed}>
        <span className={classes.number}>{number}</span>
        {line.chosen && (
          <span className={classes.chip} data-testid="pad-medicine">
            {chosenName(line.chosen)}
            {!("medicine" in line.chosen) && <em title={pad.notCheckedHint}>{pad.notChecked}</em>}
            <button
              type="button"
              tabIndex={-1}
              aria-label={pad.changeMedicine(chosenName(line.chosen))}
              onClick={() => {
                line.unchoose();
                input.current?.focus();
              }}
            >
              <IconX size={14} aria-hidden="true" />
            </button>
          </span>
        )}
        <input
          ref={input}
          role="combobox"
          aria-label={pad.line}
          aria-expanded={isOpen}
          aria-controls="pad-suggestions"
          aria-autocomplete="list"
          aria-activedescendant={activeId(shortKeys.isTyped ? shortKeys.place : line.place, isOpen)}
          aria-describedby="pad-echo"
          placeholder={line.chosen ? pad.dosePlaceholder : pad.linePlaceholder}
          autoComplete="off"
          spellCheck={false}
          value={line.text}
          onFocus={show}
          onChange={(event) => line.setText(props.onPhrase(event.target.value))}
          onKeyDown={onKeyDown}
        />
        {line.text !== "" && (
          <span className={classes.enter}>
            <Kbd>{shortKeys.isTyped ? "Tab" : "Enter"}</Kbd>{" "}
            {shortKeys.isTyped ? keys.expand : line.doseText === "" ? keys.choose : keys.accept}
          </span>
        )}
      </div>
      <Echo line={line} safety={safety} />
      <HowMany count={offered} />
      {shortKeys.isTyped ? (
        <ShortKeyList keys={shortKeys} onExpand={props.onExpand} />
      ) : (
        <Suggestions line={line} onChosen={() => input.current?.focus()} />
      )}
    </div>
  );
}

const activeId = (place: number, isOpen: boolean) =>
  isOpen && place >= 0 ? `pad-suggestion-${place}` : undefined;

function Echo({ line, safety }: { line: Line; safety: LineSafety | null }) {
  const { pad } = messages;
  const { meant, read, problem, several } = line;
  const isFree = meant !== null && (!("medicine" in meant) || safety?.isChecked === false);
  const isHeld = safety?.isHeld === true;
  const name = meant && ("medicine" in meant ? medicineName(meant.medicine) : meant.text);
  // What is in no list says its form in its own words, if at all.
  const form = meant && "medicine" in meant ? read?.form : "";
  return (
    <p
      id="pad-echo"
      data-testid="pad-echo"
      aria-live="polite"
      className={`${classes.echo} ${toneOf(problem !== null, read !== undefined, isHeld)}`}
    >
      {problem ? (
        <span lang={problem.lang}>{problem.words}</span>
      ) : line.isBegun && meant && "medicine" in meant ? (
        <strong>{name}</strong>
      ) : (
        read && (
          <>
            <strong>{[form, name].filter(Boolean).join(" ")}</strong>{" "}
            <span lang={langOf(read.words)}>{read.words}</span>{" "}
            {read.quantity && <strong lang={langOf(read.quantity)}>({read.quantity})</strong>}
            <span className={classes.mark}>
              {isHeld ? (
                pad.willHold
              ) : several > 0 ? (
                pad.several(several)
              ) : isFree ? (
                pad.notChecked
              ) : safety?.isPartlyChecked === true ? (
                pad.partlyChecked
              ) : (
                <IconCheck size={16} stroke={2} aria-hidden="true" />
              )}
            </span>
            {safety && <Findings findings={safety.findings} />}
            {safety && <Gaps gaps={safety.gaps} />}
          </>
        )
      )}
    </p>
  );
}

function toneOf(isProblem: boolean, isRead: boolean, isHeld: boolean) {
  if (isProblem) return classes.problem;
  if (!isRead) return "";
  return isHeld ? classes.held : classes.read;
}
