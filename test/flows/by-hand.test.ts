import { spawnSync } from "node:child_process";
import { describe, expect, test } from "@jest/globals";
import { observe } from "../../src/flows/observe.ts";
import { runbookOf } from "../../src/flows/runbooks/index.ts";
import { example } from "../harness/example.ts";
import { AT } from "../harness/observed.ts";
import { PLAYS, type Play } from "../harness/plays.ts";
import { quietCloud } from "../harness/quiet-cloud.ts";

/** What each line of a plan's commands by hand calls; nothing of it leaves this machine here. */
const STAND_INS = "aws() { :; }; curl() { :; }; dig() { :; }; date() { echo 1795000000; }";

async function linesOf({ example: name, service: wanted, runbook, words = {} }: Play): Promise<string[]> {
  const inventory = example(name);
  const service = inventory.services.find((each) => each.name === wanted);
  if (!service) throw new Error(`the example has no ${wanted}`);
  const cloud = quietCloud(service);
  const planned = runbookOf({ runbook, id: "F-1" }).plan(
    {
      ...{ id: "F-1", service, inventory, reason: "it's a rehearsal", incident: undefined, requester: "farid" },
      ...{ observed: await observe(service, cloud), nowMs: AT },
    },
    runbook === "failover" ? { mode: "unplanned", to: service.standby } : words,
  );
  if (planned.kind === "refused") throw new Error(planned.reasons.join(" "));
  return planned.plan.steps.flatMap(({ byHand }) => byHand);
}

/** What is left of a line without what stands in quotes, and without arithmetic and commands in their place. */
const unquoted = (line: string): string => line.replaceAll(/'[^']*'|"[^"]*"|\\'/g, "");

describe.each(PLAYS)("the commands by hand of $title", (play) => {
  test("have nothing that zsh takes for a file or for a command, and no date that only GNU knows", async () => {
    const lines = await linesOf(play);

    expect(lines.length).toBeGreaterThan(0);
    expect(lines.filter((line) => /[#?*[\]~!]/.test(unquoted(line)))).toEqual([]);
    expect(lines.filter((line) => /date -u? ?-[dv]/.test(line))).toEqual([]);
  });

  test("run in a shell from the first line to the last", async () => {
    const text = ["set -eu", STAND_INS, ...(await linesOf(play))].join("\n");

    const { status, stderr } = spawnSync("bash", ["-c", text], { encoding: "utf8" });

    expect([status, stderr]).toEqual([0, ""]);
  });
});
