import { useEffect, useEffectEvent } from "react";

/** How often it is looked whether somebody is there, in milliseconds. */
const LOOK_EVERY = 5_000;
const signs = ["keydown", "pointerdown", "pointermove", "wheel"] as const;

/** Calls once nobody has touched the window for so long; a computer that slept is looked at as it wakes. */
export function useIdle(minutes: number, onIdle: () => void): void {
  const idle = useEffectEvent(onIdle);
  useEffect(() => {
    let last = Date.now();
    const touched = () => {
      last = Date.now();
    };
    const timer = setInterval(() => {
      // A clock that was set back would keep it open for as long as it was set back.
      last = Math.min(last, Date.now());
      if (Date.now() - last < minutes * 60_000) return;
      touched();
      idle();
    }, LOOK_EVERY);
    // Before anything else, which may keep it to itself.
    for (const sign of signs) window.addEventListener(sign, touched, { passive: true, capture: true });
    return () => {
      clearInterval(timer);
      for (const sign of signs) window.removeEventListener(sign, touched, { capture: true });
    };
  }, [minutes]);
}
