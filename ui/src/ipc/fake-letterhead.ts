import type { Backend } from "./backend";
import type { CommandError } from "./bindings/CommandError";
import type { Letterhead } from "./bindings/Letterhead";
import type { Answer } from "./fake-data";
import { fakePage } from "./fake-pages";

/** What is said of letters that no font of the paper has. */
export const fakeBoxes = "These letters cannot be printed and would be empty boxes on paper: 😀.";

export function fakeLetterhead(
  answer: Answer,
): Pick<Backend, "getLetterhead" | "saveLetterhead" | "previewLetterhead" | "chooseLogo" | "removeLogo"> {
  let kept: Letterhead = {
    clinicName: "Shanti Clinic",
    line: "",
    address: "12 Marol Road",
    city: "Mumbai",
    pincode: "400059",
    phone: "022 5550 1420",
    email: "",
    registrationNumber: "",
    foot: "",
    preprintedMm: null,
    hasLogo: false,
  };
  return {
    getLetterhead: () => answer("getLetterhead", () => kept),
    saveLetterhead: (_seen, wanted) =>
      answer("saveLetterhead", () => {
        if (wanted.clinicName.trim() === "") {
          const detail = "The name of the clinic is missing. Nothing was saved yet.";
          throw { code: "invalid", detail } satisfies CommandError;
        }
        kept = { ...wanted, hasLogo: kept.hasLogo };
      }),
    chooseLogo: () =>
      answer("chooseLogo", () => {
        kept = { ...kept, hasLogo: true };
        return true;
      }),
    removeLogo: () =>
      answer("removeLogo", () => {
        kept = { ...kept, hasLogo: false };
      }),
    previewLetterhead: (form) =>
      answer("previewLetterhead", () => [
        [fakePage(form.clinicName, "54 y, F", [], form.foot)],
        /\p{Emoji_Presentation}/u.test(form.foot) ? fakeBoxes : null,
      ]),
  };
}
