import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { IconPencil, IconX } from "@tabler/icons-react";
import { useState } from "react";
import { queryKeys, refreshRows } from "../../app/queries";
import { useSession } from "../../app/session";
import type { OwnMedicine } from "../../ipc/bindings/OwnMedicine";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import library from "../../shared/library.module.css";
import { Notice, Problem, Waiting } from "../../shared/parts";
import { useToast } from "../../shared/toasts";
import { useInstead } from "../../shared/unsaved";
import { formName } from "./forms";
import { MedicineForm } from "./MedicineForm";
import classes from "./Medicines.module.css";

/** The clinic's own medicines, and the place where they are added and corrected. */
export function Medicines() {
  const { session } = useSession();
  const [open, setOpen] = useState<OwnMedicine | null>(null);
  /** How many forms were done with: the next one begins where one types. */
  const [done, setDone] = useState(0);
  const instead = useInstead();
  const { medicines: words } = messages;
  if (!session.mayPrescribe) {
    return (
      <div className={`${library.screen} ${classes.columns}`}>
        <Notice>{words.mayNot}</Notice>
      </div>
    );
  }
  // One that was changed elsewhere and is opened again begins anew.
  const key = open ? JSON.stringify(open) : `new ${done}`;
  return (
    <div className={`${library.screen} ${classes.columns}`} data-testid="own-medicines">
      <div className={library.side}>
        <h1>{words.title}</h1>
        <p>{words.lead}</p>
        <Link to="/short-keys">{messages.shortKeys.title}</Link>
        <InUse
          onOpen={(medicine) => {
            if (JSON.stringify(medicine) !== key) instead(() => setOpen(medicine));
          }}
          onRemove={(medicine, remove) => (medicine.id === open?.id ? instead(remove) : remove())}
          onRemoved={(gone) => setOpen((one) => (one?.id === gone.id ? null : one))}
        />
      </div>
      <MedicineForm
        key={key}
        medicine={open}
        autoFocus={open !== null || done > 0}
        onDone={() => {
          setOpen(null);
          setDone(done + 1);
        }}
      />
    </div>
  );
}

interface Props {
  onOpen: (medicine: OwnMedicine) => void;
  /** One is to be taken out of use, if nothing speaks against it. */
  onRemove: (medicine: OwnMedicine, remove: () => void) => void;
  onRemoved: (medicine: OwnMedicine) => void;
}

function InUse({ onOpen, onRemove, onRemoved }: Props) {
  const backend = useBackend();
  const client = useQueryClient();
  const toast = useToast();
  const { medicines: words } = messages;
  const own = useQuery({ queryKey: queryKeys.ownMedicines, queryFn: () => backend.listOwnMedicines() });
  const refresh = () => {
    void client.invalidateQueries({ queryKey: queryKeys.lines });
    void refreshRows(client);
  };
  const remove = useMutation({
    mutationFn: (medicine: OwnMedicine) => backend.keepOwnMedicine(medicine.id, false),
    onSuccess: (_, medicine) => {
      refresh();
      onRemoved(medicine);
      toast(words.removed(medicine.name), () => backend.keepOwnMedicine(medicine.id, true).then(refresh));
    },
  });
  return (
    <>
      {own.error && <Problem error={own.error} onRetry={() => void own.refetch()} />}
      {remove.error && <Problem error={remove.error} />}
      {own.isPending && <Waiting />}
      {own.data?.length === 0 && <p>{words.none}</p>}
      <ul aria-label={words.list} className={classes.list}>
        {own.data?.map((medicine) => (
          <li key={medicine.id} data-testid="own-medicine">
            <span>
              <strong>{medicine.name}</strong>
              <small>
                {formName(medicine.dosageForm)} {medicine.defaultDose && <code>{medicine.defaultDose}</code>}
              </small>
              {!medicine.isChecked && <em title={messages.pad.notCheckedHint}>{messages.pad.notChecked}</em>}
            </span>
            <button
              type="button"
              className={classes.first}
              aria-label={words.correct(medicine.name)}
              onClick={() => onOpen(medicine)}
            >
              <IconPencil size={16} stroke={1.8} aria-hidden="true" />
            </button>
            <button
              type="button"
              aria-label={words.remove(medicine.name)}
              disabled={remove.isPending}
              onClick={() => onRemove(medicine, () => remove.mutate(medicine))}
            >
              <IconX size={16} aria-hidden="true" />
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
