import { Button } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { keyLabel } from "../../app/keymap";
import { queryKeys, useSyncStatus } from "../../app/queries";
import { useSession } from "../../app/session";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages/en";
import { timeOrDay } from "../../shared/format";
import { KeyBar, Problem, Waiting } from "../../shared/parts";
import { Ledger } from "./Ledger";
import classes from "./SyncCentre.module.css";
import { syncSentence } from "./pill";

/** How this computer stands with the server, and what became of everything done on it. */
export function SyncCentre() {
  const backend = useBackend();
  const status = useSyncStatus();
  const ledger = useQuery({ queryKey: queryKeys.ledger, queryFn: () => backend.listLedger() });
  const syncNow = useMutation({ mutationFn: () => backend.syncNow() });
  const { sync, common, keys } = messages;
  const { data } = status;
  return (
    <>
      <div className={classes.screen} data-testid="sync-centre">
        <header className={classes.head}>
          <div>
            <h1>{sync.title}</h1>
            {data && <p role="status">{syncSentence(data)}</p>}
            {data?.problem && <p className={classes.code}>{common.code(data.problem.code)}</p>}
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
          <dl className={classes.counts}>
            <Count value={String(data.waiting)} label={sync.counts.waiting} />
            <Count value={String(data.attention)} label={sync.counts.attention} loud={data.attention > 0} />
            <Count
              value={data.lastSyncedAt ? timeOrDay(data.lastSyncedAt) : sync.counts.never}
              label={sync.counts.lastSynced}
            />
          </dl>
        )}
        <div className={classes.columns}>
          <section className={classes.card} aria-labelledby="ledger-title">
            <h2 id="ledger-title">{sync.ledger}</h2>
            {ledger.error && <Problem error={ledger.error} onRetry={() => void ledger.refetch()} />}
            {ledger.isPending && <Waiting />}
            {ledger.data && <Ledger entries={ledger.data} />}
          </section>
          <Computer />
        </div>
      </div>
      <KeyBar
        keys={[
          [keyLabel("find"), keys.find],
          [keyLabel("today"), keys.today],
          [keyLabel("keys"), keys.keys],
        ]}
      />
    </>
  );
}

function Count({ value, label, loud = false }: { value: string; label: string; loud?: boolean }) {
  return (
    <div className={loud ? classes.loud : undefined}>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Computer() {
  const { session } = useSession();
  const { sync } = messages;
  const facts: [string, string][] = [
    [messages.enrol.deviceName, session.deviceName],
    [sync.clinic, session.clinicName],
    [sync.scope, sync.scopes[session.scope]],
    [sync.lane, session.lane],
  ];
  return (
    <section className={`${classes.card} ${classes.computer}`} aria-labelledby="computer-title">
      <h2 id="computer-title">{sync.computer}</h2>
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
