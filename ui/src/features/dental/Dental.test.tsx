import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import type { UserEvent } from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { messages } from "../../messages";
import { expectAccessible, findSunita, openClinic, type Prepare } from "../../test/clinic";
import { later } from "../../test/later";

const { dental, shell } = messages;

/** The teeth of Sunita, of whom these lines are written already. */
async function openTeeth(lines: string[] = [], start = "vikram@example.in", prepare?: Prepare) {
  const opened = openClinic({ start }, prepare);
  await screen.findByTestId("today");
  await findSunita(opened.keys);
  for (const text of lines) await act(() => opened.backend.addDentalLine("p1", text));
  await opened.keys.keyboard("{Control>}4{/Control}");
  await screen.findByTestId("dental");
  return opened;
}

const line = () => screen.getByTestId<HTMLInputElement>("dental-line");
const echo = () => screen.getByTestId("dental-echo").textContent;
const tooth = (number: number) => screen.getByTestId(`tooth-${number}`);
const nameOf = (number: number) => tooth(number).getAttribute("aria-label");
const status = () => screen.getByTestId("dental-added");
const surface = (name: string) => screen.getByRole("checkbox", { name });

async function add(keys: UserEvent, text: string) {
  await keys.keyboard(`${text}{Enter}`);
  await waitFor(() => expect(line().value).toBe(""));
}

test("the screen opens with the focus in the line, below the allergies, and says how to begin", async () => {
  await openTeeth();
  expect(document.activeElement).toBe(line());
  expect(screen.getAllByRole("note")[0]?.textContent).toContain("Penicillins");
  expect(screen.getByText(dental.empty("36 mo c"))).toBeTruthy();
  expect(nameOf(36)).toBe("36, lower left first molar: nothing charted");
  await expectAccessible();
});

test("a line is said back as it is typed, and Enter adds it, empties the line and tells what was added", async () => {
  const { keys } = await openTeeth();
  await keys.keyboard("36 mo c");
  const said = "Tooth 36, lower left first molar: caries in dentine mesial occlusal";
  await waitFor(() => expect(echo()).toBe(said));
  expect(tooth(36).getAttribute("aria-current")).toBe("true");
  await keys.keyboard("{Enter}");
  await waitFor(() => expect(status().textContent).toContain(`Added: ${said}`));
  expect(line().value).toBe("");
  expect(document.activeElement).toBe(line());
  await waitFor(() => expect(nameOf(36)).toContain("caries in dentine mesial occlusal"));
  expect(tooth(36).querySelectorAll('[data-mark="caries"]')).toHaveLength(2);
  expect(screen.getByTestId("dental-finding").textContent).toContain("caries in dentine mesial occlusal");
});

test("a plan and what was done just now stand in the plan", async () => {
  const { keys } = await openTeeth();
  await add(keys, "36 plan rct");
  await add(keys, "47 do done f");
  await waitFor(() => expect(screen.getAllByTestId("dental-procedure")).toHaveLength(2));
  const [plan, done] = screen.getAllByTestId("dental-procedure").map((row) => row.textContent);
  expect(plan).toContain("36 root canal treatmentplanned");
  expect(done).toContain("47 filling occlusal distaldone");
  expect(nameOf(36)).toBe("36, lower left first molar: root canal treatment planned");
});

test("what is only not finished yet is never called wrong, and Enter says that it is not finished", async () => {
  const { keys } = await openTeeth();
  vi.useFakeTimers({ toFake: ["Date"] });
  for (const text of ["3", "36", "36 ", "36 mo", "36 mo pla", "36 mo plan r"]) {
    fireEvent.change(line(), { target: { value: text } });
    await act(async () => {});
    expect(screen.getByTestId("dental-echo").className).not.toContain("problem");
  }
  vi.useRealTimers();
  await keys.keyboard("{Enter}");
  await waitFor(() => expect(echo()).toBe(dental.unfinished));
  expect(line().value).toBe("36 mo plan r");
});

