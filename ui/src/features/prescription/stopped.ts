import type { ItemView } from "../../ipc/bindings/ItemView";
import { messages } from "../../messages";
import { shortDay } from "../../shared/format";

/** That a line was stopped, when and why; null of one that was not. */
export const stoppedText = ({
  stoppedAt,
  stopReason,
}: Pick<ItemView, "stoppedAt" | "stopReason">): string | null =>
  stoppedAt && messages.running.stoppedOn(shortDay(stoppedAt), stopReason ?? "");
