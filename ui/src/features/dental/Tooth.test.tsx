import { render } from "@testing-library/react";
import { expect, test } from "vitest";
import type { ToothCode } from "../../ipc/bindings/ToothCode";
import type { DentalChart } from "../../ipc/bindings/DentalChart";
import type { ToothView } from "../../ipc/bindings/ToothView";
import { messages, speak } from "../../messages";
import { rowsOf } from "./teeth";
import { codesShown, sound, Tooth } from "./Tooth";
import { toothRead } from "./words";

/** A tooth as it is drawn. */
function draw(view: Partial<ToothView>) {
  const tooth = view.tooth ?? 36;
  const place = rowsOf("adult")
    .flat()
    .find((one) => one.tooth === tooth);
  if (!place) throw new Error("BUG: no such tooth");
  const { container } = render(
    <svg>
      <Tooth
        place={place}
        view={{ tooth: 36, ...sound, ...view }}
        name={String(tooth)}
        height={414}
        isChosen={false}
        isInTab={false}
        isDisputed={false}
        marked={null}
        unit={1}
      />
    </svg>,
  );
  const surface = (letter: string) => container.querySelector<SVGElement>(`[data-surface="${letter}"]`);
  return {
    text: container.textContent,
    parts: [...container.querySelectorAll<SVGElement>("[data-part]")].map((one) => one.dataset["part"]),
    count: (part: string) => container.querySelectorAll(`[data-part="${part}"]`).length,
    fill: (letter: string) => surface(letter)?.style.fill,
    mark: (letter: string) => surface(letter)?.dataset["mark"],
    at: (letter: string) => surface(letter)?.getAttribute("d"),
  };
}

test("caries is the only solid fill; a filling is dotted, what is planned is striped", () => {
  const drawn = draw({
    surfaces: [
      { surface: "M", mark: "caries" },
      { surface: "O", mark: "filling" },
      { surface: "D", mark: "filling_failing" },
      { surface: "B", mark: "planned" },
    ],
  });
  expect(["M", "O", "D", "B", "L"].map(drawn.fill)).toEqual([
    "var(--red)",
    'url("#dental-dots")',
    'url("#dental-faint-dots")',
    'url("#dental-stripes")',
    "",
  ]);
});

const end = (path: string | null | undefined) => Number(/^M([\d.]+)/.exec(path ?? "")?.[1]);

test("the mesial surface looks to the middle, and front teeth have an edge in place of the chewing surface", () => {
  const left = draw({ tooth: 36 });
  expect(end(left.at("M"))).toBeLessThan(end(left.at("D")));
  const right = draw({ tooth: 46 });
  expect(end(right.at("M"))).toBeGreaterThan(end(right.at("D")));
  expect(left.at("I")).toBeUndefined();
  const front = draw({ tooth: 11 });
  expect(front.at("O")).toBeUndefined();
  expect(front.at("I")).toBeTruthy();
});

test.each([
  ["a crown", { crown: "done" }, "crown-done"],
  ["a planned crown", { crown: "planned" }, "crown-planned"],
  ["a root canal", { rootCanal: "done" }, "root-canal-done"],
  ["a planned root canal", { rootCanal: "planned" }, "root-canal-planned"],
  ["an implant", { implant: "done", presence: "missing" }, "implant-done"],
  ["a planned implant", { implant: "planned", presence: "missing" }, "implant-planned"],
  ["a planned extraction", { extraction: "planned" }, "extraction-planned"],
  ["a lesion at the root", { hasLesion: true }, "lesion"],
  ["a fracture", { isFractured: true }, "fracture"],
  ["a sealant", { hasSealant: true }, "sealant"],
  ["a tooth that is missing", { presence: "missing" }, "missing"],
  ["a tooth that has not erupted", { presence: "not_erupted" }, "hidden"],
  ["an impacted tooth", { presence: "impacted" }, "hidden"],
] satisfies [string, Partial<ToothView>, string][])("%s is drawn", (_, view, part) => {
  expect(draw(view).parts).toContain(part);
  expect(draw({}).parts).toEqual([]);
});

const canals = (tooth: number) => draw({ tooth, rootCanal: "done" }).count("root-canal-done");

test("a root canal runs through every root: two of a lower molar, three of an upper one, else one", () => {
  expect([canals(36), canals(16), canals(14), canals(11)]).toEqual([2, 3, 1, 1]);
});

test("where an implant stands, the tooth is not drawn as missing", () => {
  const { parts } = draw({ implant: "done", presence: "missing" });
  expect(parts).not.toContain("missing");
});

const coded = (texts: string[], tone: ToothCode["tone"] = "disease") => texts.map((text) => ({ text, tone }));
const shown = (codes: string[], width = 64) =>
  codesShown(coded(codes), width, 1)
    .map(({ text }) => text)
    .join("");

test("codes stand with the number: two if there is room, and how many more there are", () => {
  expect(draw({ codes: coded(["C", "RCT"]) }).text).toBe("36C · RCT");
  expect(shown(["C", "RCT", "PL"])).toBe("C · RCT +1");
  expect(shown(["C", "RCT", "PL"], 46)).toBe("C +2");
  expect(shown(["plan RCT", "plan CR"])).toBe("plan RCT +1");
  expect(shown(["plan Gingivectomy"])).toBe("plan Gingi…");
  expect(codesShown(coded(["plan F"], "plan"), 46, 1)).toEqual(coded(["plan F"], "plan"));
});

const site = { kind: "tooth", tooth: 36, region: null } as const;
const chart: Pick<DentalChart, "findings" | "procedures"> = {
  findings: [
    {
      id: "o1",
      site,
      surfaces: "MO",
      condition: "caries_dentine",
      grade: null,
      status: "active",
      observedOn: "2026-11-23",
      note: "",
      by: "Dr. Vikram Shah",
      isDisputed: false,
    },
  ],
  procedures: [
    {
      id: "pr1",
      site,
      surfaces: "",
      code: "RCT",
      name: "Root canal treatment",
      status: "planned",
      next: [],
      plannedOn: null,
      startedOn: null,
      completedOn: null,
      note: "",
      by: "Dr. Vikram Shah",
      isDisputed: true,
    },
  ],
};

test("a tooth is read out with its place in the mouth and all that is known of it", () => {
  expect(toothRead(chart, 36)).toBe(
    "36, lower left first molar: caries in dentine mesial occlusal; root canal treatment planned (waits for a decision)",
  );
  expect(toothRead(chart, 55)).toBe("55, upper right primary second molar: nothing charted");
  speak("hi");
  expect(toothRead(chart, 36)).toContain("36, निचला बायाँ पहला मोलर: डेंटिन में कैरीज़ मीज़ियल ऑक्लूज़ल");
});

test("what is over or was given up is not read out as being there", () => {
  const [finding] = chart.findings;
  const [procedure] = chart.procedures;
  if (!finding || !procedure) throw new Error("BUG: nothing charted");
  const after = {
    findings: [{ ...finding, status: "resolved" as const }],
    procedures: [{ ...procedure, status: "cancelled" as const }],
  };
  expect(toothRead(after, 36)).toBe(`36, lower left first molar: ${messages.dental.nothingNow}`);
});
