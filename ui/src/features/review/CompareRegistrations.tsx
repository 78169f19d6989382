import { Button, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { chartOf, refreshRows } from "../../app/queries";
import { useSession } from "../../app/session";
import type { Chart } from "../../ipc/bindings/Chart";
import type { PatientId } from "../../ipc/bindings/PatientId";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { number } from "../../messages/words";
import { age, diedText, mobile, shortDay, toldApart } from "../../shared/format";
import { Problem, Waiting } from "../../shared/parts";
import { useToast } from "../../shared/toasts";
import { useUnsaved } from "../../shared/unsaved";
import classes from "./Review.module.css";

interface Props {
  here: Chart;
  otherId: PatientId;
  onBack: () => void;
  onDone: () => void;
}

/** Two registrations side by side, and the choice of the one whose details are shown for both. */
export function CompareRegistrations({ here, otherId, onBack, onDone }: Props) {
  const backend = useBackend();
  const { session } = useSession();
  const client = useQueryClient();
  const toast = useToast();
  const name = useId();
  /** Of either side by now: each may have been merged into another one since. */
  const [keepsOther, setKeepsOther] = useState(false);
  const [reason, setReason] = useState("");
  const { merge } = messages.review;
  const { data: other, error, refetch } = useQuery(chartOf(backend, otherId));
  const join = useMutation({
    mutationFn: ([kept, away]: [PatientId, PatientId]) =>
      session.mayMerge ? backend.mergePatients(kept, away, reason) : backend.proposeMerger(kept, away),
    onSuccess: (_, [, away]) => {
      if (session.mayMerge)
        toast(merge.merged, () => backend.unmergePatient(away).then(() => refreshRows(client)));
      else toast(merge.proposed);
      void refreshRows(client);
    },
  });
  useUnsaved(reason !== "", join.isPending);
  if (error && !other) return <Problem error={error} onRetry={() => void refetch()} />;
  if (!other) return <Waiting />;
  const sides = [here, other];
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (join.isPending) return;
        const [kept, away] = keepsOther ? [other, here] : [here, other];
        // Said with the call, it closes nothing once another one is looked for.
        join.mutate([kept.patient.id, away.patient.id], { onSuccess: onDone });
      }}
    >
      <table className={classes.compare}>
        <caption>{merge.caption}</caption>
        <thead>
          <tr>
            <th scope="col">{merge.fact}</th>
            {sides.map((side) => (
              <th key={side.patient.id} scope="col">
                {session.mayMerge ? (
                  <label>
                    <input
                      type="radio"
                      name={name}
                      aria-label={`${merge.keep(side.patient.fullName)}: ${toldApart(side.patient)}`}
                      autoFocus={side === here}
                      checked={keepsOther === (side === other)}
                      onChange={() => join.isPending || setKeepsOther(side === other)}
                    />
                    {merge.keep(side.patient.fullName)}
                  </label>
                ) : (
                  side.patient.fullName
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {factsOf(here, other, session.mayReadClinical).map(([label, one, two]) => (
            <tr key={label} data-differs={one !== two}>
              <th scope="row">
                {label}
                {one !== two && <span className={classes.unlike}>{merge.differs}</span>}
              </th>
              <td>{one}</td>
              <td>{two}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {session.mayMerge && (
        <TextInput
          label={merge.reason}
          maxLength={300}
          autoComplete="off"
          value={reason}
          readOnly={join.isPending}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
      )}
      {join.error && <Problem error={join.error} />}
      <div className={classes.mergeActions}>
        <Button type="submit" loading={join.isPending}>
          {session.mayMerge ? merge.merge : merge.propose}
        </Button>
        <Button variant="default" disabled={join.isPending} onClick={onBack}>
          {merge.another}
        </Button>
      </div>
    </form>
  );
}

type Fact = [string, string, string];

function factsOf(here: Chart, other: Chart, isClinical: boolean): Fact[] {
  const { chart: words, known, finder, patient: labels, review } = messages;
  const unknown = words.notKnown;
  const fact = (label: string, of: (chart: Chart) => string | null): Fact => [
    label,
    of(here) || unknown,
    of(other) || unknown,
  ];
  return [
    fact(review.merge.name, ({ patient }) => patient.fullName),
    fact(review.merge.age, ({ patient }) => [age(patient.age), patient.sex].filter(Boolean).join(" · ")),
    fact(words.born, ({ form }) => (form.dateOfBirth ? shortDay(form.dateOfBirth) : null)),
    fact(labels.hasDied, ({ patient }) => diedText(patient.died) ?? review.notDeceased),
    fact(words.mobile, ({ patient }) => mobile(patient.mobileNumber)),
    fact(finder.code, ({ patient }) => patient.patientCode),
    fact(words.guardian, ({ patient }) => patient.guardian),
    fact(words.address, ({ form }) => [form.addressLine, form.city].filter(Boolean).join(", ")),
    fact(words.lastVisit, ({ patient }) => (patient.lastVisit ? shortDay(patient.lastVisit) : words.never)),
    ...(isClinical
      ? [
          fact(words.blood, ({ form }) => (form.bloodGroup === "unknown" ? null : form.bloodGroup)),
          fact(known.allergies, allergiesOf),
          fact(known.conditions, ({ conditions }) => conditions.map((one) => one.text).join(", ")),
          fact(labels.alerts, ({ alerts }) => alerts),
          fact(words.prescriptions, ({ prescriptions, olderPrescriptions }) =>
            number(prescriptions.length + olderPrescriptions),
          ),
        ]
      : []),
  ];
}

function allergiesOf({ allergies, allergyStatus }: Chart): string {
  const holding = allergies.filter((one) => one.counts).map((one) => one.form.substance);
  if (holding.length > 0) return holding.join(", ");
  const found = Object.entries(messages.patient.allergyStatuses).find(([name]) => name === allergyStatus);
  return found?.[1] ?? "";
}
