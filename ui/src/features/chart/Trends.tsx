import { queryKeys } from "../../app/queries";
import type { Chart } from "../../ipc/bindings/Chart";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { shortDay } from "../../shared/format";
import known from "./Known.module.css";
import { Older, useOlder } from "./Older";
import { Plot } from "./Plot";
import classes from "./Trends.module.css";
import { trendsOf, valueAt } from "./trend";

/** What was measured over the visits: as lines for the eye, and as a table for everyone. */
export function Trends({ chart }: { chart: Chart }) {
  const backend = useBackend();
  const { id } = chart.patient;
  const older = useOlder({
    queryKey: queryKeys.olderMeasured(id),
    fetch: (newer) => backend.olderMeasured(id, newer),
    first: chart.measured.length,
    older: chart.olderMeasured,
  });
  // Each step back is drawn before the one that came before it.
  const measured = [...older.steps.toReversed().flat(), ...chart.measured];
  const { trend: words } = messages;
  const trends = trendsOf(measured);
  const visits = measured
    .toReversed()
    .map((visit) => ({ ...visit, own: trendsOf([visit]) }))
    .filter((visit) => visit.own.length > 0);
  return (
    <section className={known.card} aria-labelledby="trends-title">
      <h2 id="trends-title">{words.title}</h2>
      {trends.length === 0 && <p className={classes.none}>{words.none}</p>}
      {trends.map((trend) => {
        const last = trend.days.length - 1;
        return (
          <figure key={trend.key} className={classes.trend} data-testid="trend">
            <figcaption>
              <span>{trend.label}</span>
              <strong>{valueAt(trend, last)}</strong>
              <time>{shortDay(trend.days[last] ?? "")}</time>
            </figcaption>
            {last > 0 && <Plot trend={trend} />}
          </figure>
        );
      })}
      {trends.length > 0 && (
        <details className={classes.table}>
          <summary>{words.asTable}</summary>
          {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- arrows scroll it for who has no mouse */}
          <div className={classes.scroll} role="region" aria-label={words.asTable} tabIndex={0}>
            <table>
              <caption>{words.caption}</caption>
              <thead>
                <tr>
                  <th scope="col">{words.day}</th>
                  {trends.map((trend) => (
                    <th key={trend.key} scope="col">
                      {trend.label}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {visits.map((visit) => (
                  <tr key={visit.prescriptionId}>
                    <th scope="row">{shortDay(visit.day)}</th>
                    {trends.map((trend) => {
                      const own = visit.own.find((one) => one.key === trend.key);
                      return <td key={trend.key}>{own ? valueAt(own, 0) : "–"}</td>;
                    })}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </details>
      )}
      <Older older={older} said={words.older} show={words.showOlder} />
    </section>
  );
}
