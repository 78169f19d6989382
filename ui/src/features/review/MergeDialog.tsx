import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { queryKeys } from "../../app/queries";
import type { Chart } from "../../ipc/bindings/Chart";
import type { PatientSummary } from "../../ipc/bindings/PatientSummary";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { age, diedText, mobile } from "../../shared/format";
import { Dialog } from "../../shared/Dialog";
import { Problem } from "../../shared/parts";
import { Suggest } from "../../shared/Suggest";
import { useInstead } from "../../shared/unsaved";
import { CompareRegistrations } from "./CompareRegistrations";
import classes from "./Review.module.css";

/** So many are shown at once. */
const SHOWN = 8;

/** Says that another registration is the same person: found first, then looked at side by side. */
export function MergeDialog({ chart, onClose }: { chart: Chart; onClose: () => void }) {
  const backend = useBackend();
  const [query, setQuery] = useState("");
  const [other, setOther] = useState<PatientSummary | null>(null);
  const instead = useInstead();
  const { merge } = messages.review;
  const found = useQuery({
    queryKey: queryKeys.patients(query),
    queryFn: () => backend.findPatients(query),
    enabled: query.trim() !== "",
  });
  const title = other ? merge.compareTitle : merge.title;
  const fitting = (found.data?.people ?? []).filter((one) => one.id !== chart.patient.id);
  const others = fitting.slice(0, SHOWN);
  const hasMore = found.data !== undefined && (found.data.hasMore || fitting.length > SHOWN);
  return (
    <Dialog label={title} onClose={() => instead(onClose)} size={other ? "large" : "small"}>
      <div className={classes.merge}>
        <h2>{title}</h2>
        <p>{merge.lead}</p>
        {other ? (
          <CompareRegistrations
            here={chart}
            otherId={other.id}
            onBack={() => setOther(null)}
            onDone={onClose}
          />
        ) : (
          <div className={classes.mergeFind}>
            <Suggest
              label={merge.find}
              listLabel={merge.found}
              description={
                // Above the field: what is found floats over what stands below.
                <span role="status">
                  {hasMore ? messages.finder.firstFound(others.length) : merge.findHint}
                </span>
              }
              autoFocus
              text={query}
              maxLength={100}
              found={others}
              keyOf={(one) => one.id}
              renderOption={(one) => (
                <span data-testid="merge-option">
                  {one.fullName}
                  <small>
                    {[age(one.age), one.sex, diedText(one.died), one.patientCode, mobile(one.mobileNumber)]
                      .filter(Boolean)
                      .join(" · ")}
                  </small>
                </span>
              )}
              onText={setQuery}
              onChoose={setOther}
            />
            {found.error && <Problem error={found.error} onRetry={() => void found.refetch()} />}
            {found.isSuccess && others.length === 0 && <p role="status">{messages.finder.none(query)}</p>}
          </div>
        )}
      </div>
    </Dialog>
  );
}
