import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { messages } from "../../messages";
import { Problem } from "../../shared/parts";
import classes from "./Chart.module.css";

interface Behind<T> {
  queryKey: readonly unknown[];
  /** What stands behind so many newer ones. */
  fetch: (newer: number) => Promise<T[]>;
  /** With how many the chart begins, and how many older ones there are. */
  first: number;
  older: number;
}

/** What stands behind the newest of a chart, as far as somebody went back: step by step. */
export function useOlder<T>({ queryKey, fetch, first, older }: Behind<T>) {
  const [isAsked, setAsked] = useState(false);
  const query = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam }) => fetch(pageParam),
    initialPageParam: first,
    getNextPageParam: (page, _, newer) => (page.length === 0 ? undefined : newer + page.length),
    enabled: isAsked && older > 0,
  });
  const steps = query.data?.pages ?? [];
  return {
    steps,
    left: Math.max(older - steps.flat().length, 0),
    isAsked,
    isFetching: query.isFetching,
    error: query.error,
    goBack: () => {
      if (!isAsked) setAsked(true);
      else if (!query.isFetching) void query.fetchNextPage();
    },
  };
}

interface Props {
  older: Omit<ReturnType<typeof useOlder>, "steps">;
  /** How many are not shown. */
  said: (count: number) => string;
  /** What the button does, by its whole name. */
  show: string;
}

/** Says how many older ones are not shown, and shows them. */
export function Older({ older, said, show }: Props) {
  const { chart: words } = messages;
  return (
    <>
      {(older.left > 0 || older.isAsked) && (
        <div className={classes.older}>
          <span role="status">{older.left > 0 ? said(older.left) : words.allShown}</span>
          {older.left > 0 && (
            // It keeps the focus while more is read.
            <Button size="xs" variant="default" aria-busy={older.isFetching} onClick={older.goBack}>
              {show}
            </Button>
          )}
        </div>
      )}
      {older.error !== null && <Problem error={older.error} onRetry={older.goBack} />}
    </>
  );
}
