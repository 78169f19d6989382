import { afterEach, expect, test, vi } from "vitest";

afterEach(() => vi.unstubAllEnvs());

test("a moment falls on the day that people here lived in, and a day stays the day that it is", async () => {
  vi.stubEnv("TZ", "Asia/Kolkata");
  vi.resetModules();
  const { shortDay } = await import("./format");
  expect(shortDay("2026-11-22T20:00:00Z")).toBe("23 Nov 2026");
  expect(shortDay("2026-11-22")).toBe("22 Nov 2026");
});