test("what cannot become right is said after a pause or at Enter, and the line stays as it is typed", async () => {
  const { keys } = await openTeeth();
  await keys.keyboard("39 c{Enter}");
  await waitFor(() => expect(echo()).toBe("There is no tooth with this number."));
  expect(line().value).toBe("39 c");
  await keys.keyboard("{Escape}");
  expect(line().value).toBe("39 c");
  await keys.keyboard("c");
  await waitFor(() => expect(echo()).toBe("There is no tooth with this number."));
  await expectAccessible();
});

test("a line that is refused stays as it is typed, under what the program says", async () => {
  const detail = "Tooth 36 is charted as missing. Nothing was added.";
  const { keys } = await openTeeth([], undefined, (backend) => {
    backend.fail("addDentalLine", { code: "invalid", detail });
  });
  await keys.keyboard("36 mo c{Enter}");
  await waitFor(() => expect(echo()).toBe(detail));
  expect(line().value).toBe("36 mo c");
  expect(status().textContent).toBe("");
});

test("what is typed while a line is being added stays, and the Enter behind it counts", async () => {
  const { keys, backend } = await openTeeth();
  const disk = later<void>();
  const { addDentalLine } = backend;
  const added: string[] = [];
  backend.addDentalLine = async (patientId, text) => {
    if (added.push(text) === 1) await disk.promise;
    return addDentalLine(patientId, text);
  };
  await keys.keyboard("36 c{Enter}");
  await waitFor(() => expect(added).toEqual(["36 c"]));
  await keys.keyboard("{Control>}a{/Control}47 f{Enter}");
  await act(async () => disk.resolve());
  await waitFor(() => expect(added).toEqual(["36 c", "47 f"]));
  await waitFor(() => expect(line().value).toBe(""));
});

test("arrows walk the teeth, also to the other jaw, and each is read out", async () => {
  const { keys } = await openTeeth(["26 o f"]);
  await keys.keyboard("36");
  await waitFor(() => expect(tooth(36).getAttribute("tabindex")).toBe("0"));
  act(() => tooth(36).focus());
  await keys.keyboard("{ArrowUp}");
  expect(document.activeElement).toBe(tooth(26));
  expect(nameOf(26)).toBe("26, upper left first molar: filling occlusal");
  await keys.keyboard("{ArrowRight}");
  expect(document.activeElement).toBe(tooth(27));
  expect(
    screen.getAllByRole("button").filter((one) => one.matches("[data-testid^=tooth-][tabindex='0']")),
  ).toEqual([tooth(27)]);
  await keys.keyboard("{Escape}");
  expect(document.activeElement).toBe(line());
  expect(line().value).toBe("36");
});

test("a letter on a tooth goes on in the line, behind the tooth", async () => {
  const { keys } = await openTeeth();
  act(() => tooth(47).focus());
  await keys.keyboard("x");
  expect(document.activeElement).toBe(line());
  expect(line().value).toBe("47 x");
});

test("Tab leads into the surfaces, and Space writes them into the line", async () => {
  const { keys } = await openTeeth();
  act(() => tooth(36).focus());
  await keys.tab();
  expect(document.activeElement).toBe(surface("36 mesial"));
  await keys.keyboard(" ");
  expect(line().value).toBe("36 m ");
  expect(surface("36 mesial").getAttribute("aria-checked")).toBe("true");
  // A single m is a surface here, not a tooth that is missing.
  expect(echo()).toBe("Tooth 36, lower left first molar: mesial");
  await keys.tab();
  await keys.keyboard(" ");
  expect(line().value).toBe("36 mo ");
  await expectAccessible();
  await keys.keyboard("c{Enter}");
  await waitFor(() => expect(nameOf(36)).toContain("caries in dentine mesial occlusal"));
});

test("a surface alone is not added as a missing tooth", async () => {
  const { keys, backend } = await openTeeth();
  const addDentalLine = vi.spyOn(backend, "addDentalLine");
  act(() => tooth(36).focus());
  await keys.tab();
  await keys.keyboard(" ");
  act(() => line().focus());
  await keys.keyboard("{Enter}");
  await waitFor(() => expect(echo()).toBe(dental.unfinished));
  await keys.keyboard("{Control>}2{/Control}");
  await screen.findByTestId("chart");
  await keys.keyboard("{Control>}4{/Control}");
  await screen.findByTestId("dental");
  expect(echo()).toContain("mesial");
  await keys.keyboard("{Enter}");
  expect(addDentalLine).not.toHaveBeenCalled();
});

