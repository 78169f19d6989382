import { useSyncExternalStore } from "react";

const watchers = new Set<() => void>();
let timer: ReturnType<typeof setTimeout> | undefined;

const minuteOf = (moment: number) => Math.floor(moment / 60_000);
const minuteNow = () => minuteOf(Date.now());

function wait(): void {
  timer = setTimeout(
    () => {
      for (const watcher of watchers) watcher();
      wait();
    },
    60_000 - (Date.now() % 60_000),
  );
}

function watch(watcher: () => void): () => void {
  if (watchers.size === 0) wait();
  watchers.add(watcher);
  return () => {
    watchers.delete(watcher);
    if (watchers.size === 0) clearTimeout(timer);
  };
}

const FIVE_MINUTES = 300_000;

/** Changes every five minutes, and so with every midnight, in whichever time zone the clinic is. */
export const useFiveMinutes = () => useSyncExternalStore(watch, () => Math.floor(Date.now() / FIVE_MINUTES));

/** How many minutes ago that was. Whatever shows it is drawn anew with every minute, and nothing else is. */
export function useMinutesSince(moment: string): number {
  const now = useSyncExternalStore(watch, minuteNow);
  return Math.max(0, now - minuteOf(Date.parse(moment)));
}
