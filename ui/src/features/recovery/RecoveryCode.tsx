import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useIdle } from "../../app/idle";
import { LanguageChoice } from "../../app/LanguageChoice";
import { queryKeys } from "../../app/queries";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { shortDay } from "../../shared/format";
import { Problem, ShownOnce, Waiting } from "../../shared/parts";
import classes from "./Recovery.module.css";

/** The recovery code that was just made, before anything else: it is shown once. */
export function RecoveryCode({ idleMinutes }: { idleMinutes: number }) {
  const backend = useBackend();
  const client = useQueryClient();
  const [isKept, setKept] = useState(false);
  const { recovery } = messages;
  const {
    data: page,
    error,
    refetch,
  } = useQuery({
    queryKey: queryKeys.recoveryPage,
    queryFn: () => backend.recoveryPage(),
    gcTime: 0,
  });
  const save = useMutation({ mutationFn: () => backend.saveRecoveryPdf() });
  const keep = useMutation({
    mutationFn: () => backend.keepRecoveryCode(),
    onSuccess: (state) => client.setQueryData(queryKeys.appState, state),
  });
  useIdle(idleMinutes, () => {
    void backend.lock().then((state) => client.setQueryData(queryKeys.appState, state));
  });
  return (
    <main className={classes.screen} data-testid="recovery-code">
      <h1>{recovery.title}</h1>
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      {!page && !error && <Waiting />}
      {page && (
        <>
          <p>{recovery.lead(page.deviceName)}</p>
          <ShownOnce label={recovery.code} data-testid="the-code">
            {page.code.split("-").join(" ")}
          </ShownOnce>
          <dl className={classes.facts}>
            <dt>{recovery.fingerprint}</dt>
            <dd>{page.fingerprint}</dd>
            <dt>{recovery.device}</dt>
            <dd>{page.deviceName}</dd>
            <dt>{recovery.madeOn}</dt>
            <dd>{shortDay(page.madeAt)}</dd>
          </dl>
          <p>{recovery.where}</p>
          <form
            className={classes.form}
            onSubmit={(event) => {
              event.preventDefault();
              keep.mutate();
            }}
          >
            <label className={classes.kept}>
              <input
                type="checkbox"
                autoFocus
                checked={isKept}
                onChange={(event) => setKept(event.currentTarget.checked)}
              />
              {recovery.kept}
            </label>
            {save.data && <p role="status">{recovery.saved(save.data)}</p>}
            {(save.error ?? keep.error) && <Problem error={save.error ?? keep.error} />}
            <div className={classes.buttons}>
              <Button variant="default" size="md" loading={save.isPending} onClick={() => save.mutate()}>
                {recovery.save}
              </Button>
              <Button type="submit" size="md" disabled={!isKept} loading={keep.isPending}>
                {recovery.goOn}
              </Button>
            </div>
          </form>
        </>
      )}
      <LanguageChoice />
    </main>
  );
}
