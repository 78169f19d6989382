import { messages } from "../../messages";
import { shortDay } from "../../shared/format";
import classes from "./Trends.module.css";
import { type Trend, ticksOf, valueAt } from "./trend";

const width = 320;
const height = 112;
const left = 38;
const right = 10;
const top = 10;
const bottom = 22;

const timeOf = (day: string) => Date.parse(`${day}T12:00:00Z`);

/** Straight lines between the visits, drawn by the days between them. The second line is dashed. */
export function Plot({ trend }: { trend: Trend }) {
  const { trend: words } = messages;
  const times = trend.days.map(timeOf);
  const [first = 0, last = 0] = [times[0], times.at(-1)];
  const ticks = ticksOf(trend.lines.flatMap((line) => line.values.filter((value) => value !== null)));
  const [low = 0, high = 1] = [ticks[0], ticks.at(-1)];
  // Two visits of one day stand in the middle.
  const x = (time: number) =>
    left + (last === first ? 0.5 : (time - first) / (last - first)) * (width - left - right);
  const y = (value: number) => height - bottom - ((value - low) / (high - low)) * (height - top - bottom);
  const lines = trend.lines.map((line) => ({
    ...line,
    points: line.values.flatMap((value, place) =>
      value === null ? [] : [{ value, x: x(times[place] ?? 0), y: y(value), day: trend.days[place] ?? "" }],
    ),
  }));
  const end = trend.days.length - 1;
  const spoken = words.spoken(
    trend.label,
    trend.days.length,
    `${valueAt(trend, 0)}, ${shortDay(trend.days[0] ?? "")}`,
    `${valueAt(trend, end)}, ${shortDay(trend.days[end] ?? "")}`,
  );
  return (
    <>
      <svg className={classes.plot} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={spoken}>
        {ticks.map((tick) => (
          <g key={tick}>
            <line className={classes.grid} x1={left} x2={width - right} y1={y(tick)} y2={y(tick)} />
            <text x={left - 6} y={y(tick) + 3.5} textAnchor="end">
              {tick}
            </text>
          </g>
        ))}
        <text x={left} y={height - 5}>
          {shortDay(trend.days[0] ?? "")}
        </text>
        <text x={width - right} y={height - 5} textAnchor="end">
          {shortDay(trend.days[end] ?? "")}
        </text>
        {lines.map((line, place) => (
          <g key={line.label} className={place === 0 ? classes.first : classes.second}>
            <polyline points={line.points.map((point) => `${point.x},${point.y}`).join(" ")} />
            {line.points.map((point) => (
              <circle key={`${point.x} ${point.y}`} cx={point.x} cy={point.y} r="3">
                <title>{`${line.label} ${point.value} ${trend.unit}, ${shortDay(point.day)}`}</title>
              </circle>
            ))}
          </g>
        ))}
      </svg>
      {lines.length > 1 && (
        <ul className={classes.legend} aria-hidden="true">
          {lines.map((line, place) => (
            <li key={line.label} className={place === 0 ? classes.first : classes.second}>
              <svg viewBox="0 0 24 8">
                <polyline points="0,4 24,4" />
              </svg>
              {line.label}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
