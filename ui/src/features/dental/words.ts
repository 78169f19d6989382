import type { DentalChart } from "../../ipc/bindings/DentalChart";
import type { DentalLineRead } from "../../ipc/bindings/DentalLineRead";
import type { DentalFinding } from "../../ipc/bindings/DentalFinding";
import type { DentalProcedure } from "../../ipc/bindings/DentalProcedure";
import type { DentalSite } from "../../ipc/bindings/DentalSite";
import type { Surface } from "../../ipc/bindings/Surface";
import { messages } from "../../messages";
import { isFront, isPrimary, isUpper, kindOf, quadrantOf } from "./teeth";

/** What a catalogue has for a code; the code itself, if it is not in there. */
const said = (words: Record<string, string>, code: string | number) => words[code] ?? String(code);

/** `lower left first molar` */
export function toothName(tooth: number): string {
  const { dental } = messages;
  const quadrant = isPrimary(tooth) ? quadrantOf(tooth) - 4 : quadrantOf(tooth);
  const kinds = isPrimary(tooth) ? dental.primaryKinds : dental.kinds;
  return dental.toothName(said(dental.quadrants, quadrant), said(kinds, kindOf(tooth)));
}

/** `Tooth 36, lower left first molar`, `Upper jaw` */
export function siteText({ tooth, region }: DentalSite): string {
  const { dental } = messages;
  return tooth === null
    ? said(dental.regions, region ?? "mouth")
    : dental.tooth(String(tooth), toothName(tooth));
}

/** The same, short: `36`, `Upper jaw`. */
export const siteShort = (site: DentalSite) => (site.tooth === null ? siteText(site) : String(site.tooth));

/** `palatal` of an upper tooth is what `lingual` is of a lower one. */
export function surfaceName(surface: Surface, tooth: number | null): string {
  const { surfaces } = messages.dental;
  if (tooth !== null && surface === "L" && isUpper(tooth)) return surfaces.palatal;
  if (tooth !== null && surface === "B" && isFront(tooth)) return surfaces.labial;
  return surfaces[surface];
}

const isSurface = (letter: string): letter is Surface => "MOIDBL".includes(letter);

/** `mesial occlusal` of `MO` */
const surfacesText = (letters: string, tooth: number | null) =>
  [...letters]
    .filter(isSurface)
    .map((surface) => surfaceName(surface, tooth))
    .join(" ");

const withSurfaces = (what: string, letters: string, { tooth }: DentalSite) =>
  [what, surfacesText(letters, tooth)].filter(Boolean).join(" ");

function conditionText(condition: string, grade: number | null): string {
  const { dental } = messages;
  const name = said(dental.conditions, condition);
  if (grade === null) return name;
  const isDepth = condition === "pocket" || condition === "recession";
  return `${name} ${isDepth ? dental.millimetres(String(grade)) : dental.grade(String(grade))}`;
}

const procedureName = (code: string | null, name: string) =>
  code === null
    ? name
    : (Object.entries(messages.dental.procedures).find(([known]) => known === code)?.[1] ?? name);

export const statusText = (status: string) => said(messages.dental.statuses, status);
export const stepText = (step: string) => said(messages.dental.steps, step);

/** `caries in dentine mesial occlusal` */
export const findingText = ({ condition, grade, surfaces, site }: Omit<DentalFinding, "id">) =>
  withSurfaces(conditionText(condition, grade), surfaces, site);

/** `filling mesial occlusal` */
export const procedureText = ({ code, name, surfaces, site }: DentalProcedure) =>
  withSurfaces(procedureName(code, name), surfaces, site);

/** Where an entry is and what it says: `36: root canal treatment`. */
export const entryText = (entry: DentalFinding | DentalProcedure) =>
  `${siteShort(entry.site)}: ${"condition" in entry ? findingText(entry) : procedureText(entry)}`;

const isOpen = ({ status }: DentalProcedure) => status !== "cancelled";

/** What is known of a tooth, in words, and null if nothing is. */
function knownOf(chart: Pick<DentalChart, "findings" | "procedures">, tooth: number): string | null {
  const { dental } = messages;
  const differs = (isDisputed: boolean) => (isDisputed ? ` (${dental.differsRead})` : "");
  const findings = chart.findings
    .filter(({ site, status }) => site.tooth === tooth && status === "active")
    .map((one) => findingText(one) + differs(one.isDisputed));
  const procedures = chart.procedures
    .filter((one) => one.site.tooth === tooth && isOpen(one))
    .map((one) => `${procedureText(one)} ${statusText(one.status)}${differs(one.isDisputed)}`);
  const all = [...findings, ...procedures];
  return all.length === 0 ? null : all.join("; ");
}

/** `36, lower left first molar: caries in dentine mesial occlusal; root canal treatment planned` */
export function toothRead(chart: Pick<DentalChart, "findings" | "procedures">, tooth: number): string {
  const { dental } = messages;
  const wasCharted = [...chart.findings, ...chart.procedures].some(({ site }) => site.tooth === tooth);
  const nothing = wasCharted ? dental.nothingNow : dental.nothing;
  return dental.toothRead(String(tooth), toothName(tooth), knownOf(chart, tooth) ?? nothing);
}

/** The teeth of which something is known, by number. */
export function knownTeeth({ findings, procedures, teeth }: DentalChart): number[] {
  const numbers = [...findings, ...procedures].map(({ site }) => site.tooth);
  const known = new Set([...teeth.map(({ tooth }) => tooth), ...numbers.filter((tooth) => tooth !== null)]);
  return [...known].toSorted((one, other) => one - other);
}

/** A line as it is said back: where, and what. */
export function lineText({ site, surfaces, entry, note }: DentalLineRead): { where: string; what: string } {
  if (site === null) return { where: "", what: "" };
  const { dental } = messages;
  const about = (what: string) => withSurfaces(what, surfaces, site);
  const isPlan = entry?.kind === "procedure" && !entry.isDone;
  const what =
    entry === null
      ? about("")
      : entry.kind === "finding"
        ? about(conditionText(entry.condition, entry.grade))
        : `${about(procedureName(entry.code, entry.name))} ${isPlan ? dental.statuses.planned : dental.doneNow}`;
  return { where: siteText(site), what: [what, note].filter(Boolean).join(" · ") };
}
