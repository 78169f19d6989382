import type { DentalChart } from "../../ipc/bindings/DentalChart";
import { messages } from "../../messages";
import classes from "./Dental.module.css";
import { Findings, Procedures } from "./Entries";
import { knownTeeth, toothName, toothRead } from "./words";

interface Props {
  teeth: DentalChart;
  chosen: number | null;
  onChoose: (tooth: number) => void;
}

/** Everything that the drawing shows, in words: the chosen tooth, what is of no tooth, and the plan. */
export function DentalSide({ teeth, chosen, onChoose }: Props) {
  const { dental } = messages;
  const { findings, procedures, mayChart } = teeth;
  const ofTooth = findings.filter(({ site }) => chosen !== null && site.tooth === chosen);
  const general = findings.filter(({ site }) => site.tooth === null);
  const known = knownTeeth(teeth);
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls is reached by key
    <div className={classes.lists} role="region" aria-label={dental.side} tabIndex={0}>
      <section className={classes.card} aria-labelledby="dental-tooth">
        <h2 id="dental-tooth">
          {chosen === null ? (
            dental.noTooth
          ) : (
            <>
              {dental.selected(String(chosen))} <span>{toothName(chosen)}</span>
            </>
          )}
        </h2>
        {chosen !== null && ofTooth.length === 0 && <p className={classes.none}>{dental.noFindings}</p>}
        <Findings findings={ofTooth} hasSites={false} mayChart={mayChart} />
      </section>
      {general.length > 0 && (
        <section className={classes.card} aria-labelledby="dental-general">
          <h2 id="dental-general">{dental.general}</h2>
          <Findings findings={general} hasSites mayChart={mayChart} />
        </section>
      )}
      <section className={classes.card} aria-labelledby="dental-plan">
        <h2 id="dental-plan">{dental.plan}</h2>
        {procedures.length === 0 && (
          <p className={classes.none}>{mayChart ? dental.noPlan : dental.noPlanRead}</p>
        )}
        <Procedures procedures={procedures} />
      </section>
      {known.length > 0 && (
        <details className={classes.card}>
          <summary>{dental.all(known.length)}</summary>
          <ul className={classes.all}>
            {known.map((tooth) => (
              <li key={tooth}>
                <button type="button" aria-pressed={tooth === chosen} onClick={() => onChoose(tooth)}>
                  {toothRead(teeth, tooth)}
                </button>
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}
