import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { queryKeys } from "../../app/queries";
import { useSession } from "../../app/session";
import type { ShortKey } from "../../ipc/bindings/ShortKey";
import type { ShortKeyForm } from "../../ipc/bindings/ShortKeyForm";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import library from "../../shared/library.module.css";
import { Notice, Problem, Waiting } from "../../shared/parts";
import { useInstead } from "../../shared/unsaved";
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

const idOf = (one: ShortKey | "new" | null) => (one === "new" ? one : (one?.id ?? null));

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
  const add = useRef<HTMLButtonElement>(null);
  const instead = useInstead();
  const { shortKeys: words } = messages;
  if (!session.mayPrescribe) {
    return (
      <div className={`${library.screen} ${classes.columns}`}>
        <Notice>{words.mayNot}</Notice>
      </div>
    );
  }
  const shown = idOf(open);
  // One that was changed meanwhile can be opened anew.
  const shownNow = JSON.stringify(open);
  const show = (one: ShortKey | "new") => {
    if (JSON.stringify(one) !== shownNow) instead(() => setOpen(one));
  };
  return (
    <div className={`${library.screen} ${classes.columns}`} data-testid="short-keys">
      <div className={library.side}>
        <h1>{words.title}</h1>
        <p>{words.lead}</p>
        <Link to="/medicines">{messages.medicines.title}</Link>
        <Button ref={add} variant="default" onClick={() => show("new")}>
          {words.add}
        </Button>
        {keys.error && <Problem error={keys.error} onRetry={() => void keys.refetch()} />}
        {keys.isPending && <Waiting />}
        {keys.data?.length === 0 && <p>{words.none}</p>}
        <ul aria-label={words.list} className={classes.list}>
          {keys.data?.map((key) => (
            <li key={key.id}>
              <button type="button" aria-current={shown === key.id} onClick={() => show(key)}>
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
          key={shownNow}
          id={open === "new" ? null : open.id}
          initial={open === "new" ? emptyForm : open.form}
          onDone={() => {
            setOpen(null);
            add.current?.focus();
          }}
        />
      )}
    </div>
  );
}
