import { keyLabel } from "../../app/keymap";
import type { Chart } from "../../ipc/bindings/Chart";
import type { Difference } from "../../ipc/bindings/Difference";
import { messages } from "../../messages";
import { shortDay } from "../../shared/format";
import { Kbd } from "../../shared/parts";
import { stoppedText } from "../prescription/stopped";
import classes from "./Pad.module.css";

interface Props {
  chart: Chart;
  difference: Difference | null;
  onRepeat: () => void;
}

/** What was prescribed last, to read while writing, and to write again. */
export function Before({ chart, difference, onRepeat }: Props) {
  const { pad, chart: words } = messages;
  const last = chart.prescriptions.find((one) => one.status === "finalised");
  return (
    <aside className={classes.before} aria-label={pad.context}>
      <h2>{pad.lastVisit}</h2>
      {last ? (
        <>
          <p>
            {shortDay(last.visitDate)}
            <br />
            {last.diagnoses.join(", ")}
          </p>
          <ul>
            {last.items.map((item) => (
              <li key={`${item.title} ${item.doseText}`}>
                <strong>{item.title}</strong>
                <code>{item.doseText}</code>
                {item.noSubstitution && <b> {messages.prescription.noSubstitution}</b>}
                {item.stoppedAt && <em>{stoppedText(item)}</em>}
              </li>
            ))}
          </ul>
          <button type="button" className={classes.repeat} onClick={onRepeat}>
            {pad.repeatLast} <Kbd>{keyLabel("repeat")}</Kbd>
          </button>
          {last.advice && <p>{last.advice}</p>}
          <p>{words.signedBy(last.doctorName)}</p>
        </>
      ) : (
        <p>{pad.noLast}</p>
      )}
      {difference && <Repeated difference={difference} />}
    </aside>
  );
}

/** What the draft leaves out of the prescription that it repeats. */
function Repeated({ difference }: { difference: Difference }) {
  const { pad } = messages;
  return (
    <section data-testid="pad-difference" aria-live="polite">
      <h2>{pad.repeated(shortDay(difference.visitDate))}</h2>
      {difference.removed.length > 0 && (
        <>
          <p>{pad.notRepeated}</p>
          <ul>
            {difference.removed.map((item) => (
              <li key={`${item.title} ${item.doseText}`}>
                <del>{item.title}</del>
                {item.stoppedAt && <em>{stoppedText(item)}</em>}
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
