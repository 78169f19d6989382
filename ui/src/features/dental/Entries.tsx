import { Button } from "@mantine/core";
import { IconArrowsSplit } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { refreshRows } from "../../app/queries";
import type { DentalFinding } from "../../ipc/bindings/DentalFinding";
import type { DentalProcedure } from "../../ipc/bindings/DentalProcedure";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { shortDay } from "../../shared/format";
import { Problem } from "../../shared/parts";
import { Question } from "../../shared/Question";
import { useToast } from "../../shared/toasts";
import classes from "./Dental.module.css";
import { entryText, findingText, procedureText, siteShort, statusText, stepText } from "./words";

type FindingStep = "active" | "resolved" | "entered_in_error";
type ProcedureStep = DentalProcedure["next"][number];
type Step = FindingStep | ProcedureStep;

/** What is asked once before it is done: it cannot be taken back. */
const asksFirst = (step: Step) => step === "completed" || step === "failed" || step === "entered_in_error";

const questionOf = (step: Step, what: string) => {
  const { dental } = messages;
  if (step === "completed")
    return { title: dental.doneTitle, text: dental.doneText(what), go: dental.doneGo };
  if (step === "failed")
    return { title: dental.failedTitle, text: dental.failedText(what), go: dental.failedGo };
  return { title: dental.errorTitle, text: dental.errorText(what), go: dental.errorGo };
};

const afterText = (step: Step) => {
  const { dental } = messages;
  if (step === "entered_in_error") return dental.erred;
  return step === "resolved" || step === "active" ? stepText(step) : statusText(step);
};

interface StepsProps<One extends Step> {
  /** What they are about. */
  what: string;
  steps: One[];
  onStep: (step: One) => Promise<void>;
}

/** What can be done with an entry, each a button. */
function Steps<One extends Step>({ what, steps, onStep }: StepsProps<One>) {
  const client = useQueryClient();
  const toast = useToast();
  const [asking, setAsking] = useState<One | null>(null);
  const { dental, common } = messages;
  const step = useMutation({
    mutationFn: onStep,
    onSuccess: async (_, done) => {
      setAsking(null);
      toast(dental.stepped(what, afterText(done)));
      // Until then the buttons are those of the state before.
      await refreshRows(client);
    },
  });
  if (steps.length === 0) return null;
  const take = (next: One) => {
    if (!step.isPending) step.mutate(next);
  };
  const question = asking && questionOf(asking, what);
  return (
    <>
      <div className={classes.steps}>
        {steps.map((one) => (
          <button
            key={one}
            type="button"
            className={classes.step}
            aria-label={dental.stepOf(stepText(one), what)}
            onClick={() => (asksFirst(one) ? setAsking(one) : take(one))}
          >
            {stepText(one)}
          </button>
        ))}
      </div>
      {step.error && asking === null && <Problem error={step.error} />}
      {asking !== null && question && (
        <Question
          title={question.title}
          text={question.text}
          back={common.cancel}
          error={step.error}
          onBack={() => {
            step.reset();
            setAsking(null);
          }}
        >
          <Button loading={step.isPending} onClick={() => take(asking)}>
            {question.go}
          </Button>
        </Question>
      )}
    </>
  );
}

function Differs({ isDisputed, what }: { isDisputed: boolean; what: string }) {
  const { dental } = messages;
  if (!isDisputed) return null;
  return (
    <Link className={classes.differs} to="/review" search={{}} aria-label={dental.differsLong(what)}>
      <IconArrowsSplit size={14} stroke={1.9} aria-hidden="true" />
      {dental.differs}
    </Link>
  );
}

interface FindingsProps {
  findings: DentalFinding[];
  /** Whether each says where it is. */
  hasSites: boolean;
  mayChart: boolean;
}

export function Findings({ findings, hasSites, mayChart }: FindingsProps) {
  const backend = useBackend();
  const { dental } = messages;
  return (
    <ul className={classes.entries}>
      {findings.map((one) => (
        <li
          key={one.id}
          data-testid="dental-finding"
          className={one.status === "resolved" ? classes.over : ""}
        >
          <div className={classes.said}>
            {hasSites && <b>{siteShort(one.site)}</b>} <strong>{findingText(one)}</strong>
            {one.status === "resolved" && <span className={classes.chip}>{dental.resolved}</span>}
            <Differs isDisputed={one.isDisputed} what={entryText(one)} />
            {one.note && <p>{one.note}</p>}
            <p>{dental.by(one.by, shortDay(one.observedOn))}</p>
          </div>
          {mayChart && (
            <Steps<FindingStep>
              what={entryText(one)}
              steps={[one.status === "active" ? "resolved" : "active", "entered_in_error"]}
              onStep={(step) => backend.stepFinding(one.id, one.status, step)}
            />
          )}
        </li>
      ))}
    </ul>
  );
}

/** The day of the furthest that became of it. */
function whenText({ plannedOn, startedOn, completedOn }: DentalProcedure): string {
  const { dental } = messages;
  if (completedOn !== null) return dental.completedOn(shortDay(completedOn));
  if (startedOn !== null) return dental.startedOn(shortDay(startedOn));
  return plannedOn === null ? "" : dental.plannedOn(shortDay(plannedOn));
}

const toneOf = (status: DentalProcedure["status"]) => {
  if (status === "completed" || status.startsWith("existing")) return classes.chipDone;
  if (status === "in_progress") return classes.chipOn;
  return status === "failed" ? classes.chipFailed : "";
};

export function Procedures({ procedures }: { procedures: DentalProcedure[] }) {
  const backend = useBackend();
  return (
    <ul className={classes.entries}>
      {procedures.map((one) => (
        <li
          key={one.id}
          data-testid="dental-procedure"
          className={one.status === "cancelled" ? classes.over : ""}
        >
          <div className={classes.said}>
            <b>{siteShort(one.site)}</b> <strong>{procedureText(one)}</strong>
            <span className={`${classes.chip} ${toneOf(one.status)}`}>{statusText(one.status)}</span>
            <Differs isDisputed={one.isDisputed} what={entryText(one)} />
            {one.note && <p>{one.note}</p>}
            <p>{[one.by, whenText(one)].filter(Boolean).join(", ")}</p>
          </div>
          <Steps<ProcedureStep>
            what={entryText(one)}
            steps={one.next}
            onStep={(step) => backend.stepProcedure(one.id, one.status, step)}
          />
        </li>
      ))}
    </ul>
  );
}
