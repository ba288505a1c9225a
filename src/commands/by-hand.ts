import { byHandCard } from "../views/by-hand.ts";
import { refuseUnlessShown } from "./access.ts";
import type { Answer, Ask } from "./intent.ts";
import { type RunCommandDeps, runMeant } from "./run-deps.ts";

/** `/dr by-hand [plan]`: the same steps as commands to paste. */
export async function byHand(ask: Ask, deps: RunCommandDeps): Promise<Answer> {
  const run = await runMeant(ask.args[0], deps);
  refuseUnlessShown(ask, [run.plan.service], deps.inventory());
  return { kind: "whisper", card: byHandCard(run.plan) };
}
