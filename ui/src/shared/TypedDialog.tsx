import type { ComponentProps } from "react";
import { Dialog } from "./Dialog";
import { useInstead, useUnsaved } from "./unsaved";

interface Props extends ComponentProps<typeof Dialog> {
  /** Whether something is typed in it that is not saved. */
  isTyped: boolean;
  /** Whether it is being saved. */
  isSaving: boolean;
}

/**
 * A dialog with a form in it: Escape and a click beside it ask before they throw away what is typed, and wait for what is
 * being saved.
 */
export function TypedDialog({ isTyped, isSaving, onClose, ...rest }: Props) {
  const instead = useInstead();
  useUnsaved(isTyped, isSaving);
  return <Dialog {...rest} onClose={() => instead(onClose)} />;
}
