import { useEffect, useState } from "react";
import classes from "./Pages.module.css";

interface Props {
  svgs: string[];
  label: (page: number, pages: number) => string;
  testId: string;
}

/** Printed pages. Each drawing is shown as an image, so nothing in it can run or reach out. */
export function Pages({ svgs, label, testId }: Props) {
  const [urls, setUrls] = useState<string[]>([]);
  useEffect(() => {
    const made = svgs.map((svg) => URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" })));
    // oxlint-disable-next-line react/set-state-in-effect -- an address must be taken back by the effect that made it
    setUrls(made);
    return () => {
      for (const url of made) URL.revokeObjectURL(url);
    };
  }, [svgs]);
  return (
    <div className={classes.pages}>
      {urls.map((url, page) => (
        <img
          key={label(page + 1, urls.length)}
          className={classes.page}
          src={url}
          alt={label(page + 1, urls.length)}
          data-testid={testId}
        />
      ))}
    </div>
  );
}
