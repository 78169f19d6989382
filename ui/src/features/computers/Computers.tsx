import { Button, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { keyLabel } from "../../app/keymap";
import { queryKeys } from "../../app/queries";
import type { ComputerView } from "../../ipc/bindings/ComputerView";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { shortDay, timeOrDay } from "../../shared/format";
import { KeyBar, Problem, Waiting } from "../../shared/parts";
import { TypedDialog } from "../../shared/TypedDialog";
import { NewCode } from "../recovery/NewCode";
import { AddComputer, type Made, MadeCode } from "./AddComputer";
import dialog from "../../shared/Dialog.module.css";
import page from "../../shared/listScreen.module.css";
import classes from "./Computers.module.css";

/** The clinic's computers, for its admins: which there are, which are out of service, and a code for another one. */
export function Computers() {
  const backend = useBackend();
  const client = useQueryClient();
  const { data, error, isPending, refetch } = useQuery({
    queryKey: queryKeys.computers,
    queryFn: () => backend.listComputers(),
  });
  const [chosen, setChosen] = useState<ComputerView | null>(null);
  const [isMaking, setMaking] = useState(false);
  const [isAdding, setAdding] = useState(false);
  // A code is nowhere but here, and goes with its dialog.
  const [made, setMade] = useState<Made | null>(null);
  const { computers, keys, recovery } = messages;
  return (
    <>
      <div className={page.screen} data-testid="computers">
        <div className={classes.head}>
          <h1>{computers.title}</h1>
          {data && <Button onClick={() => setAdding(true)}>{computers.add}</Button>}
        </div>
        <p>{computers.lead}</p>
        {isPending && <Waiting />}
        {error && <Problem error={error} onRetry={() => void refetch()} />}
        {data && (
          <table className={page.table}>
            <thead>
              <tr>
                <th scope="col">{computers.columns.name}</th>
                <th scope="col">{computers.columns.scope}</th>
                <th scope="col">{computers.columns.lastSeen}</th>
                <th scope="col">{computers.columns.state}</th>
                <th scope="col">{recovery.column}</th>
                <th scope="col">
                  <span className={page.hidden}>{computers.columns.act}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {data.computers.map((computer) => (
                <tr key={computer.id} data-testid="computer">
                  <th scope="row">
                    {computer.name} <span className={classes.lane}>{computer.lane}</span>
                  </th>
                  <td>{messages.sync.scopes[computer.scope]}</td>
                  <td>{computer.lastSeenAt ? timeOrDay(computer.lastSeenAt) : computers.never}</td>
                  <td>{stateWords(computer)}</td>
                  <td>{recoveryWords(computer)}</td>
                  <td>
                    {computer.isThis ? (
                      <>
                        {computers.thisOne}{" "}
                        <Button variant="default" size="xs" onClick={() => setMaking(true)}>
                          {recovery.make}
                        </Button>
                      </>
                    ) : (
                      <Act computer={computer} onAct={() => setChosen(computer)} />
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </div>
      <KeyBar keys={[[keyLabel("today"), keys.today]]} />
      {chosen && <RevokeDialog computer={chosen} onClose={() => setChosen(null)} />}
      {isMaking && <NewCode onClose={() => setMaking(false)} />}
      {isAdding && (
        <AddComputer
          clinics={data?.clinics ?? []}
          onMade={(code) => {
            setAdding(false);
            setMade(code);
          }}
          onClose={() => setAdding(false)}
        />
      )}
      {made && (
        <MadeCode
          made={made}
          onClose={() => {
            setMade(null);
            // Whoever used it meanwhile is in the list.
            void client.invalidateQueries({ queryKey: queryKeys.computers });
          }}
        />
      )}
    </>
  );
}

function Act({ computer, onAct }: { computer: ComputerView; onAct: () => void }) {
  const { computers } = messages;
  const { revocation } = computer;
  if (revocation?.hasConsent || revocation?.state === "done") return null;
  return (
    <Button variant="default" size="xs" onClick={onAct} aria-label={computers.revokeLong(computer.name)}>
      {revocation ? computers.agree : computers.revoke}
    </Button>
  );
}

function recoveryWords({ recoveryFingerprint, recoveryMadeAt, revocation }: ComputerView): string {
  const { recovery } = messages;
  if (revocation) return "";
  if (!recoveryFingerprint || !recoveryMadeAt) return recovery.notInList;
  return recovery.inList(recoveryFingerprint, shortDay(recoveryMadeAt));
}

function stateWords({ revocation, leaseUntil, isCopied, isACopy, ...one }: ComputerView): string {
  const { states } = messages.computers;
  if (revocation && one.wentOn) return states.wentOn(timeOrDay(revocation.askedAt));
  if (!revocation) {
    if (isCopied) return states.copied;
    return one.isRecovered ? states.recovered : isACopy ? states.aCopy : states.inService;
  }
  switch (revocation.state) {
    case "asked":
      return states.asked(timeOrDay(revocation.askedAt));
    case "never_confirmed":
      return states.neverConfirmed(timeOrDay(leaseUntil ?? revocation.askedAt));
    case "acknowledged":
      return revocation.hasConsent ? states.acknowledged : states.waits;
    case "leaving":
      return states.leaving;
    case "done":
      return states.done(timeOrDay(revocation.doneAt ?? revocation.askedAt), revocation.lost ?? 0);
    case "other":
      return states.other(timeOrDay(revocation.askedAt));
  }
}

function RevokeDialog({ computer, onClose }: { computer: ComputerView; onClose: () => void }) {
  const backend = useBackend();
  const client = useQueryClient();
  const [reason, setReason] = useState("");
  const { computers, common } = messages;
  const revoke = useMutation({
    mutationFn: () => backend.revokeComputer(computer.id, reason.trim() || null),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: queryKeys.computers });
    },
  });
  return (
    <TypedDialog
      label={computers.revokeTitle(computer.name)}
      isTyped={reason !== ""}
      isSaving={revoke.isPending}
      onClose={onClose}
    >
      <form
        className={dialog.form}
        onSubmit={(event) => {
          event.preventDefault();
          // Said with the call, it closes no other dialog that was opened meanwhile.
          if (!revoke.isPending) revoke.mutate(undefined, { onSuccess: onClose });
        }}
      >
        <h2>{computers.revokeTitle(computer.name)}</h2>
        <p>{computers.revokeText}</p>
        <TextInput
          label={computers.reason}
          value={reason}
          maxLength={300}
          readOnly={revoke.isPending}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        {revoke.error && <Problem error={revoke.error} />}
        <div className={dialog.buttons}>
          <Button variant="default" disabled={revoke.isPending} onClick={onClose}>
            {common.cancel}
          </Button>
          <Button type="submit" color="red" loading={revoke.isPending}>
            {computers.revoke}
          </Button>
        </div>
      </form>
    </TypedDialog>
  );
}
