import type { Backend } from "./backend";
import type { CommandError } from "./bindings/CommandError";
import type { Person } from "./bindings/Person";
import type { StaffClinic } from "./bindings/StaffClinic";
import type { StaffForm } from "./bindings/StaffForm";
import type { StaffView } from "./bindings/StaffView";
import { type Answer, people, today } from "./fake-data";

type Commands = "listStaff" | "addStaff" | "changeStaff" | "givePassword";

/** The clinics of the fake tenant. */
export const fakeClinics: StaffClinic[] = [
  { id: "c1", name: "Andheri East" },
  { id: "c2", name: "Bandra West" },
];

const refused = (detail: string, hindi: string) =>
  ({ code: "invalid", detail, hindi }) satisfies CommandError;

const isPrescriber = ({ roles }: StaffForm) => roles.includes("doctor") || roles.includes("dentist");

/** What the server would refuse, beside these others. */
const mustFit = (form: StaffForm, others: StaffView[]) => {
  if (others.some((one) => one.form.email === form.email))
    throw {
      ...refused("Someone of your staff has this e-mail already.", "आपके स्टाफ़ में किसी का यह ई-मेल पहले से है।"),
      code: "email_taken",
    } satisfies CommandError;
  if (form.roles.length === 0)
    throw refused("A member of staff needs at least one role.", "स्टाफ़ में हर किसी की कम से कम एक भूमिका चाहिए।");
  if (isPrescriber(form) && form.registration.number === "")
    throw refused(
      "A prescriber needs the registration number and the council that gave it.",
      "पर्चा लिखने वाले का पंजीकरण नंबर और उसे देने वाली काउंसिल चाहिए।",
    );
};

/** The staff of the fake clinic, as its server keeps them. */
export function fakeStaff(answer: Answer, signedIn: () => Person | undefined): Pick<Backend, Commands> {
  const staff: StaffView[] = people.map(({ userId, fullName, email, roles }, place) => ({
    id: userId,
    isYou: false,
    hasOneTimePassword: false,
    isRegistered: place < 2,
    lastLoginAt: place === 3 ? null : `${today()}T09:12:00`,
    form: {
      fullName,
      email,
      mobileNumber: "",
      roles,
      isActive: true,
      clinics: place === 3 ? ["c2"] : [],
      registration: {
        number: place < 2 ? `2009/04/118${place}` : "",
        council: place < 2 ? "MMC" : "",
        qualifications: place === 0 ? "MBBS, MD" : "",
        specialization: "",
      },
    },
  }));
  const nth = ["7Q4K-9XWM-2C8D", "HT3N-0V5B-E6RZ"];
  let given = 0;
  const password = () => nth[given++ % nth.length] ?? "";
  const find = (id: string): StaffView => {
    const found = staff.find((one) => one.id === id);
    if (!found) throw { code: "not_found", detail: "There is no such record." } satisfies CommandError;
    return found;
  };
  return {
    listStaff: () =>
      answer("listStaff", () => ({
        people: staff.map((one) => ({ ...one, isYou: one.id === signedIn()?.userId })),
        clinics: fakeClinics,
      })),
    addStaff: (form) =>
      answer("addStaff", () => {
        mustFit(form, staff);
        staff.push({
          id: `u${staff.length + 1}`,
          isYou: false,
          hasOneTimePassword: true,
          isRegistered: isPrescriber(form),
          lastLoginAt: null,
          form,
        });
        return password();
      }),
    changeStaff: (id, _seen, form) =>
      answer("changeStaff", () => {
        const others = staff.filter((one) => one.id !== id);
        mustFit(form, others);
        const staysAdmin = form.isActive && form.roles.includes("admin");
        const isOnly = !others.some((one) => one.form.isActive && one.form.roles.includes("admin"));
        if (isOnly && !staysAdmin)
          throw refused(
            "They are the only admin who can sign in. Make another one first; nothing was changed.",
            "साइन इन कर सकने वाले एडमिन केवल यही हैं। पहले किसी और को एडमिन बनाएँ; कुछ बदला नहीं गया।",
          );
        find(id).form = form;
      }),
    givePassword: (id) =>
      answer("givePassword", () => {
        find(id).hasOneTimePassword = true;
        return password();
      }),
  };
}
