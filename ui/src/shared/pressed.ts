import { useRef } from "react";

/** Of rows that are written anew while somebody points at them: a click is for who stood there when it was pressed. */
export function usePressed() {
  const pressed = useRef<string | null>(null);
  return {
    press: (id: string) => {
      pressed.current = id;
    },
    /** Whether this one is meant. What clicks without a pointer means the one that is there. */
    isMeant: (id: string) => {
      const before = pressed.current;
      pressed.current = null;
      return before === null || before === id;
    },
  };
}
