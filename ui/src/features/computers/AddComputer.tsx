import { Button, NativeSelect } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useSession } from "../../app/session";
import type { ComputerCode } from "../../ipc/bindings/ComputerCode";
import type { DeviceScope } from "../../ipc/bindings/DeviceScope";
import type { StaffClinic } from "../../ipc/bindings/StaffClinic";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { Dialog } from "../../shared/Dialog";
import { timeOrDay } from "../../shared/format";
import { FactList, Problem, ShownOnce } from "../../shared/parts";
import { useThere } from "../../shared/there";
import { TypedDialog } from "../../shared/TypedDialog";
import choices from "../../shared/choices.module.css";
import dialog from "../../shared/Dialog.module.css";
import classes from "./Computers.module.css";

/** A code that was just made, and for what. */
export interface Made {
  code: ComputerCode;
  clinicName: string;
  scope: DeviceScope;
}

const scopes: DeviceScope[] = ["clinical", "front_desk"];

interface Props {
  clinics: StaffClinic[];
  onMade: (made: Made) => void;
  onClose: () => void;
}

/** Asks where a computer will stand and what it may hold, and makes a code for it. */
export function AddComputer({ clinics, onMade, onClose }: Props) {
  const backend = useBackend();
  const isThere = useThere();
  const { session } = useSession();
  const here = { id: session.clinicId, name: session.clinicName };
  const [clinic, setClinic] = useState(clinics.find(({ id }) => id === here.id) ?? clinics[0] ?? here);
  const [scope, setScope] = useState<DeviceScope | null>(null);
  const { computers, common } = messages;
  const make = useMutation({
    // What a mutation answers is kept for a while: the code is handed on instead.
    mutationFn: async (scope: DeviceScope) => {
      const code = await backend.newComputerCode(clinic.id, scope);
      if (isThere.current) onMade({ code, clinicName: clinic.name, scope });
    },
  });
  return (
    <TypedDialog label={computers.add} isTyped={false} isSaving={make.isPending} onClose={onClose}>
      <form
        className={dialog.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (scope && !make.isPending) make.mutate(scope);
        }}
      >
        <h2>{computers.add}</h2>
        <p>{computers.addLead}</p>
        {clinics.length > 1 && (
          <NativeSelect
            label={computers.clinic}
            value={clinic.id}
            data={clinics.map(({ id, name }) => ({ value: id, label: name }))}
            onChange={({ currentTarget: { value } }) =>
              setClinic(clinics.find(({ id }) => id === value) ?? clinic)
            }
          />
        )}
        <fieldset className={classes.purposes}>
          <legend>{computers.purpose}</legend>
          {scopes.map((one) => (
            <label key={one} className={`${choices.choice} ${classes.purpose}`}>
              <input
                type="radio"
                name="computer-purpose"
                checked={scope === one}
                onChange={() => setScope(one)}
              />
              <span>
                {computers.purposes[one]}
                <small>{computers.purposesHint[one]}</small>
              </span>
            </label>
          ))}
        </fieldset>
        <p>{computers.addAgain}</p>
        {make.error && <Problem error={make.error} />}
        <div className={dialog.buttons}>
          <Button variant="default" disabled={make.isPending} onClick={onClose}>
            {common.cancel}
          </Button>
          <Button type="submit" disabled={scope === null} loading={make.isPending}>
            {computers.make}
          </Button>
        </div>
      </form>
    </TypedDialog>
  );
}

/** Shows a code for a computer, once. */
export function MadeCode({ made, onClose }: { made: Made; onClose: () => void }) {
  const { computers } = messages;
  const { code, expiresAt, server } = made.code;
  return (
    <Dialog label={computers.madeTitle} onClose={onClose}>
      <div className={dialog.form} data-testid="computer-code">
        <h2>{computers.madeTitle}</h2>
        {/* The focus begins here: a key that is still held down does not close what nobody has read. */}
        <ShownOnce label={`${computers.code}: ${code}`} tabIndex={-1} data-autofocus data-testid="the-code">
          {code}
        </ShownOnce>
        <FactList
          className={classes.facts}
          facts={[
            [computers.until, timeOrDay(expiresAt)],
            [computers.server, server],
            [computers.madeFor, `${computers.purposes[made.scope]}, ${made.clinicName}`],
          ]}
        />
        <p>{computers.madeHow}</p>
        <p>{computers.madeOnce}</p>
        <div className={dialog.buttons}>
          <Button onClick={onClose}>{computers.done}</Button>
        </div>
      </div>
    </Dialog>
  );
}
