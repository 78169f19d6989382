import { memo } from "react";
import type { SurfaceMark } from "../../ipc/bindings/SurfaceMark";
import type { ToothCode } from "../../ipc/bindings/ToothCode";
import type { ToothView } from "../../ipc/bindings/ToothView";
import type { Work } from "../../ipc/bindings/Work";
import { messages } from "../../messages";
import classes from "./Odontogram.module.css";
import {
  absentOf,
  boxOf,
  codeAt,
  columnOf,
  crownPath,
  fracturePath,
  numberAt,
  type Root,
  rootsOf,
  screwPath,
  surfacePath,
  surfacePaths,
} from "./shapes";
import { isFront, type Place } from "./teeth";
import { surfaceName } from "./words";

interface Props {
  place: Place;
  /** What is known of it, if anything is. */
  view: ToothView | undefined;
  /** All that is known of it in words. */
  name: string;
  /** How high the whole drawing is. */
  height: number;
  isChosen: boolean;
  /** Tab leads here. */
  isInTab: boolean;
  /** Whether computers differ about something of it. */
  isDisputed: boolean;
  /** The surfaces that the line names of it; null if none can be marked. */
  marked: string | null;
  /** So many units of the drawing are a pixel of text. */
  unit: number;
}

/** From the middle of a text to its baseline: not every web view centres the parts of a text. */
const MIDDLE = "0.35em";

const fills: Record<SurfaceMark["mark"], string> = {
  caries: "var(--red)",
  filling: "url(#dental-dots)",
  filling_failing: "url(#dental-faint-dots)",
  planned: "url(#dental-stripes)",
};

/** A tooth of which nothing is known. */
export const sound: Omit<ToothView, "tooth"> = {
  presence: "present",
  surfaces: [],
  crown: null,
  rootCanal: null,
  implant: null,
  extraction: null,
  hasSealant: false,
  hasLesion: false,
  isFractured: false,
  codes: [],
};

/** A tooth with all that is known of it, and its surfaces to be marked if it is the chosen one. */
export const Tooth = memo(function Tooth(props: Props) {
  const { place, view, name, height, isChosen, isInTab, isDisputed, marked, unit } = props;
  const { tooth, isUpper, isSmall, x } = place;
  const known = view ?? { ...sound, tooth };
  const { dental } = messages;
  const flip = isUpper ? undefined : `translate(0 ${height}) scale(1 -1)`;
  const at = (y: number) => (isUpper ? y : height - y);
  const box = boxOf(place);
  const number = String(tooth);
  const hasSealant = known.hasSealant && !isGone(known);
  return (
    <g data-tooth={tooth}>
      <g
        role="button"
        tabIndex={isInTab ? 0 : -1}
        aria-label={name}
        aria-current={isChosen ? "true" : undefined}
        data-testid={`tooth-${tooth}`}
        className={`${classes.tooth} ${isChosen ? classes.chosen : ""}`}
      >
        <g transform={flip}>
          <rect {...columnOf(place)} rx={8} className={classes.column} />
          {!isSmall && <SideView place={place} view={known} />}
          <Box place={place} view={known} />
        </g>
      </g>
      <text
        x={x}
        y={at(numberAt(place))}
        dy={MIDDLE}
        aria-hidden="true"
        className={`${isSmall ? classes.smallNumber : classes.number} ${isSmall && !view ? classes.faint : ""}`}
      >
        {number}
        {isDisputed && <tspan className={classes.disputed}>{" ≠"}</tspan>}
      </text>
      <text x={x} y={at(codeAt(place))} dy={MIDDLE} aria-hidden="true" className={classes.code}>
        {codesShown(known.codes, place.width, unit).map(({ text, tone }) => (
          <tspan key={text} className={classes[tone]}>
            {text}
          </tspan>
        ))}
      </text>
      {hasSealant && (
        <text x={x} y={at(box.y + box.size / 2)} dy={MIDDLE} aria-hidden="true" className={classes.sealant}>
          {"S"}
        </text>
      )}
      {marked !== null && (
        <g transform={flip} role="group" aria-label={dental.surfacesOf(number)}>
          {surfacePaths(place).map(([surface, path]) => (
            <path
              key={surface}
              d={path}
              role="checkbox"
              tabIndex={0}
              aria-checked={marked.includes(surface)}
              aria-label={dental.surfaceOf(number, surfaceName(surface, tooth))}
              data-surface={surface}
              className={classes.toMark}
            />
          ))}
        </g>
      )}
    </g>
  );
});

/** An implant stands where the tooth was. */
const isGone = ({ presence, implant }: Pick<ToothView, "presence" | "implant">) =>
  presence === "missing" && implant !== "done";

const isHidden = ({ presence }: Pick<ToothView, "presence">) =>
  presence === "not_erupted" || presence === "impacted";

