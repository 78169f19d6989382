import { expect, test } from "vitest";
import type { Draft } from "../../ipc/bindings/Draft";
import { emptyDraft } from "../../ipc/fake-data";
import { History } from "./history";

const draft = (advice: string): Draft => ({ ...emptyDraft, advice });

test("letters typed together go back together, and forth again", () => {
  const history = new History();
  history.note(draft(""), ["advice"], 0);
  history.note(draft("R"), ["advice"], 200);
  history.note(draft("Re"), ["advice"], 400);
  const back = history.back(draft("Rest"));
  expect(back?.advice).toBe("");
  expect(history.back(draft(""))).toBeNull();
  expect(history.forth(draft(""))?.advice).toBe("Rest");
  expect(history.forth(draft("Rest"))).toBeNull();
});

test("a pause, another field and a line are steps of their own", () => {
  const history = new History();
  history.note(draft(""), ["advice"], 0);
  history.note(draft("Rest"), ["advice"], 5_000);
  history.note(draft("Rest, water"), ["complaints"], 5_100);
  history.note(draft("with complaint"), ["items", "line"], 5_200);
  history.note(draft("with a line"), ["items", "line"], 5_300);
  const steps = ["with two lines"];
  for (let back = history.back(draft("")); back; back = history.back(back)) steps.push(back.advice);
  expect(steps).toEqual(["with two lines", "with a line", "with complaint", "Rest, water", "Rest", ""]);
});

test("what is written after going back has no way forth", () => {
  const history = new History();
  history.note(draft("one"), ["items"], 0);
  history.back(draft("two"));
  history.note(draft("one"), ["items"], 10);
  expect(history.forth(draft("three"))).toBeNull();
});