test("a marked surface is still no missing tooth after Enter on its tooth", async () => {
  const { keys, backend } = await openTeeth();
  const addDentalLine = vi.spyOn(backend, "addDentalLine");
  act(() => tooth(36).focus());
  await keys.tab();
  await keys.keyboard(" {Escape}{Enter}");
  expect(document.activeElement).toBe(line());
  expect(line().value).toBe("36 m ");
  await keys.keyboard("{Enter}");
  await waitFor(() => expect(echo()).toBe(dental.unfinished));
  expect(addDentalLine).not.toHaveBeenCalled();
});

test("a new line is not read as the one before it, and chooses no tooth of that", async () => {
  const { keys, backend } = await openTeeth();
  await add(keys, "36 mo c");
  act(() => tooth(11).focus());
  await keys.keyboard("{Escape}");
  vi.spyOn(backend, "readDentalLine").mockReturnValue(later<never>().promise);
  await keys.keyboard("4");
  expect(echo()).toBe("");
  expect(tooth(11).getAttribute("aria-current")).toBe("true");
});

test("what can be typed is scrolled by key", async () => {
  const { keys } = await openTeeth();
  await keys.click(screen.getByText(dental.help));
  expect(screen.getByRole("region", { name: dental.help, hidden: true }).tabIndex).toBe(0);
});

test("the chosen tooth is the one that was gone to last, in the drawing or in the line", async () => {
  const { keys } = await openTeeth();
  await keys.keyboard("36 mo");
  await waitFor(() => expect(tooth(36).getAttribute("aria-current")).toBe("true"));
  act(() => tooth(11).focus());
  expect(tooth(11).getAttribute("aria-current")).toBe("true");
  await keys.keyboard("{Escape} c");
  expect(line().value).toBe("36 mo c");
  await waitFor(() => expect(tooth(36).getAttribute("aria-current")).toBe("true"));
});

test("no tooth writes over a line in which something is said", async () => {
  const { keys } = await openTeeth();
  await keys.keyboard("36 mo c");
  act(() => tooth(47).focus());
  await keys.keyboard("x");
  expect(line().value).toBe("36 mo c");
  expect(await screen.findByText(dental.finishFirst)).toBeTruthy();
});

const rowOf = (text: string) => {
  const row = screen.getAllByTestId("dental-procedure").find((one) => one.textContent?.includes(text));
  if (!row) throw new Error(`no row with ${text}`);
  return row;
};
const stepOf = (text: string, step: keyof typeof dental.steps) =>
  within(rowOf(text)).getByRole("button", { name: new RegExp(`^${dental.steps[step]}:`) });

test("a procedure goes on by its buttons, and that it is done is asked once", async () => {
  const { keys, backend } = await openTeeth(["36 plan rct"]);
  const stepProcedure = vi.spyOn(backend, "stepProcedure");
  await keys.click(stepOf("root canal", "accepted"));
  await waitFor(() => expect(rowOf("root canal").textContent).toContain("accepted"));
  await keys.click(stepOf("root canal", "completed"));
  const question = await screen.findByRole("dialog", { name: dental.doneTitle });
  expect(question.textContent).toContain("36: root canal treatment");
  await expectAccessible();
  await keys.keyboard("{Escape}");
  expect(stepProcedure).toHaveBeenCalledTimes(1);
  await keys.click(stepOf("root canal", "completed"));
  await keys.click(await screen.findByRole("button", { name: dental.doneGo }));
  await waitFor(() => expect(rowOf("root canal").textContent).toContain("done"));
  expect(stepProcedure.mock.calls.map((call) => call.slice(1))).toEqual([
    ["planned", "accepted"],
    ["accepted", "completed"],
  ]);
});

