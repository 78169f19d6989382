import { IconCheck } from "@tabler/icons-react";
import type { RefObject } from "react";
import { isPlain } from "../../app/keymap";
import { langOf } from "../../ipc/problem";
import { messages } from "../../messages";
import { Kbd } from "../../shared/parts";
import classes from "./Dental.module.css";
import type { DentalLineState } from "./useDentalLine";
import { lineText } from "./words";

interface Props {
  line: DentalLineState;
  input: RefObject<HTMLInputElement | null>;
}

/** Tooth, surfaces and what is there, typed in one line, and said back before it counts. */
export function DentalLine({ line, input }: Props) {
  const { dental } = messages;
  const { added, text } = line;
  return (
    <div className={classes.line}>
      <div className={classes.typed}>
        <input
          ref={input}
          data-testid="dental-line"
          aria-label={dental.line}
          aria-describedby="dental-echo"
          placeholder={dental.placeholder}
          autoComplete="off"
          spellCheck={false}
          value={text}
          onChange={(event) => line.setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || !isPlain(event)) return;
            event.preventDefault();
            if (!event.repeat) void line.accept();
          }}
        />
        {text !== "" && (
          <span className={classes.enter}>
            <Kbd>Enter</Kbd> {dental.enter}
          </span>
        )}
      </div>
      <Echo line={line} />
      <p role="status" data-testid="dental-added" className={classes.added}>
        {line.isAdding
          ? dental.adding
          : added && (
              // The same line once more is told once more.
              <span key={added.count}>
                <IconCheck size={16} stroke={2} aria-hidden="true" />{" "}
                {dental.added(wordsOf(lineText(added.read)))}
              </span>
            )}
      </p>
      <details className={classes.help}>
        <summary>{dental.help}</summary>
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls is reached by key */}
        <div role="region" aria-label={dental.help} tabIndex={0}>
          <dl>
            {dental.codes.map(([typed, meant]) => (
              <div key={typed}>
                <dt>
                  <code>{typed}</code>
                </dt>
                <dd>{meant}</dd>
              </div>
            ))}
          </dl>
        </div>
      </details>
    </div>
  );
}

const wordsOf = ({ where, what }: ReturnType<typeof lineText>) => [where, what].filter(Boolean).join(": ");

function Echo({ line: { read, problem } }: { line: DentalLineState }) {
  const said = read && lineText(read);
  const tone = problem ? classes.problem : said?.where ? classes.read : "";
  return (
    <p id="dental-echo" data-testid="dental-echo" aria-live="polite" className={`${classes.echo} ${tone}`}>
      {problem === "unfinished" ? (
        messages.dental.unfinished
      ) : problem ? (
        <span lang={langOf(problem.detail)}>{problem.detail}</span>
      ) : (
        said?.where && (
          <>
            {said.where}
            {said.what && ": "}
            <strong>{said.what}</strong>
          </>
        )
      )}
    </p>
  );
}
