import { expect, test } from "vitest";
import { emptyForm, formFromTyped, readForm } from "./form";

test("digits typed in the finder are a number, letters are a name", () => {
  expect(formFromTyped("+91 98204-41276").mobileNumber).toBe("+91 98204-41276");
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
  const read = readForm({ ...emptyForm, firstName: "Asha", ageYears: "4", dateOfBirth: "2022-01-01" });
  expect(read).toEqual({ problems: { dateOfBirth: "Give an age or a date of birth, not both." } });
});
