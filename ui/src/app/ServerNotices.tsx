import { IconX } from "@tabler/icons-react";
import { useState } from "react";
import { messages } from "../messages";
import { useSyncStatus } from "./queries";
import classes from "./ServerNotices.module.css";

/** What the server says of the clinic's plan. Each sentence goes away when it was read, and comes back when it changes. */
export function ServerNotices() {
  const notices = useSyncStatus().data?.notices ?? [];
  const [read, setRead] = useState<string[]>([]);
  const unread = notices.filter((notice) => !read.includes(notice.detail));
  return (
    <div role="status" aria-label={messages.shell.serverNotices}>
      {unread.map(({ code, detail }) => (
        <p key={code + detail} className={classes.notice} data-testid={`notice-${code}`}>
          <span lang="en">{detail}</span>
          <button
            type="button"
            className={classes.close}
            aria-label={messages.shell.noticeRead(detail)}
            onClick={() => setRead([...read, detail])}
          >
            <IconX size={16} stroke={1.8} aria-hidden="true" />
          </button>
        </p>
      ))}
    </div>
  );
}
