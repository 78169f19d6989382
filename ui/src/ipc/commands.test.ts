import { beforeEach, expect, test, vi } from "vitest";
import { later } from "../test/later";
import type { BackendEvent } from "./backend";

const { listen } = vi.hoisted(() => ({ listen: vi.fn<typeof import("@tauri-apps/api/event").listen>() }));
vi.mock("@tauri-apps/api/event", () => ({ listen }));

beforeEach(() => listen.mockResolvedValue(() => undefined));

test("the program is asked for each event once, however many listen, and whoever went hears nothing", async () => {
  const { tauriBackend } = await import("./commands");
  const heard: [string, BackendEvent["name"]][] = [];
  const stop = tauriBackend.listen(({ name }) => void heard.push(["one", name]));
  tauriBackend.listen(({ name }) => void heard.push(["other", name]));
  const names = listen.mock.calls.map(([name]) => name);
  expect(names).toHaveLength(new Set(names).size);
  const tell = listen.mock.calls.find(([name]) => name === "rows-changed")?.[1];
  tell?.({ event: "rows-changed", id: 1, payload: null });
  stop();
  tell?.({ event: "rows-changed", id: 1, payload: null });
  expect(heard).toEqual([
    ["one", "rows-changed"],
    ["other", "rows-changed"],
    ["other", "rows-changed"],
  ]);
});

test("what is asked once the program is heard is asked only when it hears everything", async () => {
  vi.resetModules();
  listen.mockReset();
  const registered = later<() => void>();
  listen.mockResolvedValue(() => undefined);
  listen.mockReturnValueOnce(registered.promise);
  const { hear } = await import("./commands");
  let isHeard = false;
  const heard = hear().then(() => {
    isHeard = true;
  });
  await Promise.resolve();
  expect(isHeard).toBe(false);
  registered.resolve(() => undefined);
  await heard;
  expect(isHeard).toBe(true);
});
