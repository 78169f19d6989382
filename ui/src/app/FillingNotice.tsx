import { messages } from "../messages";
import classes from "./notices.module.css";
import { useSyncStatus } from "./queries";

/** As long as not everything has come to a new computer: what that means, and how far it is. */
export function FillingNotice() {
  const filling = useSyncStatus().data?.filling ?? null;
  const { shell } = messages;
  return (
    <div role="status" className={filling ? classes.notice : undefined}>
      {filling && <span data-testid="filling">{shell.filling}</span>}
      {/* Read when it is looked at, and not at every change. */}
      {filling?.total != null && (
        <span className={classes.progress} aria-live="off">
          <progress aria-label={shell.fillingProgress} value={filling.rows} max={filling.total} />
          {shell.fillingCount(filling.rows, filling.total)}
        </span>
      )}
    </div>
  );
}
