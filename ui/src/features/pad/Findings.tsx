import { IconAlertTriangle, IconHandStop } from "@tabler/icons-react";
import type { SafetyFinding } from "../../ipc/bindings/SafetyFinding";
import { langOf } from "../../ipc/problem";
import { messages } from "../../messages";
import classes from "./Findings.module.css";

/** What of a line was not looked at. */
export function Gaps({ gaps }: { gaps: string[] }) {
  return gaps.map((gap) => (
    <span key={gap} className={classes.gap} data-testid="pad-gap" lang={langOf(gap)}>
      {gap}
    </span>
  ));
}

/** What no line is looked at for: said once above all of them, also to a screen reader when it comes later. */
export function GapsOfAll({ gaps }: { gaps: string[] }) {
  return (
    <div aria-live="polite" className={classes.ofAll}>
      {gaps.map((gap) => (
        <p key={gap} data-testid="pad-gap-of-all" lang={langOf(gap)}>
          {gap}
        </p>
      ))}
    </div>
  );
}

/** What speaks against a line, each with its reason. What is held is red, what may be gone past is amber. */
export function Findings({ findings }: { findings: SafetyFinding[] }) {
  const { pad } = messages;
  return findings.map((finding) => {
    const isHeld = finding.severity === "hold" && finding.reason === null;
    const Icon = isHeld ? IconHandStop : IconAlertTriangle;
    return (
      <span
        key={finding.key}
        role="status"
        data-testid="pad-finding"
        className={`${classes.finding} ${isHeld ? classes.hold : classes.caution}`}
        title={finding.source ? pad.ruleFrom(finding.source) : undefined}
      >
        <Icon size={15} stroke={2} aria-hidden="true" />
        <span>
          <span lang={langOf(finding.why)}>{finding.why}</span>
          {finding.reason !== null && <b> {pad.keptBecause(finding.reason)}</b>}
        </span>
      </span>
    );
  });
}
