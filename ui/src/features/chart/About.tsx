import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { keyLabel, useKeys } from "../../app/keymap";
import { refreshRows } from "../../app/queries";
import { useSession } from "../../app/session";
import type { Chart } from "../../ipc/bindings/Chart";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { mobile, shortDay, toldApart } from "../../shared/format";
import { FactList, Kbd, Problem } from "../../shared/parts";
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
  const [isOpen, setOpen] = useState(false);
  useKeys({ merge: () => setOpen(true) });
  return (
    <>
      <aside className={`${classes.card} ${classes.about}`} aria-labelledby="about-title">
        <h2 id="about-title">{words.about}</h2>
        <FactList facts={facts} />
        <Merged chart={chart} onAnother={() => setOpen(true)} />
      </aside>
      {isOpen && <MergeDialog chart={chart} onClose={() => setOpen(false)} />}
    </>
  );
}

/** The registrations that this one stands for, and the way to say that another one is the same person. */
function Merged({ chart, onAnother }: { chart: Chart; onAnother: () => void }) {
  const backend = useBackend();
  const { session } = useSession();
  const client = useQueryClient();
  const toast = useToast();
  const part = useMutation({
    mutationFn: (away: string) => backend.unmergePatient(away),
    onSuccess: (_, away) => {
      void refreshRows(client);
      toast(merge.parted, () =>
        backend.mergePatients(chart.patient.id, away, "").then(() => refreshRows(client)),
      );
    },
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
                aria-label={`${merge.partLong(other.fullName)}, ${toldApart(other)}`}
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
      <Button size="xs" variant="default" rightSection={<Kbd>{keyLabel("merge")}</Kbd>} onClick={onAnother}>
        {merge.open}
      </Button>
    </div>
  );
}
