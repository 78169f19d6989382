import { IconX } from "@tabler/icons-react";
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { queryKeys, refreshRows } from "../../app/queries";
import type { Chart } from "../../ipc/bindings/Chart";
import type { Diagnosis } from "../../ipc/bindings/Diagnosis";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { Problem } from "../../shared/parts";
import { Suggest } from "../../shared/Suggest";
import { useToast } from "../../shared/toasts";
import { useUnsaved } from "../../shared/unsaved";
import classes from "./Known.module.css";

/** Long illnesses, from the index of diagnoses or in words. What is taken out can be put back at once. */
export function Conditions({ chart }: { chart: Chart }) {
  const backend = useBackend();
  const client = useQueryClient();
  const toast = useToast();
  const [text, setText] = useState("");
  const { known } = messages;
  const { conditions } = chart;
  const typed = text.trim();
  const { data, error } = useQuery({
    queryKey: queryKeys.diagnoses(typed),
    queryFn: () => backend.findDiagnoses(typed),
    enabled: typed.length > 1,
    staleTime: Infinity,
    placeholderData: keepPreviousData,
  });
  const save = useMutation({
    mutationFn: (change: { seen: Diagnosis[]; wanted: Diagnosis[] }) =>
      backend.saveConditions(chart.patient.id, change.seen, change.wanted),
    onSuccess: () => void refreshRows(client),
  });
  useUnsaved(typed !== "", typed !== "" && save.isPending);
  const add = (one: Diagnosis) => {
    if (one.text === "" || save.isPending) return;
    save.mutate(
      { seen: conditions, wanted: [...conditions, one] },
      // What was typed on meanwhile is not in what was added.
      { onSuccess: () => setText((now) => (now === text ? "" : now)) },
    );
  };
  const remove = (one: Diagnosis) =>
    save.mutate(
      { seen: conditions, wanted: conditions.filter((other) => other !== one) },
      {
        onSuccess: () =>
          toast(known.removedCondition(one.text), () =>
            backend.saveConditions(chart.patient.id, [], [one]).then(() => refreshRows(client)),
          ),
      },
    );
  return (
    <section className={classes.card} aria-labelledby="conditions-title">
      <h2 id="conditions-title">{known.conditions}</h2>
      <div className={classes.inside}>
        {conditions.length === 0 && <p>{known.conditionsNone}</p>}
        <ul className={classes.chips}>
          {conditions.map((one) => (
            <li key={one.text} data-testid="condition">
              {one.text}
              {one.icd10 && <code>{one.icd10}</code>}
              <button
                type="button"
                aria-label={known.removeCondition(one.text)}
                disabled={save.isPending}
                onClick={() => remove(one)}
              >
                <IconX size={13} aria-hidden="true" />
              </button>
            </li>
          ))}
        </ul>
        <Suggest
          label={known.addCondition}
          listLabel={known.conditionsFound}
          text={text}
          maxLength={200}
          found={typed.length > 1 ? (data ?? []) : []}
          keyOf={(one) => one.icd10 ?? one.text}
          renderOption={(one) => (
            <>
              {one.text} <small>{one.icd10}</small>
            </>
          )}
          onText={setText}
          onChoose={add}
          onEnter={() => add({ text: typed, icd10: null })}
        />
        {error && <Problem error={error} />}
        {save.error && <Problem error={save.error} />}
      </div>
    </section>
  );
}
