import { type Ref, useCallback, useEffect, useImperativeHandle, useLayoutEffect, useRef } from "react";
import { createPortal } from "react-dom";
import { usePictures } from "./Pages";
import classes from "./PrintSheet.module.css";

export interface Sheet {
  /**
   * Answers true once every page can be printed: from then on these are the pages that are, and no others that stand ready.
   * False if the sheet was taken away before.
   */
  ready: () => Promise<boolean>;
}

/** What is printed goes one after the other: none takes the place of one that is on its way to the printer. */
export const onPaper = { id: "paper" };

interface Props {
  ref: Ref<Sheet>;
  svgs: string[];
  /** What they are printed on; a number is a strip of 80 mm, so many millimetres long. */
  paper: "a5" | "a4" | number;
}

/** Pages as they go to the printer, in their own size: never on the screen, and nothing else is on paper. */
export function PrintSheet({ ref, svgs, paper }: Props) {
  const { urls, isCurrent } = usePictures(svgs);
  const sheet = useRef<HTMLDivElement>(null);
  const isThere = useRef(false);
  const waiting = useRef<(() => void)[]>([]);
  const letGo = useCallback(() => {
    for (const go of waiting.current.splice(0)) go();
  }, []);
  useEffect(() => letGo, [letGo]);
  useEffect(() => {
    isThere.current = isCurrent;
    if (isCurrent) letGo();
  }, [isCurrent, letGo]);
  useImperativeHandle(ref, () => ({
    ready: async () => {
      if (!isThere.current) await new Promise<void>((resolve) => void waiting.current.push(resolve));
      const pictures = [...(sheet.current?.querySelectorAll("img") ?? [])];
      await Promise.all(pictures.map((picture) => picture.decode()));
      if (!sheet.current) return false;
      for (const other of document.querySelectorAll("[data-prints]")) other.removeAttribute("data-prints");
      sheet.current.setAttribute("data-prints", "");
      return true;
    },
  }));
  const length = typeof paper === "number" ? paper : null;
  usePageOfStrip(length);
  return createPortal(
    <div
      ref={sheet}
      className={`${classes.sheet} ${typeof paper === "number" ? classes.strip : classes[paper]}`}
      data-testid="print-sheet"
    >
      {urls.map((url, page) => (
        // oxlint-disable-next-line react/no-array-index-key -- a page is its place
        <div key={page} style={length === null ? undefined : { aspectRatio: `80 / ${length - 1}` }}>
          <img src={url} alt="" />
        </div>
      ))}
    </div>,
    document.body,
  );
}

/** The page of a strip: how long it is no style sheet knows before it is drawn. */
function usePageOfStrip(length: number | null) {
  useLayoutEffect(() => {
    const [rules] = document.styleSheets;
    if (length === null || !rules) return undefined;
    const last = rules.cssRules.length;
    rules.insertRule(`@page strip { size: 80mm ${length}mm; }`, last);
    return () => rules.deleteRule(last);
  }, [length]);
}
