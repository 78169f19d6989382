import { type Ref, useEffect, useImperativeHandle, useRef } from "react";
import { createPortal } from "react-dom";
import { usePictures } from "./Pages";
import classes from "./PrintSheet.module.css";

export interface Sheet {
  /** Resolves once every page can be printed. */
  ready: () => Promise<void>;
}

interface Props {
  ref: Ref<Sheet>;
  svgs: string[];
  isA4: boolean;
}

/** Pages as they go to the printer, in their own size: never on the screen, and nothing else is on paper. */
export function PrintSheet({ ref, svgs, isA4 }: Props) {
  const { urls, isCurrent } = usePictures(svgs);
  const sheet = useRef<HTMLDivElement>(null);
  const isThere = useRef(false);
  const waiting = useRef<(() => void)[]>([]);
  useEffect(() => {
    isThere.current = isCurrent;
    if (isCurrent) for (const go of waiting.current.splice(0)) go();
  }, [isCurrent]);
  useImperativeHandle(ref, () => ({
    ready: async () => {
      if (!isThere.current) await new Promise<void>((resolve) => void waiting.current.push(resolve));
      const pictures = [...(sheet.current?.querySelectorAll("img") ?? [])];
      await Promise.all(pictures.map((picture) => picture.decode()));
    },
  }));
  return createPortal(
    <div
      ref={sheet}
      className={`${classes.sheet} ${isA4 ? classes.a4 : classes.a5}`}
      data-testid="print-sheet"
    >
      {urls.map((url, page) => (
        // oxlint-disable-next-line react/no-array-index-key -- a page is its place
        <div key={page}>
          <img src={url} alt="" />
        </div>
      ))}
    </div>,
    document.body,
  );
}
