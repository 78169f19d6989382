import { type RefObject, useLayoutEffect, useRef, useState } from "react";
import { isPlain, saidBy } from "../../app/keymap";
import type { DentalChart } from "../../ipc/bindings/DentalChart";
import type { Surface } from "../../ipc/bindings/Surface";
import { messages } from "../../messages";
import classes from "./Odontogram.module.css";
import { heightOf } from "./shapes";
import { type Arrow, neighbour, rowsOf, type Which, WIDTH } from "./teeth";
import { Tooth } from "./Tooth";
import { toothRead } from "./words";

interface Props {
  chart: DentalChart;
  which: Which;
  chosen: number | null;
  /** The surfaces that the line names of the chosen tooth. */
  marked: string;
  onChoose: (tooth: number) => void;
  /** Marks a surface in the line, or takes it out of it. */
  onMark: (tooth: number, surface: Surface) => void;
  /** Goes on in the line, with this behind the tooth. */
  onType: (tooth: number, typed: string) => void;
  /** Goes back into the line. */
  onLeave: () => void;
}

const arrows: Arrow[] = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"];
const surfaces: Surface[] = ["M", "O", "I", "D", "B", "L"];

/** The part of the drawing that something happens in. */
function partOf(target: EventTarget) {
  const element = target instanceof Element ? target : null;
  const tooth = Number(element?.closest<SVGElement>("[data-tooth]")?.dataset["tooth"]);
  const letter = element instanceof SVGElement ? element.dataset["surface"] : undefined;
  return {
    tooth: Number.isNaN(tooth) ? null : tooth,
    surface: surfaces.find((one) => one === letter) ?? null,
    isToMark: element?.getAttribute("role") === "checkbox",
  };
}

/** The teeth of a patient as one drawing. Arrows walk the teeth, Tab the surfaces of one, Space marks them in the line. */
export function Odontogram(props: Props) {
  const { chart, which, chosen, marked, onChoose, onMark, onType, onLeave } = props;
  const { dental } = messages;
  const rows = rowsOf(which);
  const height = heightOf(which === "both");
  const drawing = useRef<SVGSVGElement>(null);
  const [box, unit] = useUnit(height);
  const disputed = new Set(
    [...chart.findings, ...chart.procedures].filter((one) => one.isDisputed).map((one) => one.site.tooth),
  );
  const chosenAt = rows.flat().find((place) => place.tooth === chosen)?.x ?? null;
  useLayoutEffect(() => {
    const view = drawing.current?.parentElement;
    // In a narrow window the chosen tooth comes into sight, and nothing else moves.
    if (view && chosenAt !== null)
      view.scrollLeft = (chosenAt / WIDTH) * view.scrollWidth - view.clientWidth / 2;
  }, [chosenAt]);
  const focus = (tooth: number) =>
    drawing.current?.querySelector<SVGElement>(`[data-testid="tooth-${tooth}"]`)?.focus();
  const onKeyDown = (event: React.KeyboardEvent) => {
    const { tooth, surface, isToMark } = partOf(event.target);
    if (tooth === null || !isPlain(event)) return;
    const arrow = arrows.find((one) => one === event.key);
    const letter = saidBy(event.nativeEvent);
    if (arrow) focus(neighbour(rows, tooth, arrow));
    else if (event.key === "Escape" && isToMark) focus(tooth);
    else if (event.key === "Escape") onLeave();
    else if (!chart.mayChart) return;
    else if (surface && isToMark && (event.key === " " || event.key === "Enter")) onMark(tooth, surface);
    else if (event.key === "Enter") onType(tooth, "");
    else if (/^[a-z0-9]$/.test(letter)) onType(tooth, letter);
    else if (event.key !== " ") return;
    event.preventDefault();
  };
  const firstTooth = rows[0]?.[0]?.tooth;
  const isDrawn = rows.flat().some((place) => place.tooth === chosen);
  const tabTooth = isDrawn ? chosen : firstTooth;
  return (
    <div ref={box} className={classes.drawing}>
      {/* oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the keys of its parts are answered below */}
      <svg
        ref={drawing}
        viewBox={`0 0 ${WIDTH} ${height}`}
        role="group"
        aria-label={dental.drawing}
        data-testid="dental-chart"
        style={{ ["--unit" as string]: unit }}
        onFocus={({ target }) => {
          const { tooth } = partOf(target);
          if (tooth !== null) onChoose(tooth);
        }}
        onClick={({ target }) => {
          const { tooth, surface, isToMark } = partOf(target);
          if (tooth === null) return;
          onChoose(tooth);
          if (surface && isToMark) onMark(tooth, surface);
          else focus(tooth);
        }}
        onKeyDown={onKeyDown}
      >
        <Patterns />
        <path
          d={`M${WIDTH / 2},8V${height - 8}M8,${height / 2}H${WIDTH - 8}`}
          className={classes.middle}
          aria-hidden="true"
        />
        {rows.flat().map((place) => (
          <Tooth
            key={place.tooth}
            place={place}
            view={chart.teeth.find((one) => one.tooth === place.tooth)}
            name={toothRead(chart, place.tooth)}
            height={height}
            isChosen={place.tooth === chosen}
            isInTab={place.tooth === tabTooth}
            isDisputed={disputed.has(place.tooth)}
            marked={place.tooth === chosen && chart.mayChart ? marked : null}
            unit={unit}
          />
        ))}
      </svg>
    </div>
  );
}

/** In pixels; in less room it is scrolled. As the style sheet has it. */
const NARROWEST = 700;

/** How many units of the drawing a pixel is, at least one: its text never gets smaller than it is written. */
function useUnit(height: number): [box: RefObject<HTMLDivElement | null>, unit: number] {
  const box = useRef<HTMLDivElement>(null);
  const [unit, setUnit] = useState(1);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const measure = () => {
      const scale = Math.min(
        Math.max(element.clientWidth, NARROWEST) / WIDTH,
        element.clientHeight / height,
        1,
      );
      if (scale > 0) setUnit(Math.round(100 / scale) / 100);
    };
    measure();
    const watch = new ResizeObserver(measure);
    watch.observe(element);
    return () => watch.disconnect();
  }, [height]);
  return [box, unit];
}

/** What work is filled with: it can be told apart on a grey printer. */
function Patterns() {
  return (
    <defs>
      <pattern id="dental-dots" width="5" height="5" patternUnits="userSpaceOnUse">
        <rect width="5" height="5" className={classes.workGround} />
        <circle cx="2.5" cy="2.5" r="1.1" className={classes.lightDot} />
      </pattern>
      <pattern id="dental-faint-dots" width="5" height="5" patternUnits="userSpaceOnUse">
        <rect width="5" height="5" className={classes.ground} />
        <circle cx="2.5" cy="2.5" r="1.1" className={classes.workGround} />
      </pattern>
      <pattern
        id="dental-stripes"
        width="6"
        height="6"
        patternUnits="userSpaceOnUse"
        patternTransform="rotate(45)"
      >
        <rect width="6" height="6" className={classes.ground} />
        <rect width="2.6" height="6" className={classes.planGround} />
      </pattern>
    </defs>
  );
}
