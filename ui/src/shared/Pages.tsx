import { useEffect, useRef, useState } from "react";
import classes from "./Pages.module.css";

interface Props {
  svgs: string[];
  label: (page: number, pages: number) => string;
  testId: string;
}

interface Pictures {
  urls: string[];
  /** Whether they are of these very drawings: until the next ones are there, those before stand in their place. */
  isCurrent: boolean;
}

/** An address for each drawing. Shown as an image, nothing in it can run or reach out. */
export function usePictures(svgs: string[]): Pictures {
  const [shown, setShown] = useState<{ svgs: string[] | null; urls: string[] }>({ svgs: null, urls: [] });
  useEffect(() => {
    const made = svgs.map((svg) => URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" })));
    // oxlint-disable-next-line react/set-state-in-effect -- an address must be taken back by the effect that made it
    setShown({ svgs, urls: made });
    return () => {
      for (const url of made) URL.revokeObjectURL(url);
    };
  }, [svgs]);
  return { urls: shown.urls, isCurrent: shown.svgs === svgs };
}

/** Printed pages. */
export function Pages({ svgs, label, testId }: Props) {
  const { urls } = usePictures(svgs);
  return (
    <div className={classes.pages}>
      {urls.map((url, page) => (
        // oxlint-disable-next-line react/no-array-index-key -- a page is its place
        <Page key={page} url={url} label={label(page + 1, urls.length)} testId={testId} />
      ))}
    </div>
  );
}

/** One page. A drawing that stands in the window as it is would be drawn anew, glyph by glyph, at every key near it. */
function Page({ url, label, testId }: { url: string; label: string; testId: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const shown = canvas.current;
    if (!shown) return;
    const drawing = new Image();
    const draw = () => {
      const width = Math.round(shown.clientWidth * window.devicePixelRatio);
      const pen = shown.getContext("2d");
      if (width === 0 || !pen) return;
      shown.width = width;
      shown.height = Math.round((width * drawing.naturalHeight) / drawing.naturalWidth);
      pen.drawImage(drawing, 0, 0, shown.width, shown.height);
      shown.dataset["drawn"] = url;
    };
    // It tells of the first size, too.
    const sizes = new ResizeObserver(draw);
    const begin = () => sizes.observe(shown);
    drawing.addEventListener("load", begin);
    drawing.src = url;
    return () => {
      drawing.removeEventListener("load", begin);
      sizes.disconnect();
      // What was drawn from is given back at once: it is a document of its own, of thousands of glyphs.
      drawing.removeAttribute("src");
    };
  }, [url]);
  return <canvas ref={canvas} className={classes.page} role="img" aria-label={label} data-testid={testId} />;
}
