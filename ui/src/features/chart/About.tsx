import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useSession } from "../../app/session";
import type { Chart } from "../../ipc/bindings/Chart";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages/en";
import { mobile, shortDay } from "../../shared/format";
import { Problem } from "../../shared/parts";
import { useToast } from "../../shared/toasts";
import { MergeDialog } from "../review/MergeDialog";
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
      <Merged chart={chart} />
    </aside>
  );
}

/** The registrations that this one stands for, and the way to say that another one is the same person. */
function Merged({ chart }: { chart: Chart }) {
  const backend = useBackend();
  const { session } = useSession();
  const toast = useToast();
  const [isOpen, setOpen] = useState(false);
  const part = useMutation({
    mutationFn: (away: string) => backend.unmergePatient(away),
    onSuccess: () => toast(merge.parted),
  });
  const { merge } = messages.review;
  return (
    <div className={classes.merged}>
      {chart.merged.length > 0 && <h3>{merge.others}</h3>}
      <ul>
        {chart.merged.map((other) => (
          <li key={other.id} data-testid="merged">
            {[other.fullName, other.patientCode, mobile(other.mobileNumber)].filter(Boolean).join(" · ")}
            {session.mayMerge && (
              <Button
                size="xs"
                variant="default"
                disabled={part.isPending}
                onClick={() => part.mutate(other.id)}
              >
                {merge.part}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {part.error && <Problem error={part.error} />}
      <Button size="xs" variant="subtle" onClick={() => setOpen(true)}>
        {merge.open}
      </Button>
      {isOpen && <MergeDialog keep={chart.patient} onClose={() => setOpen(false)} />}
    </div>
  );
}
