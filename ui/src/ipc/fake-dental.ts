import type { Backend } from "./backend";
import type { CommandError } from "./bindings/CommandError";
import type { DentalChart } from "./bindings/DentalChart";
import type { DentalEntry } from "./bindings/DentalEntry";
import type { DentalLineRead } from "./bindings/DentalLineRead";
import type { DentalFinding } from "./bindings/DentalFinding";
import type { DentalProcedure } from "./bindings/DentalProcedure";
import type { DentalSite } from "./bindings/DentalSite";
import type { SurfaceMark } from "./bindings/SurfaceMark";
import type { ToothCode } from "./bindings/ToothCode";
import type { ToothView } from "./bindings/ToothView";
import type { Around, FakePatient } from "./fake-clinic";
import { type Answer, today } from "./fake-data";

type Commands = Pick<
  Backend,
  "getDental" | "readDentalLine" | "addDentalLine" | "stepFinding" | "stepProcedure"
>;

const conditions: Record<string, string> = {
  c: "caries_dentine",
  cp: "caries_pulp",
  f: "filled_sound",
  "f!": "filled_defective",
  fx: "fracture_crown",
  x: "missing_extracted",
  m: "missing_extracted",
  ue: "unerupted",
  imp: "impacted",
  pl: "periapical_lesion",
  cr: "crown",
  im: "implant",
  s: "sealant",
  rct: "root_canal_treated",
  calc: "calculus",
  ging: "gingivitis",
};

const graded: Record<string, string> = { m: "mobility", fu: "furcation", pk: "pocket", rec: "recession" };

const procedureNames: Record<string, string> = {
  F: "Filling",
  RCT: "Root canal treatment",
  CR: "Crown",
  X: "Extraction",
  IM: "Implant",
  S: "Sealant",
  SC: "Scaling",
};

const regions: Record<string, DentalSite> = {
  ur: { kind: "quadrant", tooth: null, region: "q1" },
  ul: { kind: "quadrant", tooth: null, region: "q2" },
  ll: { kind: "quadrant", tooth: null, region: "q3" },
  lr: { kind: "quadrant", tooth: null, region: "q4" },
  upper: { kind: "arch", tooth: null, region: "upper" },
  lower: { kind: "arch", tooth: null, region: "lower" },
  mouth: { kind: "mouth", tooth: null, region: null },
};

const refuse = (detail: string): never => {
  throw { code: "invalid", detail } satisfies CommandError;
};

function siteOf(word: string, isLast: boolean): DentalSite | null {
  const isTooth = /^[1-4][1-8]$|^[5-8][1-5]$/.test(word);
  if (isTooth) return { kind: "tooth", tooth: Number(word), region: null };
  if (/^\d/.test(word))
    return isLast && /^[1-8]$/.test(word) ? null : refuse("There is no tooth with this number.");
  if (regions[word]) return regions[word];
  return isLast && Object.keys(regions).some((known) => known.startsWith(word))
    ? null
    : refuse("Begin with a tooth, such as 36, with ur, ul, ll or lr, upper, lower or mouth.");
}

function stored(typed: string, tooth: number): string {
  const middle = tooth % 10 <= 3 ? "I" : "O";
  const same: Record<string, string> = { o: middle, i: middle, v: "B", f: "B", p: "L" };
  const meant = [...typed].map((letter) => same[letter] ?? letter.toUpperCase());
  return [..."MOIDBL"].filter((surface) => meant.includes(surface)).join("");
}

const unknownCode = "This code is not known. Some that are: c caries, f filling, x extracted.";

function findingOf(word: string): DentalEntry | null {
  const [, letters = "", figure] = /^(.*?)(\d*)$/.exec(word) ?? [];
  const condition = figure ? graded[letters] : conditions[word];
  if (condition) return { kind: "finding", condition, grade: figure ? Number(figure) : null };
  const begun = [...Object.keys(conditions), ...Object.keys(graded), "plan", "done"];
  return begun.some((code) => code.startsWith(word)) ? null : refuse(unknownCode);
}

