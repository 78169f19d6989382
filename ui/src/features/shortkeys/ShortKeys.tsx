import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { queryKeys } from "../../app/queries";
import { useSession } from "../../app/session";
import type { ShortKey } from "../../ipc/bindings/ShortKey";
import type { ShortKeyForm } from "../../ipc/bindings/ShortKeyForm";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { Notice, Problem, Waiting } from "../../shared/parts";
import { KeyEditor } from "./KeyEditor";
import classes from "./ShortKeys.module.css";

const emptyForm: ShortKeyForm = {
  key: "",
  title: "",
  isPhrase: false,
  isOwn: true,
  lines: "",
  diagnoses: "",
  advice: "",
  investigations: "",
  followUp: "",
  minAgeMonths: null,
  maxAgeMonths: null,
  sex: null,
  notWith: "",
};

export const signed = (form: ShortKeyForm) => `${form.isPhrase ? "." : "/"}${form.key}`;

/** The short keys that one uses, and the place where they are written. */
export function ShortKeys() {
  const backend = useBackend();
  const { session } = useSession();
  const keys = useQuery({
    queryKey: queryKeys.shortKeys,
    queryFn: () => backend.listShortKeys(),
    enabled: session.mayPrescribe,
  });
  const [open, setOpen] = useState<ShortKey | "new" | null>(null);
  const { shortKeys: words } = messages;
  if (!session.mayPrescribe) {
    return (
      <div className={classes.screen}>
        <Notice>{words.mayNot}</Notice>
      </div>
    );
  }
  const isNew = open === "new";
  return (
    <div className={classes.screen} data-testid="short-keys">
      <div className={classes.side}>
        <h1>{words.title}</h1>
        <p>{words.lead}</p>
        <Link to="/medicines" className={classes.other}>
          {messages.medicines.title}
        </Link>
        <Button variant="default" onClick={() => setOpen("new")}>
          {words.add}
        </Button>
        {keys.error && <Problem error={keys.error} onRetry={() => void keys.refetch()} />}
        {keys.isPending && <Waiting />}
        {keys.data?.length === 0 && <p>{words.none}</p>}
        <ul aria-label={words.list}>
          {keys.data?.map((key) => (
            <li key={key.id}>
              <button
                type="button"
                aria-current={open !== "new" && open?.id === key.id}
                onClick={() => setOpen(key)}
              >
                <code>{signed(key.form)}</code>
                <span>{key.form.title}</span>
                <small>
                  {key.isShadowed ? words.shadowed : key.form.isOwn ? words.own : words.everyones}
                </small>
              </button>
            </li>
          ))}
        </ul>
      </div>
      {open !== null && (
        <KeyEditor
          key={isNew ? "new" : open.id}
          id={isNew ? null : open.id}
          initial={isNew ? emptyForm : open.form}
          onDone={() => setOpen(null)}
        />
      )}
    </div>
  );
}