test("that something failed is asked once: it cannot be taken back", async () => {
  const { keys, backend } = await openTeeth(["36 do done f"]);
  const stepProcedure = vi.spyOn(backend, "stepProcedure");
  await keys.click(stepOf("filling", "failed"));
  await screen.findByRole("dialog", { name: dental.failedTitle });
  expect(stepProcedure).not.toHaveBeenCalled();
  await keys.click(screen.getByRole("button", { name: dental.failedGo }));
  await waitFor(() => expect(rowOf("filling").textContent).toContain("failed"));
});

test("a finding is resolved, and taken out as an error after a question", async () => {
  const { keys } = await openTeeth(["mouth ging"]);
  await keys.click(screen.getByRole("button", { name: "Resolved: Whole mouth: gingivitis" }));
  expect(await screen.findByText(dental.resolved)).toBeTruthy();
  await keys.click(screen.getByRole("button", { name: "Error: Whole mouth: gingivitis" }));
  await keys.click(await screen.findByRole("button", { name: dental.errorGo }));
  await waitFor(() => expect(screen.queryByTestId("dental-finding")).toBeNull());
});

test("a step that is refused says why, and the entry stays as it is", async () => {
  const detail = "Only a dentist completes a procedure. Nothing was changed.";
  const { keys, backend } = await openTeeth(["36 plan rct"]);
  backend.fail("stepProcedure", { code: "invalid", detail });
  await keys.click(stepOf("root canal", "accepted"));
  expect((await screen.findByRole("alert")).textContent).toContain(detail);
  expect(rowOf("root canal").textContent).toContain("planned");
});

test("a doctor reads the chart, and is told who writes in it", async () => {
  const { keys } = await openTeeth(["36 mo c", "36 plan rct"], "vikram@example.in", (backend) => {
    const { getDental } = backend;
    backend.getDental = async (id) => {
      const chart = await getDental(id);
      const procedures = chart.procedures.map((one) => ({ ...one, next: [] }));
      return { ...chart, mayChart: false, mayComplete: false, procedures };
    };
  });
  expect(screen.queryByTestId("dental-line")).toBeNull();
  expect(screen.getByText(dental.mayNot)).toBeTruthy();
  act(() => tooth(36).focus());
  await keys.keyboard("x");
  expect(screen.getByTestId("dental-finding").textContent).toContain("caries in dentine");
  expect(within(screen.getByTestId("dental-finding")).queryByRole("button")).toBeNull();
  expect(screen.queryByRole("checkbox")).toBeNull();
  await expectAccessible();
});

test("what differs between computers says so, in the drawing too, and leads to where it is decided", async () => {
  const { keys } = await openTeeth(["36 mo c"], undefined, (backend) => {
    const { getDental } = backend;
    backend.getDental = async (id) => {
      const chart = await getDental(id);
      return { ...chart, findings: chart.findings.map((one) => ({ ...one, isDisputed: true })) };
    };
  });
  expect(nameOf(36)).toContain(dental.differsRead);
  expect(screen.getByTestId("dental-chart").textContent).toContain("36 ≠");
  act(() => tooth(36).focus());
  await keys.click(
    await screen.findByRole("link", { name: dental.differsLong("36: caries in dentine mesial occlusal") }),
  );
  await screen.findByTestId("review");
});

test("the primary teeth are shown when one is charted or typed", async () => {
  const { keys } = await openTeeth();
  expect(screen.queryByTestId("tooth-75")).toBeNull();
  await add(keys, "75 o f");
  expect(await screen.findByTestId("tooth-75")).toBeTruthy();
  expect(nameOf(75)).toBe("75, lower left primary second molar: filling occlusal");
  await keys.click(screen.getByRole("radio", { name: dental.which.primary }));
  expect(screen.queryByTestId("tooth-36")).toBeNull();
  await keys.click(screen.getByRole("radio", { name: dental.which.adult }));
  expect(screen.queryByTestId("tooth-75")).toBeNull();
});

test("every tooth of which something is known stands in words, too", async () => {
  const { keys } = await openTeeth(["36 mo c", "11 fx"]);
  await keys.click(screen.getByText(dental.all(2)));
  await keys.click(
    screen.getByRole("button", {
      name: /^11, upper right central incisor: crown fractured/,
      hidden: true,
      pressed: false,
    }),
  );
  expect(screen.getByTestId("dental-finding").textContent).toContain("crown fractured");
});

