import type { Backend } from "./backend";
import type { CommandError } from "./bindings/CommandError";
import type { ShortKey } from "./bindings/ShortKey";
import type { ShortKeyForm } from "./bindings/ShortKeyForm";
import { type Answer, medicines } from "./fake-data";
import { readFakeDosage, readFakeLine } from "./fake-dosage";

const empty: ShortKeyForm = {
  key: "",
  title: "",
  isPhrase: false,
  isOwn: true,
  lines: "",
  diagnoses: "",
  advice: "",
  investigations: "",
  followUp: "",
  minAgeMonths: null,
  maxAgeMonths: null,
  sex: null,
  notWith: "",
};

const itemOf = (line: string) => {
  const { medicine, dose, choice } = readFakeLine(line, medicines);
  const id = choice.kind === "chosen" ? choice.medicine.id : null;
  return {
    medicineId: id,
    medicineText:
      choice.kind === "chosen" ? `${choice.medicine.genericName} ${choice.medicine.strengthText}` : medicine,
    doseText: dose,
    kept: [],
    source: "short_key" as const,
    noSubstitution: false,
  };
};
const invalid = (detail: string): CommandError => ({ code: "invalid", detail });
const linesOf = (form: ShortKeyForm) => form.lines.split("\n").filter((line) => line.trim() !== "");

type Commands =
  | "findShortKeys"
  | "expandShortKey"
  | "listPhrases"
  | "listShortKeys"
  | "saveShortKey"
  | "removeShortKey"
  | "testShortKey";

/** Two keys to begin with, and the editor's commands. `allergiesOf` names what a patient is allergic to. */
export function fakeShortKeys(
  answer: Answer,
  allergiesOf: (patient: string) => string[],
): Pick<Backend, Commands> {
  const keys: ShortKey[] = [
    {
      id: "k1",
      isShadowed: false,
      form: {
        ...empty,
        key: "urti",
        title: "Cold and cough",
        isOwn: false,
        lines: "Paracetamol 650 mg 1-1-1 x3d pc\nCetirizine 10 mg 0-0-1 x5d",
        advice: "Warm fluids",
        followUp: "5d",
      },
    },
    {
      id: "k2",
      isShadowed: false,
      form: { ...empty, key: "fluids", title: "Fluids", isPhrase: true, advice: "Drink three litres a day" },
    },
  ];
  const against = (patient: string, { form }: ShortKey) =>
    allergiesOf(patient).find((name) => form.notWith.split("\n").includes(name));
  const regimens = () => keys.filter((key) => !key.form.isPhrase);
  return {
    findShortKeys: (patient, typed) =>
      answer("findShortKeys", () =>
        regimens()
          .filter((key) => key.form.key.startsWith(typed.replace("/", "")) && !against(patient, key))
          .map(({ form }) => ({
            key: form.key,
            title: form.title,
            items: linesOf(form).length,
            isOwn: form.isOwn,
          })),
      ),
    expandShortKey: (patient, typed, draft) =>
      answer("expandShortKey", () => {
        const found = regimens().find((key) => key.form.key === typed.replace("/", ""));
        if (!found) throw invalid(`No key ${typed}. Did you mean /urti?`);
        const noted = against(patient, found);
        if (noted) throw invalid(`${typed} is not for this patient, who is allergic: ${noted}.`);
        return {
          ...draft,
          items: [...draft.items, ...linesOf(found.form).map(itemOf)],
          advice: draft.advice || found.form.advice,
          followUp: draft.followUp || found.form.followUp,
        };
      }),
    listPhrases: () =>
      answer("listPhrases", () =>
        keys.filter((key) => key.form.isPhrase).map(({ form }): [string, string] => [form.key, form.advice]),
      ),
    listShortKeys: () => answer("listShortKeys", () => keys.map((key) => ({ ...key }))),
    saveShortKey: (opened, form) =>
      answer("saveShortKey", () => {
        if (form.title === "") throw invalid("The title is missing. Nothing was saved yet.");
        const [id, seen] = opened ?? [null, null];
        const old = keys.find((key) => key.id === id);
        if (old && JSON.stringify(old.form) !== JSON.stringify(seen))
          throw invalid("This short key was changed meanwhile: open it anew. Nothing was saved yet.");
        if (old) old.form = form;
        else keys.push({ id: `k${keys.length + 1}`, isShadowed: false, form });
        return id ?? `k${keys.length}`;
      }),
    removeShortKey: (id) =>
      answer("removeShortKey", () => {
        keys.splice(
          keys.findIndex((key) => key.id === id),
          1,
        );
      }),
    testShortKey: (form) =>
      answer("testShortKey", () => {
        const lines = linesOf(form).map((line) => {
          const item = itemOf(line);
          const view = {
            title: item.medicineText.toUpperCase(),
            medicineText: item.medicineText,
            noSubstitution: false,
            stoppedAt: null,
            stopReason: null,
          };
          try {
            const read = readFakeDosage(item.doseText, "tablet");
            return { ...view, doseText: item.doseText, directions: read.words, quantity: read.quantity };
          } catch {
            return { ...view, doseText: "", directions: "Not understood.", quantity: null };
          }
        });
        const amoxicillin = linesOf(form).find((line) => line.toLowerCase().includes("amoxicillin"));
        return {
          lines,
          isReadable: lines.every((line) => line.doseText !== ""),
          notChecked: lines.map((line) => line.medicineText).filter((name) => name.startsWith("Rasayana")),
          findings: amoxicillin
            ? [
                {
                  who: "Someone allergic to penicillins",
                  medicine: "Amoxicillin 500 mg",
                  why: "Amoxicillin is a penicillin.",
                  isHeld: true,
                },
              ]
            : [],
        };
      }),
  };
}
