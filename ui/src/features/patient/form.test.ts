import { expect, test } from "vitest";
import { emptyAllergy } from "../chart/AllergyFields";
import { emptyForm, formFromTyped, readDay, readForm } from "./form";

test("digits typed in the finder are a number, letters are a name", () => {
  expect(formFromTyped("+91 98204-41276").mobileNumber).toBe("+91 98204-41276");
  expect(formFromTyped("\u202a+91 98204 41276\u202c").mobileNumber).toBe("+91 98204 41276");
  expect(formFromTyped("क्\u200dषमा").firstName).toBe("क्\u200dषमा");
  expect(formFromTyped("Asha Devi Rao")).toMatchObject({ firstName: "Asha", lastName: "Devi Rao" });
});

test("a form without a first name or with an impossible age is not sent", () => {
  const read = readForm({ ...emptyForm, ageYears: "131", ageMonths: "1.5" });
  expect(read).toEqual({
    problems: {
      firstName: "A first name is needed.",
      ageYears: "Whole years, 0 to 130.",
      ageMonths: "Whole months, 0 to 11.",
    },
  });
});

test("an age and a date of birth together are not sent", () => {
  const read = readForm({ ...emptyForm, firstName: "Asha", ageYears: "4", dateOfBirth: "01/01/2022" });
  expect(read).toEqual({ problems: { dateOfBirth: "Give an age or a date of birth, not both." } });
});

test("what was typed of a pregnancy before the patient was said to be a man holds nothing up and is not sent", () => {
  const pregnant = { ...emptyForm, firstName: "Asha", sex: "female", pregnancyStatus: "pregnant" };
  expect(readForm({ ...pregnant, lmpDate: "in May" })).toHaveProperty("problems.lmpDate");
  const man = readForm({ ...pregnant, sex: "male", lmpDate: "in May" });
  expect(man).toMatchObject({ form: { pregnancyStatus: null, lmpDate: null } });
});

test("a reaction of which nobody wrote the cause is sent, to be asked about, and an empty line is not", () => {
  const rash = { ...emptyAllergy, reaction: "rash all over" };
  const typed = { ...emptyForm, firstName: "Asha", allergyStatus: "has_allergies" };
  const read = readForm({
    ...typed,
    allergies: [{ ...emptyAllergy, substance: "Dust" }, rash, emptyAllergy],
  });
  expect(read).toMatchObject({ form: { allergies: [{ substance: "Dust" }, rash] } });
});

test.each([
  ["14/08/1972", "1972-08-14"],
  ["4-8-1972", "1972-08-04"],
  ["29.02.2024", "2024-02-29"],
  ["29/02/2023", undefined],
  ["08/14/1972", undefined],
  // Whether it has been, the clinic's own day says, and not the computer's.
  ["14/08/2999", "2999-08-14"],
  ["14/08/72", undefined],
])("a day of birth typed as %s is read as %s", (typed, day) => {
  expect(readDay(typed)).toBe(day);
});
