import { type RefObject, useEffect } from "react";

/** What can hold the focus for something that vanished in it. What only tells cannot. */
const holds = "section:not([aria-live]), article, aside, form, dialog, [role=region], main";

const aroundOf = (element: Element | null): Element[] =>
  element ? [element, ...aroundOf(element.parentElement)] : [];

/**
 * When what has the focus vanishes (a line is taken out, a notice is closed, a screen makes way for another), the nearest
 * part around it that is still there takes it, and otherwise the screen: Tab goes on from there, and it is said where. A
 * button that lost it because it could not be pressed for a while has it again afterwards.
 */
export function useFocusKept(screen: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    /** What had the focus last, and all that stood around it, the nearest first. */
    let around: Element[] = [];
    const note = ({ target }: FocusEvent) => {
      around = target instanceof Element ? aroundOf(target) : [];
    };
    const look = () => {
      if (document.activeElement !== document.body || (around[0]?.isConnected ?? true)) return;
      const before = around;
      around = [];
      const next = before.find((one) => one.isConnected && one.matches(holds)) ?? screen.current;
      if (next instanceof HTMLElement) hold(next);
    };
    const watch = new MutationObserver((changes) => {
      const [last] = around;
      const isPressable = changes.some(({ type, target }) => type === "attributes" && target === last);
      if (isPressable && document.activeElement === document.body && last instanceof HTMLElement)
        last.focus();
      look();
    });
    watch.observe(document.body, { childList: true, subtree: true, attributeFilter: ["disabled"] });
    document.addEventListener("focusin", note);
    return () => {
      watch.disconnect();
      document.removeEventListener("focusin", note);
    };
  }, [screen]);
}

function hold(part: HTMLElement): void {
  if (!part.hasAttribute("tabindex")) {
    part.tabIndex = -1;
    part.addEventListener("blur", () => part.removeAttribute("tabindex"), { once: true });
  }
  part.focus({ preventScroll: true });
}
