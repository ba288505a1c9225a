import { describe, expect, test } from "@jest/globals";
import { openIncident } from "../../src/flows/incident/intake/open.ts";
import { sayRun, updateFacts } from "../../src/views/update-facts.ts";
import { darkPlan, runStates } from "../cards/run-states.ts";
import { inventory } from "../flows/incident/file.ts";
import { MINUTE, START_MS } from "../harness/fakes/index.ts";

const opening = {
  ...{ id: "abc123", title: "lag", description: "lag is high", scope: "service" as const, services: ["a"] },
  ...{ severity: "sev1" as const },
};
const open = openIncident(opening, inventory(), START_MS).value;
const NOW = START_MS + 5 * MINUTE;
const states = runStates();
const stateOf = (name: string) => {
  const run = states[name];
  if (!run) throw new Error(`no run state called ${name}: ${Object.keys(states).join(", ")}`);
  return run;
};

describe("what a status update says before anybody edits it", () => {
  test("without a plan: how long, who has answered, and that nothing is known yet", () => {
    expect(updateFacts(open, undefined, NOW)).toEqual({
      status: "Began 5 min ago, nobody has acknowledged yet",
      progress: "No plan has been asked for",
      challenges: "None known",
      eta: "Not known yet",
    });
  });

  test("counts from the first alarm, however late the incident was opened", () => {
    const late = { ...open, firstSeenAtMs: START_MS - 4 * MINUTE };
    expect(updateFacts(late, undefined, NOW).status).toContain("Began 9 min ago");
  });

  test("with a plan that waits: how many keys are missing", () => {
    const facts = updateFacts(open, { run: darkPlan(), measured: {} }, NOW);
    expect(facts).toMatchObject({ challenges: "Keys still missing: 2", eta: "Not known yet" });
  });

  test("of a run that is under way: how far it is, and when it should end", () => {
    const run = stateOf("running");
    const facts = updateFacts(open, { run, measured: {} }, NOW);
    expect(facts.progress).toBe(sayRun(run, NOW));
    expect(facts.eta).toContain("if all goes as expected");
  });

  test("of a run that has ended: that users are served, only where that was measured", () => {
    const run = stateOf("verified");
    const etaOf = (restoredAtMs?: number) => updateFacts(open, { run, measured: { restoredAtMs } }, NOW).eta;
    expect(etaOf(NOW)).toBe("Users are served again");
    expect(etaOf()).toBe("The run has ended; nobody measured whether users are served");
  });
});