const workClass = (state: Work) => (state === "done" ? classes.done : classes.planned);

function SideView({ place, view }: { place: Place; view: ToothView }) {
  const roots = rootsOf(place);
  const absent = absentOf(place);
  if (isGone(view))
    return (
      <g data-part="missing">
        <rect {...absent.box} rx={10} className={classes.dashed} />
        <path d={absent.cross} className={classes.cross} />
        {view.implant && <Screw place={place} state={view.implant} />}
      </g>
    );
  const outline = isHidden(view) ? classes.dotted : classes.outline;
  const [first] = roots;
  return (
    <g data-part={isHidden(view) ? "hidden" : undefined}>
      {view.implant !== "done" && roots.map(({ path }) => <path key={path} d={path} className={outline} />)}
      {view.implant && <Screw place={place} state={view.implant} />}
      <path
        d={crownPath(place)}
        className={outline}
        {...(view.crown === "done" ? { style: { fill: "url(#dental-dots)" } } : {})}
      />
      {view.rootCanal && view.implant !== "done" && <Canals roots={roots} state={view.rootCanal} />}
      {view.hasLesion && first && (
        <circle cx={first.tip.x} cy={first.tip.y + 8} r={6} data-part="lesion" className={classes.lesion} />
      )}
      {view.isFractured && <path d={fracturePath(place)} data-part="fracture" className={classes.fracture} />}
      {view.extraction && (
        <path
          d={absent.cross}
          data-part={`extraction-${view.extraction}`}
          className={`${classes.canal} ${workClass(view.extraction)}`}
        />
      )}
    </g>
  );
}

function Screw({ place, state }: { place: Place; state: Work }) {
  return (
    <path
      d={screwPath(place)}
      data-part={`implant-${state}`}
      className={`${classes.screw} ${workClass(state)}`}
    />
  );
}

function Canals({ roots, state }: { roots: Root[]; state: Work }) {
  return roots.map(({ canal }) => (
    <path
      key={canal}
      d={canal}
      data-part={`root-canal-${state}`}
      className={`${classes.canal} ${workClass(state)}`}
    />
  ));
}

/** The surfaces from above, and the crown around them. */
function Box({ place, view }: { place: Place; view: ToothView }) {
  const { x, y, size } = boxOf(place);
  if (isGone(view) || isHidden(view))
    return <rect x={x} y={y} width={size} height={size} data-part="no-surfaces" className={classes.dashed} />;
  const markOf = (surface: string) => view.surfaces.find((one) => one.surface === surface)?.mark;
  // A marked surface is drawn over the edges of its neighbours.
  const inOrder = surfacePaths(place).toSorted(
    ([one], [other]) => Number(markOf(one) !== undefined) - Number(markOf(other) !== undefined),
  );
  return (
    <>
      {inOrder.map(([surface, path]) => {
        const mark = markOf(surface);
        return (
          <path
            key={surface}
            d={path}
            data-surface={surface}
            data-mark={mark}
            {...(mark ? { style: { fill: fills[mark] } } : {})}
            className={
              mark === "filling_failing"
                ? classes.failing
                : place.isSmall
                  ? classes.faintLine
                  : classes.outline
            }
          />
        );
      })}
      {view.hasSealant && (
        <path
          d={surfacePath(place, isFront(place.tooth) ? "I" : "O")}
          data-part="sealant"
          className={classes.seal}
        />
      )}
      {view.crown && (
        <rect
          x={x - 4}
          y={y - 4}
          width={size + 8}
          height={size + 8}
          rx={6}
          data-part={`crown-${view.crown}`}
          className={`${classes.frame} ${workClass(view.crown)}`}
        />
      )}
    </>
  );
}

/** The codes that stand with a number: two of them if there is room, and how many more there are. */
export function codesShown(codes: ToothCode[], width: number, unit: number): ToothCode[] {
  const room = width / (6.2 * unit);
  const withRest = (shown: number) => {
    const rest = codes.length - shown;
    const texts = codes.slice(0, shown).map(({ text }) => text);
    return texts.join(" · ") + (rest > 0 ? ` +${rest}` : "");
  };
  const shown = codes.length > 1 && withRest(2).length <= room ? 2 : 1;
  const rest = codes.length - shown;
  // A procedure in words of its own is cut; the list has it whole.
  const most = Math.floor(room + 1.5);
  const cut = (code: string) => (code.length > most ? `${code.slice(0, most - 1)}…` : code);
  return [
    ...codes
      .slice(0, shown)
      .map(({ text, tone }, place) => ({ text: place === 0 ? cut(text) : ` · ${text}`, tone })),
    ...(rest > 0 ? [{ text: ` +${rest}`, tone: "work" } satisfies ToothCode] : []),
  ];
}
