import { Button } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useBackend } from "../ipc/context";
import { langOf } from "../ipc/problem";
import { messages } from "../messages";
import { Problem } from "../shared/parts";
import { useToast } from "../shared/toasts";
import { isTyping } from "./keymap";
import { useSyncStatus } from "./queries";
import classes from "./ServerNotices.module.css";
import { useSession } from "./session";

/**
 * What the server says of the clinic. Each sentence goes away when it was read, and comes back when it changes. Whoever has
 * a one-time password is asked for one of their own: by itself once, as soon as nothing is typed anywhere, and by the notice
 * until they have chosen.
 */
export function ServerNotices({ onOneTime, onPassword }: { onOneTime: () => void; onPassword: () => void }) {
  const { roles } = useSession().session.person;
  const notices = useSyncStatus().data?.notices ?? [];
  const [read, setRead] = useState<string[]>([]);
  const unread = notices.filter((notice) => !read.includes(notice.detail));
  const isOneTime = notices.some(({ code }) => code === "password_change_required");
  const wasAsked = useRef(false);
  useEffect(() => {
    if (!isOneTime) return;
    const ask = () => {
      if (wasAsked.current || isTyping(document.activeElement) || document.querySelector("dialog[open]"))
        return;
      wasAsked.current = true;
      onOneTime();
    };
    ask();
    // Only then the focus is where it goes: between two fields it is nowhere for a moment.
    let timer: ReturnType<typeof setTimeout> | undefined;
    const askSoon = () => {
      clearTimeout(timer);
      timer = setTimeout(ask);
    };
    document.addEventListener("focusin", askSoon);
    document.addEventListener("focusout", askSoon);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("focusin", askSoon);
      document.removeEventListener("focusout", askSoon);
    };
  }, [isOneTime, onOneTime]);
  const mayObject = roles.some((role) => role === "admin" || role === "doctor" || role === "dentist");
  return (
    <div role="status" aria-label={messages.shell.serverNotices}>
      {unread.map(({ code, detail }) => (
        <div key={code + detail} className={classes.notice} data-testid={`notice-${code}`}>
          <p lang={langOf(detail)}>{detail}</p>
          {code === "admin_comes" && mayObject && <Objection />}
          {code === "password_change_required" ? (
            <Button size="xs" variant="default" onClick={onPassword}>
              {messages.password.choose}
            </Button>
          ) : (
            <button
              type="button"
              className={classes.close}
              aria-label={messages.shell.noticeRead(detail)}
              onClick={() => setRead([...read, detail])}
            >
              <IconX size={16} stroke={1.8} aria-hidden="true" />
            </button>
          )}
        </div>
      ))}
    </div>
  );
}

/** Ends what the operator was going to do. */
function Objection() {
  const backend = useBackend();
  const toast = useToast();
  const object = useMutation({
    mutationFn: () => backend.objectToAdmin(),
    onSuccess: () => toast(messages.shell.objectedToAdmin),
  });
  return (
    <>
      {object.error && <Problem error={object.error} />}
      <Button size="xs" variant="default" loading={object.isPending} onClick={() => object.mutate()}>
        {messages.shell.objectToAdmin}
      </Button>
    </>
  );
}
