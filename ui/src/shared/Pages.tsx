import { useEffect, useState } from "react";
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
        <img
          // oxlint-disable-next-line react/no-array-index-key -- a page is its place
          key={page}
          className={classes.page}
          src={url}
          alt={label(page + 1, urls.length)}
          data-testid={testId}
        />
      ))}
    </div>
  );
}
