import { QueryClientProvider, useQuery } from "@tanstack/react-query";
import { act, render } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { createQueryClient, queryKeys, useTimeOfDay } from "./queries";

afterEach(() => vi.useRealTimers());

const day = vi.fn<() => string>(() => new Date().toISOString().slice(0, 10));
const chart = vi.fn<() => string>(() => "chart");

function Window() {
  useTimeOfDay();
  useQuery({ queryKey: queryKeys.chart("p1"), queryFn: chart });
  return <output>{useQuery({ queryKey: queryKeys.day(null), queryFn: day }).data}</output>;
}

test("a window that is left open over midnight shows the new day, and asks for nothing else", async () => {
  // Midnight in India.
  vi.useFakeTimers({ now: new Date("2026-11-30T18:27:30Z") });
  render(
    <QueryClientProvider client={createQueryClient()}>
      <Window />
    </QueryClientProvider>,
  );
  await act(() => vi.advanceTimersByTimeAsync(60_000));
  expect(day).toHaveBeenCalledTimes(1);
  await act(() => vi.advanceTimersByTimeAsync(90_000));
  expect(day).toHaveBeenCalledTimes(2);
  expect(chart).toHaveBeenCalledTimes(1);
});