function procedureOf(words: string[], isDone: boolean): DentalEntry | null {
  const typed = words.join(" ");
  const name = procedureNames[typed.toUpperCase()];
  if (name) return { kind: "procedure", code: typed.toUpperCase(), name, isDone };
  if (typed.length < 3) return null;
  return { kind: "procedure", code: null, name: typed.charAt(0).toUpperCase() + typed.slice(1), isDone };
}

/** Reads a line as the program does, with fewer codes. */
function readLine(text: string): DentalLineRead {
  const [said = "", note = ""] = text.split("//");
  const [first, ...words] = said.toLowerCase().split(/\s+/).filter(Boolean);
  const read: DentalLineRead = { site: null, surfaces: "", entry: null, note: note.trim() };
  if (first === undefined) return read;
  read.site = siteOf(first, words.length === 0);
  if (!read.site) return read;
  const [maybe = "", next] = words;
  if (/^[moidblvfp]+$/.test(maybe) && (!(maybe in conditions) || (next !== undefined && !/^\d/.test(next)))) {
    words.shift();
    if (read.site.tooth === null) refuse("Only a tooth has surfaces.");
    else read.surfaces = stored(maybe, read.site.tooth);
  }
  const [what, ...rest] = words;
  if (what === "plan" || what === "done") read.entry = procedureOf(rest, what === "done");
  else if (what !== undefined) read.entry = rest.length > 0 ? refuse(unknownCode) : findingOf(what);
  return read;
}

const nextOf: Record<DentalProcedure["status"], DentalProcedure["next"]> = {
  planned: ["accepted", "in_progress", "completed", "referred", "cancelled", "entered_in_error"],
  accepted: ["planned", "in_progress", "completed", "referred", "cancelled", "entered_in_error"],
  in_progress: ["completed", "referred", "cancelled", "failed", "entered_in_error"],
  referred: ["planned", "entered_in_error"],
  cancelled: ["planned", "entered_in_error"],
  completed: ["failed", "entered_in_error"],
  existing_here: ["failed", "entered_in_error"],
  existing_elsewhere: ["failed", "entered_in_error"],
  failed: ["entered_in_error"],
  entered_in_error: [],
};

const isUndone = ({ status }: DentalProcedure) =>
  status === "planned" || status === "accepted" || status === "in_progress";

const toneOf = (condition: string): ToothCode["tone"] =>
  /caries|defective|fracture|lesion/.test(condition) ? "disease" : "work";

const codeOf = (condition: string) =>
  Object.entries(conditions)
    .find(([, one]) => one === condition)?.[0]
    .toUpperCase() ?? condition.slice(0, 3).toUpperCase();

/** What is drawn of a tooth. */
function toothOf(tooth: number, findings: DentalFinding[], procedures: DentalProcedure[]): ToothView {
  const seen = findings.filter((one) => one.site.tooth === tooth && one.status === "active");
  const planned = procedures.filter((one) => one.site.tooth === tooth && isUndone(one));
  const done = procedures.filter((one) => one.site.tooth === tooth && one.status === "completed");
  const has = (condition: string) => seen.some((one) => one.condition === condition);
  const work = (condition: string, code: string) =>
    has(condition) || done.some((one) => one.code === code)
      ? "done"
      : planned.some((one) => one.code === code)
        ? "planned"
        : null;
  const marks: Record<string, SurfaceMark["mark"]> = {
    caries_dentine: "caries",
    caries_pulp: "caries",
    filled_sound: "filling",
    filled_defective: "filling_failing",
  };
  const surfaces = (["M", "O", "I", "D", "B", "L"] as const).flatMap((surface): SurfaceMark[] => {
    const found = seen.find((one) => marks[one.condition] && one.surfaces.includes(surface));
    const mark = found && marks[found.condition];
    if (mark) return [{ surface, mark }];
    const isPlanned = planned.some((one) => one.code === "F" && one.surfaces.includes(surface));
    return isPlanned ? [{ surface, mark: "planned" }] : [];
  });
  return {
    tooth,
    presence: has("missing_extracted")
      ? "missing"
      : has("impacted")
        ? "impacted"
        : has("unerupted")
          ? "not_erupted"
          : "present",
    surfaces,
    crown: work("crown", "CR"),
    rootCanal: work("root_canal_treated", "RCT"),
    implant: work("implant", "IM"),
    extraction: planned.some((one) => one.code === "X") ? "planned" : null,
    hasSealant: has("sealant"),
    hasLesion: has("periapical_lesion"),
    isFractured: has("fracture_crown"),
    codes: [
      ...seen.map((one) => ({ text: codeOf(one.condition), tone: toneOf(one.condition) })),
      ...planned.map((one) => ({ text: `plan ${one.code ?? one.name}`, tone: "plan" as const })),
    ],
  };
}

