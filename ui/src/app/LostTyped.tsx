import { Button } from "@mantine/core";
import { useState } from "react";
import { messages } from "../messages";
import notices from "./notices.module.css";
import { useSession } from "./session";

/** Says, to whoever comes back to a form, that the lock came before what they typed there was saved, or over the saving of it. */
export function LostTyped() {
  const { lostTyped, noteLostTyped } = useSession();
  const [isShown, setShown] = useState(lostTyped !== null);
  if (!isShown) return null;
  return (
    <p className={notices.notice} role="alert" data-testid="lost-typed">
      {lostTyped === "saving" ? messages.shell.lostSaving : messages.shell.lostTyped}
      <Button
        size="xs"
        variant="default"
        onClick={() => {
          noteLostTyped(null);
          setShown(false);
        }}
      >
        {messages.common.close}
      </Button>
    </p>
  );
}
