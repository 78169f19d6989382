import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { IconPencil, IconX } from "@tabler/icons-react";
import { useState } from "react";
import { queryKeys, refreshRows } from "../../app/queries";
import { useSession } from "../../app/session";
import type { OwnMedicine } from "../../ipc/bindings/OwnMedicine";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { Notice, Problem, Waiting } from "../../shared/parts";
import { useToast } from "../../shared/toasts";
import { formName } from "./forms";
import { MedicineForm } from "./MedicineForm";
import classes from "./Medicines.module.css";

/** The clinic's own medicines, and the place where they are added and corrected. */
export function Medicines() {
  const { session } = useSession();
  const [open, setOpen] = useState<OwnMedicine | null>(null);
  const { medicines: words } = messages;
  if (!session.mayPrescribe) {
    return (
      <div className={classes.screen}>
        <Notice>{words.mayNot}</Notice>
      </div>
    );
  }
  return (
    <div className={classes.screen} data-testid="own-medicines">
      <div className={classes.side}>
        <h1>{words.title}</h1>
        <p>{words.lead}</p>
        <Link to="/short-keys">{messages.shortKeys.title}</Link>
        <InUse onOpen={setOpen} onRemoved={(gone) => setOpen((one) => (one?.id === gone.id ? null : one))} />
      </div>
      {/* One that was changed elsewhere and is opened again begins anew. */}
      <MedicineForm key={open ? JSON.stringify(open) : "new"} medicine={open} onDone={() => setOpen(null)} />
    </div>
  );
}

interface Props {
  onOpen: (medicine: OwnMedicine) => void;
  onRemoved: (medicine: OwnMedicine) => void;
}

function InUse({ onOpen, onRemoved }: Props) {
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
      <ul aria-label={words.list}>
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
              onClick={() => remove.mutate(medicine)}
            >
              <IconX size={16} aria-hidden="true" />
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
