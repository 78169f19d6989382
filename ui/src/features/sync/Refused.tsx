import { Button } from "@mantine/core";
import { IconHandStop } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { queryKeys, refreshRows } from "../../app/queries";
import type { CorrectedField } from "../../ipc/bindings/CorrectedField";
import type { RefusedChange } from "../../ipc/bindings/RefusedChange";
import type { SettlementWay } from "../../ipc/bindings/SettlementWay";
import { useBackend } from "../../ipc/context";
import { langOf } from "../../ipc/problem";
import { messages } from "../../messages";
import { timeOrDay } from "../../shared/format";
import { Kbd, Parts, Problem } from "../../shared/parts";
import { useToast } from "../../shared/toasts";
import { useReviewKeys } from "../review/Review";
import { factLabel, valueText } from "../review/words";
import { CorrectDialog } from "./CorrectDialog";
import { ReasonDialog } from "./ReasonDialog";
import classes from "./SyncCentre.module.css";

/** The changes that the server refused, one at a time, and the ways out. */
export function Refused() {
  const backend = useBackend();
  const [shown, setShown] = useState({ sequence: 0, place: 0 });
  const { data, error, refetch } = useQuery({
    queryKey: queryKeys.refused,
    queryFn: () => backend.listRefused(),
  });
  const { refused } = messages.sync;
  const all = data ?? [];
  // Whatever comes and goes before it: the one in sight stays there, with what is typed about it.
  const found = all.findIndex((one) => one.sequence === shown.sequence);
  const at = found >= 0 ? found : Math.min(shown.place, Math.max(0, all.length - 1));
  const change = all[at];
  const show = (place: number) => {
    const next = all[place];
    if (next) setShown({ sequence: next.sequence, place });
  };
  if (change && (change.sequence !== shown.sequence || at !== shown.place)) show(at);
  useReviewKeys({ n: () => show(at + 1), p: () => show(at - 1) });
  const problem = error && <Problem error={error} onRetry={() => void refetch()} />;
  if (!change) return problem;
  return (
    <section
      className={`${classes.card} ${classes.refused}`}
      aria-labelledby="refused-title"
      data-testid="refused"
    >
      <h2 id="refused-title">
        <IconHandStop size={16} stroke={1.8} aria-hidden="true" /> {refused.title(change.sequence)}
        {all.length > 1 && <small>{refused.place(at + 1, all.length)}</small>}
      </h2>
      {problem}
      <One key={change.sequence} change={change} />
    </section>
  );
}

function One({ change }: { change: RefusedChange }) {
  const backend = useBackend();
  const client = useQueryClient();
  const navigate = useNavigate();
  const toast = useToast();
  const [open, setOpen] = useState<SettlementWay | null>(null);
  const { refused } = messages.sync;
  const settle = useMutation({
    mutationFn: ({ way, reason = "", corrected = [] }: Settled) =>
      backend.settleRefused(change.sequence, way, reason, corrected),
    onSuccess: (_, { way }) => {
      setOpen(null);
      toast(refused.done[way]);
      if (way === "replace" && change.mayReopen && change.patientId)
        client.removeQueries({ queryKey: queryKeys.pad(change.patientId) });
      void refreshRows(client);
    },
  });
  // Said with the call, it leads nowhere once this screen was left.
  const toPad = () => {
    const { patientId } = change;
    if (patientId) void navigate({ to: "/patients/$patientId/pad", params: { patientId } });
  };
  const { asked } = change;
  const isOpen = asked === null || (asked.way === "hand_over" && asked.isSent);
  const ways: SettlementWay[] = isOpen
    ? [
        ...(change.mayCorrect || change.mayReopen ? (["replace"] as const) : []),
        "retry",
        ...(asked === null ? (["hand_over"] as const) : []),
        ...(change.mayDiscard ? (["discard"] as const) : []),
      ]
    : [];
  const choose = (way: SettlementWay) => {
    if (!ways.includes(way) || settle.isPending) return;
    if (way === "replace" && change.mayReopen) settle.mutate({ way }, { onSuccess: toPad });
    else if (way === "retry") settle.mutate({ way });
    else setOpen(way);
  };
  useReviewKeys({
    c: () => choose("replace"),
    t: () => choose("retry"),
    h: () => choose("hand_over"),
    d: () => choose("discard"),
  });
  return (
    <div className={classes.refusedBody}>
      <p>
        <strong>
          <span lang={langOf(change.title)}>{change.title}</span>
          {change.patientName && `, ${change.patientName}`}
        </strong>{" "}
        {change.patientId && (
          <Link to="/patients/$patientId" params={{ patientId: change.patientId }}>
            {messages.review.openChart}
          </Link>
        )}
      </p>
      <p className={classes.who}>
        <Parts parts={[change.actorName, timeOrDay(change.recordedAt)]} />
      </p>
      <p>
        {refused.why}{" "}
        {change.detail === null ? refused.unsaid : <span lang={langOf(change.detail)}>{change.detail}</span>}
      </p>
      <p className={classes.who}>{refused.kept(change.behind)}</p>
      <dl className={classes.fields}>
        {change.fields.map((field) => (
          <div key={`${field.record}.${field.column}`}>
            <dt>{factLabel(field.column)}</dt>
            <dd>{valueText(field.value)}</dd>
          </div>
        ))}
      </dl>
      {asked && (
        <p role="status" className={classes.asked}>
          {refused.asked[asked.way](asked.who, timeOrDay(asked.at))} {asked.reason && `“${asked.reason}”`}{" "}
          {!asked.isSent && refused.notSent}
        </p>
      )}
      <div className={classes.ways}>
        {ways.map((way) => (
          <Button
            key={way}
            size="sm"
            {...look(way, way === ways[0])}
            loading={settle.isPending && settle.variables.way === way}
            rightSection={<Kbd>{refused.keys[way]}</Kbd>}
            onClick={() => choose(way)}
          >
            {way === "replace" && change.mayReopen ? refused.reopen : refused.ways[way]}
          </Button>
        ))}
      </div>
      {settle.error && open === null && <Problem error={settle.error} />}
      {open === "replace" && (
        <CorrectDialog
          change={change}
          error={settle.error}
          isPending={settle.isPending}
          onClose={() => setOpen(null)}
          onSend={(corrected) => settle.mutate({ way: "replace", corrected })}
        />
      )}
      {(open === "discard" || open === "hand_over") && (
        <ReasonDialog
          change={change}
          way={open}
          error={settle.error}
          isPending={settle.isPending}
          onClose={() => setOpen(null)}
          onSend={(reason) => settle.mutate({ way: open, reason })}
        />
      )}
    </div>
  );
}

/** The first way stands out; a button that names its variant is drawn in colours that are not ours. */
function look(way: SettlementWay, isFirst: boolean) {
  if (way === "discard") return { variant: "subtle", color: "red" };
  return isFirst ? {} : { variant: "default" };
}

interface Settled {
  way: SettlementWay;
  reason?: string;
  corrected?: CorrectedField[];
}