test("a line half typed is there again after another screen, and is asked about before the clinic is locked", async () => {
  const { keys } = await openTeeth();
  await keys.keyboard("36 mo c");
  await keys.keyboard("{Control>}2{/Control}");
  await screen.findByTestId("chart");
  await keys.click(screen.getByRole("button", { name: shell.lock }));
  const question = await screen.findByRole("dialog", { name: messages.common.unsavedTitle });
  expect(question.textContent).toContain(messages.common.keptText);
  await keys.keyboard("{Enter}");
  await keys.keyboard("{Control>}4{/Control}");
  await screen.findByTestId("dental");
  expect(line().value).toBe("36 mo c");
  await keys.click(screen.getByRole("button", { name: shell.lock }));
  await keys.click(await screen.findByRole("button", { name: messages.common.discard }));
  await screen.findByRole("heading", { name: messages.unlock.title });
});

test("a lock over a form asks about it, and then about a line half typed in a tooth chart", async () => {
  const { keys } = await openTeeth();
  const { common, patient } = messages;
  await keys.keyboard("36 mo c{Control>}{Shift>}n{/Shift}{/Control}");
  await keys.type(await screen.findByLabelText(patient.city), "Pune");
  const lock = async () => {
    await keys.click(screen.getByRole("button", { name: shell.lock }));
    await screen.findByText(common.unsavedText);
    await keys.click(screen.getByRole("button", { name: common.discard }));
    await screen.findByText(common.keptText);
    expect(document.activeElement?.textContent).toBe(common.keepTyping);
  };
  await lock();
  await keys.keyboard("{Enter}");
  expect(screen.getByLabelText(patient.city)).toHaveProperty("value", "Pune");
  await lock();
  await keys.click(screen.getByRole("button", { name: common.discard }));
  await screen.findByRole("heading", { name: messages.unlock.title });
});

test("what another computer wrote is there at once, and the line stays as it is typed", async () => {
  const { keys, backend } = await openTeeth();
  await keys.keyboard("47 d");
  await act(() => backend.addDentalLine("p1", "36 mo c"));
  await waitFor(() => expect(nameOf(36)).toContain("caries"));
  expect(line().value).toBe("47 d");
});

test("teeth that cannot be read say so, and are asked for once more", async () => {
  const detail = "The records could not be read. Nothing was lost.";
  const opened = openClinic({ start: "vikram@example.in" });
  await screen.findByTestId("today");
  await findSunita(opened.keys);
  vi.spyOn(opened.backend, "getDental").mockRejectedValueOnce({ code: "internal", detail });
  await opened.keys.keyboard("{Control>}4{/Control}");
  expect((await screen.findByRole("alert")).textContent).toContain(detail);
  await opened.keys.click(screen.getByRole("button", { name: messages.common.tryAgain }));
  expect(await screen.findByTestId("dental")).toBeTruthy();
});

test("the rail and the chart lead to the teeth, for whoever reads what is clinical", async () => {
  const { keys } = openClinic({ start: "vikram@example.in" });
  await screen.findByTestId("today");
  expect(screen.queryByRole("link", { name: shell.dental })).toBeNull();
  await findSunita(keys);
  expect(screen.getByRole("link", { name: shell.dental })).toBeTruthy();
  await keys.click(screen.getByRole("button", { name: messages.chart.teeth }));
  expect(await screen.findByTestId("dental")).toBeTruthy();
});

test("the reception has no way to the teeth", async () => {
  const { keys } = openClinic({ start: "priya@example.in" });
  await screen.findByTestId("today");
  await findSunita(keys);
  expect(screen.queryByRole("link", { name: shell.dental })).toBeNull();
  expect(screen.queryByRole("button", { name: messages.chart.teeth })).toBeNull();
  await keys.keyboard("{Control>}4{/Control}");
  expect(screen.queryByTestId("dental")).toBeNull();
});
