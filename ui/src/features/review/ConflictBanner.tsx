import { IconArrowsSplit } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { keyLabel } from "../../app/keymap";
import type { Conflict } from "../../ipc/bindings/Conflict";
import { messages } from "../../messages";
import { Kbd } from "../../shared/parts";
import classes from "./Review.module.css";
import { bannerText } from "./words";

/** What differs about the patient on the screen: both values, until somebody decides. */
export function ConflictBanner({ conflicts }: { conflicts: Conflict[] }) {
  const { review } = messages;
  const [first] = conflicts;
  if (!first) return null;
  return (
    <div className={classes.banner} role="note" data-testid="conflict-banner">
      <IconArrowsSplit size={18} stroke={1.9} aria-hidden="true" />
      <p>
        <strong>{review.banner(conflicts.length)}</strong>{" "}
        {conflicts.map((conflict) => (
          <span key={conflict.id}>{bannerText(conflict)} </span>
        ))}
      </p>
      <Link to="/review" search={{ item: first.id }}>
        {review.review} <Kbd>{keyLabel("review")}</Kbd>
      </Link>
    </div>
  );
}
