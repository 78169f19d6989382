import { Button } from "@mantine/core";
import { IconArrowsSplit, IconPencil } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { keyLabel, useKeys } from "../../app/keymap";
import { refreshRows } from "../../app/queries";
import type { AllergyView } from "../../ipc/bindings/AllergyView";
import type { Chart } from "../../ipc/bindings/Chart";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { shortDay } from "../../shared/format";
import { Kbd, Problem } from "../../shared/parts";
import { useToast } from "../../shared/toasts";
import { AllergyDialog } from "./AllergyDialog";
import { allergyDetails, statusTag } from "./allergy";
import classes from "./Known.module.css";

/** Every allergy that was ever noted, and the way to note one. What does not hold any more is folded away. */
export function Allergies({ chart }: { chart: Chart }) {
  const backend = useBackend();
  const client = useQueryClient();
  const toast = useToast();
  const [open, setOpen] = useState<AllergyView | "new" | null>(null);
  useKeys({ allergy: () => setOpen("new") });
  const { known } = messages;
  const none = useMutation({
    mutationFn: () => backend.noteNoAllergies(chart.patient.id),
    onSuccess: () => {
      void refreshRows(client);
      toast(known.noneNoted);
    },
  });
  const holding = chart.allergies.filter((one) => one.counts);
  const passed = chart.allergies.filter((one) => !one.counts);
  // Also that there are some may be said without a word of which.
  const mayAsk =
    chart.allergyStatus === "unknown" || (chart.allergyStatus === "has_allergies" && chart.alerts === null);
  const row = (one: AllergyView) => <Row key={one.id} allergy={one} onChange={() => setOpen(one)} />;
  return (
    <>
      <section className={classes.card} aria-labelledby="allergies-title">
        <h2 id="allergies-title">{known.allergies}</h2>
        <div className={classes.inside}>
          {holding.length > 0 && <ul className={classes.rows}>{holding.map(row)}</ul>}
          {holding.length === 0 && chart.allergyStatus === "unknown" && <p>{known.notAsked}</p>}
          {holding.length === 0 && chart.allergyStatus === "none_known" && <p>{known.asked}</p>}
          {chart.alerts && (
            <p className={classes.words}>
              <span>{known.inWords}</span> {chart.alerts}
            </p>
          )}
          <div className={classes.buttons}>
            <Button
              size="xs"
              variant="default"
              rightSection={<Kbd>{keyLabel("allergy")}</Kbd>}
              onClick={() => setOpen("new")}
            >
              {known.addAllergy}
            </Button>
            {holding.length === 0 && mayAsk && (
              <Button
                size="xs"
                variant="default"
                aria-label={known.noneKnownLong}
                disabled={none.isPending}
                onClick={() => none.mutate()}
              >
                {known.noneKnown}
              </Button>
            )}
          </div>
          {none.error && <Problem error={none.error} />}
          {passed.length > 0 && (
            <details className={classes.passed}>
              <summary>{known.passed(passed.length)}</summary>
              <ul className={classes.rows}>{passed.map(row)}</ul>
            </details>
          )}
        </div>
      </section>
      {open !== null && (
        <AllergyDialog
          patientId={chart.patient.id}
          allergy={open === "new" ? null : open}
          onClose={() => setOpen(null)}
        />
      )}
    </>
  );
}

function Row({ allergy, onChange }: { allergy: AllergyView; onChange: () => void }) {
  const { known } = messages;
  const { form } = allergy;
  return (
    <li data-testid="allergy">
      <div>
        <strong>{form.substance}</strong>
        {form.status !== "active" && <span className={classes.tag}>{statusTag(form.status)}</span>}
        {allergy.conflict && (
          <Link
            className={classes.differs}
            to="/review"
            search={{ item: allergy.conflict }}
            aria-label={known.differsLong(form.substance)}
          >
            <IconArrowsSplit size={14} stroke={1.9} aria-hidden="true" />
            {known.differs}
          </Link>
        )}
        <p>
          {[
            allergyDetails(form),
            form.certainty === "suspected" ? known.certainties.suspected.toLowerCase() : "",
            allergy.notedOn ? known.noted(shortDay(allergy.notedOn)) : "",
          ]
            .filter(Boolean)
            .join(" · ")}
        </p>
      </div>
      <button
        type="button"
        className={classes.edit}
        aria-label={known.changeAllergy(form.substance)}
        onClick={onChange}
      >
        <IconPencil size={16} stroke={1.8} aria-hidden="true" />
      </button>
    </li>
  );
}