/** The teeth of the fake clinic's patients. */
export function fakeDental(answer: Answer, patientOf: (id: string) => FakePatient, around: Around) {
  const kept = new Map<string, { findings: DentalFinding[]; procedures: DentalProcedure[] }>();
  let last = 0;
  const of = (patientId: string) => {
    const found = kept.get(patientId) ?? { findings: [], procedures: [] };
    kept.set(patientId, found);
    return found;
  };
  const has = (role: string) => around.signedIn()?.roles.some((one) => one === role) === true;
  const changed = (patientId: string) => around.record("Tooth chart changed", patientOf(patientId).summary);
  const chartOf = (patientId: string): DentalChart => {
    const { findings, procedures } = of(patientId);
    const mayChart = has("dentist") || has("nurse");
    const teeth = new Set([...findings, ...procedures].flatMap(({ site }) => site.tooth ?? []));
    return {
      mayChart,
      mayComplete: has("dentist"),
      showsPrimary: [...teeth].some((tooth) => tooth > 50),
      teeth: [...teeth]
        .sort((one, other) => one - other)
        .map((tooth) => toothOf(tooth, findings, procedures)),
      findings: findings.map((one) => ({ ...one })),
      procedures: procedures.map((one) => ({
        ...one,
        next: mayChart ? nextOf[one.status].filter((step) => step !== "completed" || has("dentist")) : [],
      })),
    };
  };
  const add = (patientId: string, text: string) => {
    const { site, surfaces, entry, note } = readLine(text);
    if (!site || !entry) return refuse("This line is not finished. Nothing was added.");
    last += 1;
    const shared = { site, surfaces, note, by: around.signedIn()?.fullName ?? "", isDisputed: false };
    const { findings, procedures } = of(patientId);
    if (entry.kind === "finding")
      findings.unshift({
        ...shared,
        id: `o${last}`,
        condition: entry.condition,
        grade: entry.grade,
        status: "active",
        observedOn: today(),
      });
    else
      procedures.push({
        ...shared,
        id: `pr${last}`,
        code: entry.code,
        name: entry.name,
        status: entry.isDone ? "completed" : "planned",
        next: [],
        plannedOn: entry.isDone ? null : today(),
        startedOn: null,
        completedOn: entry.isDone ? today() : null,
      });
    return changed(patientId);
  };
  /** Changes one entry wherever it is; without it, if it was an error. */
  const change = <One extends { id: string }>(
    listOf: (one: { findings: DentalFinding[]; procedures: DentalProcedure[] }) => One[],
    id: string,
    to: Partial<NoInfer<One>> | null,
  ) => {
    for (const [patientId, entries] of kept) {
      const list = listOf(entries);
      const place = list.findIndex((one) => one.id === id);
      const found = list[place];
      if (!found) continue;
      if (to === null) list.splice(place, 1);
      else list[place] = { ...found, ...to };
      changed(patientId);
    }
  };
  const commands: Commands = {
    getDental: (patientId) => answer("getDental", () => chartOf(patientId)),
    readDentalLine: (text) => answer("readDentalLine", () => readLine(text)),
    addDentalLine: (patientId, text) => answer("addDentalLine", () => add(patientId, text)),
    stepFinding: (id, _seen, next) =>
      answer("stepFinding", () =>
        change<DentalFinding>(
          (one) => one.findings,
          id,
          next === "entered_in_error" ? null : { status: next },
        ),
      ),
    stepProcedure: (id, _seen, next) =>
      answer("stepProcedure", () =>
        change<DentalProcedure>(
          (one) => one.procedures,
          id,
          next === "entered_in_error"
            ? null
            : { status: next, ...(next === "completed" ? { completedOn: today() } : {}) },
        ),
      ),
  };
  return commands;
}
