import { type RefObject, useEffect, useRef } from "react";

/** Whether the component still stands: what it was answered later closes and shows nothing in the place of others. */
export function useThere(): RefObject<boolean> {
  const isThere = useRef(true);
  useEffect(() => {
    isThere.current = true;
    return () => {
      isThere.current = false;
    };
  }, []);
  return isThere;
}
