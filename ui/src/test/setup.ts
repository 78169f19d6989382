import { cleanup, configure } from "@testing-library/react";
import { afterEach, vi } from "vitest";
import { speak } from "../messages";

afterEach(cleanup);
afterEach(() => speak("en"));
// A busy machine is slow, not wrong.
configure({ asyncUtilTimeout: 10_000 });

// What jsdom lacks and every supported web view has.
window.matchMedia = (query) => ({
  matches: false,
  media: query,
  onchange: null,
  addListener: vi.fn<() => void>(),
  removeListener: vi.fn<() => void>(),
  addEventListener: vi.fn<() => void>(),
  removeEventListener: vi.fn<() => void>(),
  dispatchEvent: () => false,
});
window.scrollTo = () => undefined;
// The arrows walk a group of choices, by its name.
Object.defineProperty(window, "CSS", { value: { escape: String } });
Element.prototype.scrollIntoView = () => undefined;
URL.createObjectURL = () => "blob:page";
URL.revokeObjectURL = () => undefined;
HTMLImageElement.prototype.decode = () => Promise.resolve();
HTMLDialogElement.prototype.showModal = function show(this: HTMLDialogElement) {
  this.setAttribute("open", "");
  const focusable = 'button, input, select, textarea, a[href], [tabindex]:not([tabindex="-1"])';
  this.querySelector<HTMLElement>(focusable)?.focus();
};
HTMLDialogElement.prototype.close = function close(this: HTMLDialogElement) {
  this.removeAttribute("open");
};
// Lists that draw only what is in sight need a size.
Object.defineProperty(HTMLElement.prototype, "clientHeight", { value: 600 });
Object.defineProperty(HTMLElement.prototype, "clientWidth", { value: 800 });
class NoResizes implements ResizeObserver {
  observe() {}
  unobserve() {}
  disconnect() {}
}
globalThis.ResizeObserver = NoResizes;
// Nothing is laid out here: everything is in sight.
class InSight implements IntersectionObserver {
  readonly root = null;
  readonly rootMargin = "";
  readonly scrollMargin = "";
  readonly thresholds = [];
  readonly #tell: IntersectionObserverCallback;
  constructor(tell: IntersectionObserverCallback) {
    this.#tell = tell;
  }
  observe(target: Element) {
    const box = target.getBoundingClientRect();
    const seen = {
      target,
      isIntersecting: true,
      intersectionRatio: 1,
      time: 0,
      rootBounds: null,
      boundingClientRect: box,
      intersectionRect: box,
    };
    this.#tell([seen], this);
  }
  unobserve() {}
  disconnect() {}
  takeRecords() {
    return [];
  }
}
globalThis.IntersectionObserver = InSight;
