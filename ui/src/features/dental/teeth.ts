import type { Surface } from "../../ipc/bindings/Surface";

/** Which teeth are drawn. */
export type Which = "adult" | "primary" | "both";

/** A tooth in its place in the drawing. */
export interface Place {
  /** Its FDI number. */
  tooth: number;
  /** The middle of its column. */
  x: number;
  width: number;
  isUpper: boolean;
  /** Only its surfaces and numbers are drawn: it stands under the tooth that replaces it. */
  isSmall: boolean;
}

export const WIDTH = 904;
const MIDLINE = WIDTH / 2;
const GAP = 20;

export const quadrantOf = (tooth: number) => Math.floor(tooth / 10);
/** The tooth counted from the middle. */
export const kindOf = (tooth: number) => tooth % 10;
export const isPrimary = (tooth: number) => quadrantOf(tooth) > 4;
export const isFront = (tooth: number) => kindOf(tooth) <= 3;
export const isMolar = (tooth: number) => kindOf(tooth) >= (isPrimary(tooth) ? 4 : 6);
export const isUpper = (tooth: number) => [1, 2, 5, 6].includes(quadrantOf(tooth));
/** Drawn left of the middle: the patient's right. */
export const isRight = (tooth: number) => [1, 4, 5, 8].includes(quadrantOf(tooth));

/** The surfaces of a tooth, in the order in which they are written. */
export const surfacesOf = (tooth: number): Surface[] => ["M", isFront(tooth) ? "I" : "O", "D", "B", "L"];

function widthOf(tooth: number, isSmall: boolean): number {
  if (isSmall) return isFront(tooth) ? 36 : 42;
  if (isMolar(tooth)) return 64;
  if (kindOf(tooth) === 3) return 48;
  return kindOf(tooth) < 3 ? 46 : 52;
}

/** A row from left to right, counted from the middle on both sides. */
function row(right: number, left: number, last: number, isSmall: boolean): Place[] {
  const half = (quadrant: number, way: number) => {
    let edge = MIDLINE + (way * GAP) / 2;
    return Array.from({ length: last }, (_, place): Place => {
      const tooth = quadrant * 10 + place + 1;
      const width = widthOf(tooth, isSmall);
      const x = edge + (way * width) / 2;
      edge += way * width;
      return { tooth, x, width, isUpper: isUpper(tooth), isSmall };
    });
  };
  return [...half(right, -1).toReversed(), ...half(left, 1)];
}

const adult = [row(1, 2, 8, false), row(4, 3, 8, false)];
const primary = [row(5, 6, 5, false), row(8, 7, 5, false)];
/** Each primary tooth stands in the column of the one that replaces it. */
const between = [row(5, 6, 5, true), row(8, 7, 5, true)];

/** Rows from above, each from left to right. */
export function rowsOf(which: Which): Place[][] {
  if (which === "adult") return adult;
  if (which === "primary") return primary;
  const [upper = [], lower = []] = adult;
  const [upperPrimary = [], lowerPrimary = []] = between;
  return [upper, upperPrimary, lowerPrimary, lower];
}

export type Arrow = "ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown" | "Home" | "End";

/** Where an arrow leads from a tooth: along its row, or to the nearest tooth of the next one. */
export function neighbour(rows: Place[][], tooth: number, arrow: Arrow): number {
  const at = rows.findIndex((one) => one.some((place) => place.tooth === tooth));
  const own = rows[at] ?? [];
  const place = own.findIndex((one) => one.tooth === tooth);
  const from = own[place];
  if (!from) return tooth;
  if (arrow === "Home") return own[0]?.tooth ?? tooth;
  if (arrow === "End") return own.at(-1)?.tooth ?? tooth;
  if (arrow === "ArrowLeft" || arrow === "ArrowRight")
    return own[place + (arrow === "ArrowLeft" ? -1 : 1)]?.tooth ?? tooth;
  const next = rows[at + (arrow === "ArrowUp" ? -1 : 1)] ?? [];
  const distance = (one: Place) => Math.abs(one.x - from.x);
  return next.toSorted((one, other) => distance(one) - distance(other))[0]?.tooth ?? tooth;
}

const BARE = /^\s*(\d\d)(?:\s+([moidblvfp]+))?\s*$/i;

/** A line in which nothing is said yet but a tooth, with surfaces or without: another tooth may take its place. */
export function bareOf(text: string): { tooth: number; surfaces: string } | null {
  const [, tooth, surfaces = ""] = BARE.exec(text) ?? [];
  return tooth === undefined ? null : { tooth: Number(tooth), surfaces };
}

/** Whether nothing would be lost with this line. */
export const isBare = (text: string) => /^\s*\d?\s*$/.test(text) || bareOf(text) !== null;

/** Surfaces as they are typed, as letters of this tooth. */
function lettersOf(tooth: number, typed: string): Surface[] {
  const letters = [...typed.toUpperCase()].map(
    (letter) =>
      ({ O: isFront(tooth) ? "I" : "O", I: isFront(tooth) ? "I" : "O", V: "B", F: "B", P: "L" })[letter] ??
      letter,
  );
  return surfacesOf(tooth).filter((surface) => letters.includes(surface));
}

/** The surfaces that a bare line names of this tooth. */
export function markedIn(text: string, tooth: number): Surface[] {
  const bare = bareOf(text);
  return bare?.tooth === tooth ? lettersOf(tooth, bare.surfaces) : [];
}

/** The line with this surface in it, or without it if it was. */
export function toggled(text: string, tooth: number, surface: Surface): string {
  const marked = markedIn(text, tooth);
  const next = surfacesOf(tooth).filter((one) => marked.includes(one) !== (one === surface));
  return next.length === 0 ? `${tooth} ` : `${tooth} ${next.join("").toLowerCase()} `;
}
