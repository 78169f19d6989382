import { IconAlertTriangle } from "@tabler/icons-react";
import { messages } from "../messages";
import classes from "./Broken.module.css";

/** The records of this computer cannot be opened: nothing else works, so nothing else is shown. */
export function Broken({ code, detail }: { code: string; detail: string }) {
  return (
    <main className={classes.broken} data-testid="broken">
      <IconAlertTriangle size={40} stroke={1.6} aria-hidden="true" />
      <h1>{messages.broken.title}</h1>
      <p role="alert">{detail}</p>
      <p className={classes.code}>{messages.common.code(code)}</p>
    </main>
  );
}
