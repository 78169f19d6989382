import { Button } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { keyLabel } from "../../app/keymap";
import { queryKeys, useSyncStatus } from "../../app/queries";
import { useSession } from "../../app/session";
import type { LedgerState } from "../../ipc/bindings/LedgerState";
import type { SyncStatus } from "../../ipc/bindings/SyncStatus";
import { useBackend } from "../../ipc/context";
import { langOf } from "../../ipc/problem";
import { messages } from "../../messages";
import { timeOrDay } from "../../shared/format";
import { FactList, KeyBar, Problem } from "../../shared/parts";
import { UnsentFiles } from "../files/UnsentFiles";
import { EnrolAgain } from "./EnrolAgain";
import { Ledger } from "./Ledger";
import { everything } from "./LedgerFilters";
import { Refused } from "./Refused";
import classes from "./SyncCentre.module.css";
import { comparedSentence, syncSentence } from "./pill";

/** How this computer stands with the server, and what became of everything done on it. */
export function SyncCentre() {
  const backend = useBackend();
  const status = useSyncStatus();
  const [filter, setFilter] = useState(everything);
  const syncNow = useMutation({ mutationFn: () => backend.syncNow() });
  const { sync, common, keys } = messages;
  const { data } = status;
  // As long as there is no network, nothing is known of the server; what is typed for it stays.
  const [wasUnknown, setWasUnknown] = useState(false);
  const isUnknown = data?.problem?.code === "device_unknown" || (wasUnknown && isUnreached(data));
  if (isUnknown !== wasUnknown) setWasUnknown(isUnknown);
  return (
    <>
      <div className={classes.screen} data-testid="sync-centre">
        <header className={classes.head}>
          <div>
            <h1>{sync.title}</h1>
            {data && (
              <p role="status" lang={langOf(syncSentence(data))}>
                {syncSentence(data)}
              </p>
            )}
            {data?.problem && <p className={classes.code}>{common.code(data.problem.code)}</p>}
            {data?.compared && <p data-testid="compared">{comparedSentence(data.compared)}</p>}
          </div>
          <Button
            variant="default"
            leftSection={<IconRefresh size={16} aria-hidden="true" />}
            loading={syncNow.isPending}
            onClick={() => syncNow.mutate()}
          >
            {sync.now}
          </Button>
        </header>
        {status.error && <Problem error={status.error} onRetry={() => void status.refetch()} />}
        {syncNow.error && <Problem error={syncNow.error} />}
        {data && (
          <Counts
            status={data}
            chosen={filter.state}
            onChoose={(state) => setFilter({ ...everything, state })}
          />
        )}
        <div className={classes.columns}>
          <Ledger filter={filter} onChange={(change) => setFilter((before) => ({ ...before, ...change }))} />
          <div className={classes.side}>
            {isUnknown && <EnrolAgain />}
            <Refused />
            <UnsentFiles />
            <Computer status={data} />
          </div>
        </div>
      </div>
      <KeyBar
        keys={[
          [keyLabel("review"), keys.review],
          ["N P", keys.nextRefused],
          [keyLabel("find"), keys.find],
          [keyLabel("today"), keys.today],
          [keyLabel("keys"), keys.keys],
        ]}
      />
    </>
  );
}

const isUnreached = (status: SyncStatus | undefined) =>
  status?.connection.state === "offline" || status?.connection.state === "connecting";

interface CountsProps {
  status: SyncStatus;
  chosen: LedgerState | null;
  onChoose: (state: LedgerState | null) => void;
}

/** Each change stands in exactly one of these; a press shows which. */
function Counts({ status, chosen, onChoose }: CountsProps) {
  const backend = useBackend();
  const navigate = useNavigate();
  const { data } = useQuery({ queryKey: queryKeys.ledgerChoices, queryFn: () => backend.ledgerChoices() });
  const { counts } = messages.sync;
  const of = (state: LedgerState) => data?.counts.find(([one]) => one === state)?.[1] ?? 0;
  const states = ["quarantined", "blocked", "conflict", "merged", "applied"] as const;
  return (
    <ul className={classes.counts} aria-label={counts.title}>
      <Count
        value={status.waiting}
        label={counts.waiting}
        isChosen={chosen === "waiting"}
        onPress={() => onChoose(chosen === "waiting" ? null : "waiting")}
      />
      <Count
        value={status.decisions}
        label={counts.decisions}
        isLoud={status.decisions > 0}
        onPress={() => void navigate({ to: "/review" })}
      />
      {states.map((state) => (
        <Count
          key={state}
          value={of(state)}
          label={counts.states[state]}
          isLoud={state === "quarantined" && of(state) > 0}
          isChosen={chosen === state}
          onPress={() => onChoose(chosen === state ? null : state)}
        />
      ))}
    </ul>
  );
}

interface CountProps {
  value: number;
  label: string;
  isLoud?: boolean;
  isChosen?: boolean;
  onPress: () => void;
}

function Count({ value, label, isLoud = false, isChosen = false, onPress }: CountProps) {
  return (
    <li className={isLoud ? classes.loud : undefined}>
      <button type="button" aria-pressed={isChosen} onClick={onPress}>
        <strong>{value}</strong> {label}
      </button>
    </li>
  );
}

function Computer({ status }: { status: SyncStatus | undefined }) {
  const { session } = useSession();
  const { sync } = messages;
  const facts: [string, string][] = [
    [messages.enrol.deviceName, session.deviceName],
    [sync.clinic, session.clinicName],
    [sync.scope, sync.scopes[session.scope]],
    [sync.lane, session.lane],
    [sync.lastContact, status?.lastContactAt ? timeOrDay(status.lastContactAt) : sync.counts.never],
    [sync.lastSynced, status?.lastSyncedAt ? timeOrDay(status.lastSyncedAt) : sync.counts.never],
  ];
  return (
    <section className={`${classes.card} ${classes.computer}`} aria-labelledby="computer-title">
      <h2 id="computer-title">{sync.computer}</h2>
      <FactList facts={facts} />
    </section>
  );
}
