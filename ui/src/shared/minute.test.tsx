import { act, render, screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { useMinutesSince } from "./minute";

afterEach(() => vi.useRealTimers());

const drawn = vi.fn<() => void>();

function Around() {
  drawn();
  return <Since />;
}

function Since() {
  return <output>{useMinutesSince("2026-11-23T09:10:20Z")}</output>;
}

const shown = () => screen.getByRole("status").textContent;

test("minutes are counted as the clock goes on, and nothing around them is drawn anew", () => {
  vi.useFakeTimers({ now: new Date("2026-11-23T09:13:45Z") });
  render(<Around />);
  expect(shown()).toBe("3");
  act(() => vi.advanceTimersByTime(14_000));
  expect(shown()).toBe("3");
  act(() => vi.advanceTimersByTime(1_000));
  expect(shown()).toBe("4");
  act(() => vi.advanceTimersByTime(120_000));
  expect(shown()).toBe("6");
  expect(drawn).toHaveBeenCalledTimes(1);
});

test("a moment that another computer’s clock has put ahead is no minutes ago", () => {
  vi.useFakeTimers({ now: new Date("2026-11-23T09:08:00Z") });
  render(<Since />);
  expect(shown()).toBe("0");
});
