import type { Surface } from "../../ipc/bindings/Surface";
import { isFront, isMolar, isRight, isUpper, kindOf, type Place, surfacesOf } from "./teeth";

// A column from the outside in, as an upper tooth has it: the lower one is its mirror image.
const NUMBER = 10;
const CODE = 26;
export const ROOTS = 34;
export const NECK = ROOTS + 70;
export const CROWN_END = NECK + 43;
const BOX = CROWN_END + 8;
const BOX_SIZE = 40;
const SMALL_NUMBER = BOX + BOX_SIZE + 14;
const SMALL_BOX = SMALL_NUMBER + 8;
const SMALL_BOX_SIZE = 28;
const SMALL_CODE = SMALL_BOX + SMALL_BOX_SIZE + 9;
const HALF_WITH_SMALL = 270;
const HALF = BOX + BOX_SIZE + 12;

/** How high the drawing is: both jaws, and between them the primary teeth if both are drawn. */
export const heightOf = (hasSmall: boolean) => 2 * (hasSmall ? HALF_WITH_SMALL : HALF);

export const numberAt = ({ isSmall }: Place) => (isSmall ? SMALL_NUMBER : NUMBER);
export const codeAt = ({ isSmall }: Place) => (isSmall ? SMALL_CODE : CODE);

/** The column of a tooth, to be pointed at. */
export const columnOf = ({ x, width, isSmall }: Place) => ({
  x: x - width / 2 + 1,
  y: isSmall ? SMALL_NUMBER - 7 : 2,
  width: width - 2,
  height: isSmall ? SMALL_CODE + 5 - (SMALL_NUMBER - 7) : BOX + BOX_SIZE + 4,
});

/** The square of the surfaces. */
export function boxOf({ x, isSmall }: Place): { x: number; y: number; size: number } {
  const size = isSmall ? SMALL_BOX_SIZE : BOX_SIZE;
  return { x: x - size / 2, y: isSmall ? SMALL_BOX : BOX, size };
}

const path = (...points: [number, number][]) => `M${points.map((point) => point.join(",")).join("L")}Z`;

/** The four corners of a surface, as a path. */
export function surfacePath(place: Place, surface: Surface): string {
  const { x, y, size } = boxOf(place);
  const [insetX, insetY] = isFront(place.tooth) ? [0.3, 0.42] : [0.29, 0.29];
  const [left, right] = [x + size * insetX, x + size * (1 - insetX)];
  const [top, bottom] = [y + size * insetY, y + size * (1 - insetY)];
  const [end, foot] = [x + size, y + size];
  const outer = path([x, y], [end, y], [right, top], [left, top]);
  const inner = path([x, foot], [end, foot], [right, bottom], [left, bottom]);
  const sides = {
    left: path([x, y], [left, top], [left, bottom], [x, foot]),
    right: path([end, y], [right, top], [right, bottom], [end, foot]),
  };
  // The mesial surface looks to the middle.
  const [mesial, distal] = isRight(place.tooth) ? [sides.right, sides.left] : [sides.left, sides.right];
  const middle = path([left, top], [right, top], [right, bottom], [left, bottom]);
  return { M: mesial, D: distal, B: outer, L: inner, O: middle, I: middle }[surface];
}

export const surfacePaths = (place: Place) =>
  surfacesOf(place.tooth).map((surface): [Surface, string] => [surface, surfacePath(place, surface)]);

const crownHalf = ({ width }: Place) => width * 0.43;

/** The crown from the side: molars and premolars with cusps, canines with a tip, incisors with an edge. */
export function crownPath(place: Place): string {
  const { x, tooth } = place;
  const half = crownHalf(place);
  const neck = half * 0.86;
  const foot = half * 0.84;
  const end = CROWN_END;
  const sides = `M${x - neck},${NECK}Q${x},${NECK - 5} ${x + neck},${NECK}C${x + half},${NECK + 12} ${x + half},${NECK + 26} ${x + foot},${end - 4}`;
  const back = `C${x - half},${NECK + 26} ${x - half},${NECK + 12} ${x - neck},${NECK}Z`;
  if (kindOf(tooth) === 3) return `${sides}L${x},${end + 2}L${x - foot},${end - 4}${back}`;
  if (isFront(tooth)) return `${sides}L${x - foot},${end - 4}${back}`;
  return `${sides}Q${x + half / 2},${end + 4} ${x},${end - 4}Q${x - half / 2},${end + 4} ${x - foot},${end - 4}${back}`;
}

export interface Root {
  path: string;
  /** Where its canal is drawn, from the crown to near the tip. */
  canal: string;
  tip: { x: number; y: number };
}

/** The roots: three of an upper molar, two of a lower one, else one. */
export function rootsOf(place: Place): Root[] {
  const { x, tooth } = place;
  const half = crownHalf(place) * 0.86;
  const root = (from: number, to: number, at: number, top: number): Root => {
    const [left, right, tip] = [x + half * from, x + half * to, x + half * at];
    return {
      path: `M${left},${NECK}C${left},${NECK - 34} ${tip - 5},${top + 14} ${tip},${top}C${tip + 5},${top + 14} ${right},${NECK - 34} ${right},${NECK}`,
      canal: `M${x + (half * (from + to)) / 2},${NECK - 2}L${tip},${top + 9}`,
      tip: { x: tip, y: top },
    };
  };
  if (!isMolar(tooth)) return [root(-1, 1, 0, ROOTS)];
  if (isUpper(tooth))
    return [root(-0.4, 0.4, 0, ROOTS + 9), root(-1, -0.2, -0.72, ROOTS), root(0.2, 1, 0.72, ROOTS)];
  return [root(-1, 0, -0.58, ROOTS), root(0, 1, 0.58, ROOTS)];
}

/** The screw of an implant, in place of the roots. */
export function screwPath({ x }: Place): string {
  const top = ROOTS + 8;
  const threads = Array.from({ length: 6 }, (_, turn) => {
    const y = top + 8 + turn * 9;
    return `M${x - 9},${y + 3}L${x + 9},${y - 3}`;
  });
  return `M${x - 6},${NECK}L${x - 5},${top + 4}Q${x},${top - 4} ${x + 5},${top + 4}L${x + 6},${NECK}${threads.join("")}`;
}

/** The outline of a tooth that is not there, and the cross in it. */
export function absentOf(place: Place) {
  const half = crownHalf(place);
  const box = { x: place.x - half, y: ROOTS + 6, width: 2 * half, height: CROWN_END - ROOTS - 8 };
  const [left, right] = [place.x - half * 0.66, place.x + half * 0.66];
  const [top, bottom] = [box.y + box.height / 2 - 26, box.y + box.height / 2 + 26];
  return { box, cross: `M${left},${top}L${right},${bottom}M${right},${top}L${left},${bottom}` };
}

/** A break across the crown. */
export function fracturePath(place: Place): string {
  const half = crownHalf(place) * 0.7;
  const y = NECK + 22;
  const at = (part: number, up: number) => `${place.x + half * part},${y + up}`;
  return `M${at(-1, 6)}L${at(-0.45, -6)}L${at(0, 6)}L${at(0.45, -6)}L${at(1, 4)}`;
}
