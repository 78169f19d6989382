import { Link } from "@tanstack/react-router";
import classes from "../../app/notices.module.css";
import { useAppState } from "../../app/queries";
import { useSession } from "../../app/session";
import { messages } from "../../messages";

/** As long as no recovery code of this computer is known to be written down: what that means, and who mends it. */
export function RecoveryNotice() {
  const { data } = useAppState();
  const { session } = useSession();
  const { notice } = messages.recovery;
  if (data?.state !== "unlocked" || data.recovery.isKept) return null;
  return (
    <p className={classes.notice} role="status" data-testid="recovery-notice">
      <span>{data.recovery.fingerprint ? notice.unkept : notice.none}</span>
      {session.person.roles.includes("admin") ? (
        <Link to="/computers">{notice.admin}</Link>
      ) : (
        <span>{notice.others}</span>
      )}
    </p>
  );
}
