import { IconNurse } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { refreshRows } from "../../app/queries";
import type { Prepared } from "../../ipc/bindings/Prepared";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { Problem } from "../../shared/parts";
import { useToast } from "../../shared/toasts";
import classes from "./Prepared.module.css";
import { preparedBy, preparedWords } from "./words";

interface Props {
  prepared: Prepared[];
  /** What the open draft has of it already. */
  takenUp?: string[];
  /** What can be done with the rest. */
  children?: ReactNode;
}

/** What was prepared for this patient, by whom and when, until a doctor signs. */
export function PreparedNotes({ prepared, takenUp = [], children }: Props) {
  const backend = useBackend();
  const client = useQueryClient();
  const toast = useToast();
  const { prepared: words } = messages;
  const takeBack = useMutation({
    mutationFn: (one: Prepared) => backend.takeBackPrepared(one.id),
    onSuccess: () => {
      toast(words.takenBack);
      void refreshRows(client);
    },
  });
  if (prepared.length === 0) return null;
  return (
    <section className={classes.notes} aria-label={words.title} data-testid="prepared">
      <IconNurse size={18} stroke={1.9} aria-hidden="true" />
      <ul aria-live="polite">
        {prepared.map((one) => (
          <li key={one.id}>
            <strong>{preparedBy(one)}</strong> <span>{preparedWords(one)}</span>{" "}
            {takenUp.includes(one.id) && <em data-testid="prepared-in">{words.isIn}</em>}{" "}
            <button
              type="button"
              aria-label={words.takeBackLong(preparedBy(one))}
              disabled={takeBack.isPending}
              onClick={() => takeBack.mutate(one)}
            >
              {words.takeBack}
            </button>
          </li>
        ))}
      </ul>
      {children}
      {takeBack.error && <Problem error={takeBack.error} />}
    </section>
  );
}
