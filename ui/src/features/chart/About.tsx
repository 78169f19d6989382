import { useSession } from "../../app/session";
import type { Chart } from "../../ipc/bindings/Chart";
import { messages } from "../../messages/en";
import { mobile, shortDay } from "../../shared/format";
import classes from "./Chart.module.css";

export function About({ chart }: { chart: Chart }) {
  const { session } = useSession();
  const { chart: words } = messages;
  const { patient, form } = chart;
  const blood = form.bloodGroup === "unknown" ? words.notKnown : form.bloodGroup;
  const facts: [string, string][] = [
    [words.mobile, mobile(patient.mobileNumber) || words.notKnown],
    [words.guardian, patient.guardian ?? words.notKnown],
    [words.address, [form.addressLine, form.city].filter(Boolean).join(", ") || words.notKnown],
    [words.born, form.dateOfBirth ? shortDay(form.dateOfBirth) : words.notKnown],
    [words.lastVisit, patient.lastVisit ? shortDay(patient.lastVisit) : words.never],
    ...(session.mayReadClinical ? [[words.blood, blood] satisfies [string, string]] : []),
  ];
  return (
    <aside className={`${classes.card} ${classes.about}`} aria-labelledby="about-title">
      <h2 id="about-title">{words.about}</h2>
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </aside>
  );
}
