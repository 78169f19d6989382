import type { Chart } from "../../ipc/bindings/Chart";
import { messages } from "../../messages/en";
import { shortDay } from "../../shared/format";
import classes from "./Pad.module.css";

/** What was prescribed last, to read while writing. */
export function Before({ chart }: { chart: Chart }) {
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
              </li>
            ))}
          </ul>
          {last.advice && <p>{last.advice}</p>}
          <p>{words.signedBy(last.doctorName)}</p>
        </>
      ) : (
        <p>{pad.noLast}</p>
      )}
    </aside>
  );
}
