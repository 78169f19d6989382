import type { Backend } from "./backend";
import type { Allergen } from "./bindings/Allergen";
import type { AllergyForm } from "./bindings/AllergyForm";
import type { AllergyView } from "./bindings/AllergyView";
import type { CommandError } from "./bindings/CommandError";
import type { Diagnosis } from "./bindings/Diagnosis";
import type { Measured } from "./bindings/Measured";
import type { PatientForm } from "./bindings/PatientForm";
import type { Answer } from "./fake-data";

const allergens: Allergen[] = [
  { name: "Penicillins", code: "penicillin", isClass: true, brand: null },
  { name: "Sulfonamides", code: "sulfonamide", isClass: true, brand: null },
  { name: "NSAIDs", code: "nsaid", isClass: true, brand: null },
  { name: "Amoxicillin", code: "Amoxicillin", isClass: false, brand: "Mox" },
  { name: "Diclofenac", code: "Diclofenac", isClass: false, brand: null },
];

/** What the fake knows of a patient beyond single visits. */
export class FakeKnown {
  allergies: AllergyView[] = [];
  conditions: Diagnosis[] = [];
  measured: Measured[] = [];
  isAsked = false;

  note(form: AllergyForm, notedOn = "2026-11-23") {
    const code = form.classCode ?? form.ingredientCode;
    this.allergies = [
      ...this.allergies,
      {
        id: `al${this.allergies.length}`,
        form,
        checkedBy: allergens.find((one) => one.code === code)?.name ?? null,
        notedOn,
        counts: form.status === "active",
        conflict: null,
      },
    ];
    this.sort();
  }

  change(id: string, form: AllergyForm) {
    this.allergies = this.allergies.map((one) =>
      one.id === id ? { ...one, form, counts: form.status === "active" } : one,
    );
    this.sort();
  }

  sort() {
    this.allergies = this.allergies.toSorted((a, b) => Number(b.counts) - Number(a.counts));
  }

  status(form: PatientForm): string {
    if (this.allergies.some((one) => one.counts)) return "has_allergies";
    if (this.isAsked) return "none_known";
    return form.allergyStatus === "has_allergies" && form.alerts === "" ? "unknown" : form.allergyStatus;
  }
}

const has = (list: Diagnosis[], one: Diagnosis) => list.some((other) => other.text === one.text);

export function nothingKnown(form: PatientForm): FakeKnown {
  const known = new FakeKnown();
  for (const allergy of form.allergies) known.note(allergy);
  return known;
}

/** The first patient has allergies, illnesses and a history of weights. */
export function knownOfFirst(): FakeKnown {
  const known = new FakeKnown();
  const allergy = { ingredientCode: null, certainty: "confirmed", status: "active" };
  known.note(
    {
      ...allergy,
      substance: "Penicillins",
      classCode: "penicillin",
      reaction: "anaphylaxis",
      severity: "severe",
    },
    "2019-06-12",
  );
  known.note(
    { ...allergy, substance: "Sulfonamides", classCode: "sulfonamide", reaction: "rash", severity: "mild" },
    "2022-03-02",
  );
  known.conditions = [
    { text: "Type 2 diabetes", icd10: "E11.9" },
    { text: "Hypertension", icd10: "I10" },
  ];
  const visits: [string, number, number, number][] = [
    ["2025-01-14", 158, 98, 72.1],
    ["2025-04-09", 152, 94, 71.4],
    ["2025-08-20", 148, 92, 70.6],
    ["2025-12-02", 144, 92, 70.2],
    ["2026-03-18", 146, 88, 69.4],
    ["2026-06-09", 140, 88, 69],
    ["2026-11-02", 138, 86, 68.4],
  ];
  known.measured = visits.map(([day, bpSys, bpDia, weightKg], place) => ({
    prescriptionId: `old${place}`,
    day,
    vitals: {
      bpSys,
      bpDia,
      pulse: 76 + place,
      tempC: place === 4 ? 38.4 : null,
      spo2: 97,
      rr: null,
      weightKg,
      heightCm: 159,
      sugar: null,
      headCm: null,
    },
    bmi: Math.round((weightKg / 1.59 ** 2) * 10) / 10,
  }));
  return known;
}

/** What the checks of the fake read. */
export const allergyWords = (patient: { form: PatientForm; known: FakeKnown }) =>
  [
    patient.form.alerts,
    ...patient.known.allergies.filter((one) => one.counts).map((one) => one.form.substance),
  ].join("; ");

interface Of {
  known: FakeKnown;
  record: (title: string) => void;
}

export function fakeKnown(
  answer: Answer,
  of: (id: string) => Of,
): Pick<Backend, "findAllergens" | "addAllergy" | "changeAllergy" | "noteNoAllergies" | "saveConditions"> {
  return {
    findAllergens: (typed) =>
      answer("findAllergens", () =>
        allergens.filter((one) =>
          `${one.name} ${one.brand ?? ""}`.toLowerCase().includes(typed.trim().toLowerCase()),
        ),
      ),
    addAllergy: (id, form) =>
      answer("addAllergy", () => {
        const { known, record } = of(id);
        if (known.allergies.some((one) => one.counts && one.form.substance === form.substance)) {
          const detail = `${form.substance} is noted already. Change that entry instead; nothing was saved.`;
          throw { code: "invalid", detail } satisfies CommandError;
        }
        known.note(form);
        record("Allergy noted or changed");
      }),
    changeAllergy: (id, allergy, _seen, form) =>
      answer("changeAllergy", () => {
        const { known, record } = of(id);
        known.change(allergy, form);
        record("Allergy noted or changed");
      }),
    noteNoAllergies: (id) =>
      answer("noteNoAllergies", () => {
        const { known, record } = of(id);
        known.isAsked = true;
        record("No known allergies noted");
      }),
    saveConditions: (id, seen, wanted) =>
      answer("saveConditions", () => {
        const { known, record } = of(id);
        known.conditions = [
          ...known.conditions.filter((one) => !has(seen, one) || has(wanted, one)),
          ...wanted.filter((one) => !has(seen, one) && !has(known.conditions, one)),
        ];
        record("Long illnesses changed");
      }),
  };
}
