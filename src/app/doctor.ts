import { parseArgs } from "node:util";
import type { CommandResult } from "../config/check.ts";
import type { Settings } from "../config/environment.ts";
import { type Standing, standingAfter } from "../domain/proof.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import { proveOne } from "../jobs/looks/prove.ts";
import type { StampedClock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { Proof } from "../ports/proof.ts";
import { connectPlainly } from "../store/connection.ts";
import { leave } from "../store/leave.ts";
import { doctorEntry, doctorLine, doctorSummary } from "../views/proofs.ts";
import { createOutside } from "./outside.ts";
import { proofsOf } from "./proofs.ts";

export const DOCTOR_USAGE = [
  "Usage: twokey doctor [--json]",
  "",
  "  Prove each secret, right and setting by a harmless call. It pages nobody and leaves nothing behind.",
  "  --json   one line of JSON: { proofs, summary }",
  "",
  "It needs the environment of the bot, and the twokey.yaml that TWOKEY_CONFIG names. The bot need not run.",
  "Exit codes: 0 all of it is proven, 1 something is wrong or gives no answer, 2 called wrongly.",
].join("\n");

export interface DoctorSources {
  /** What the bot would start with; throws UserError with all that is wrong. */
  readonly open: () => Promise<{ readonly settings: Settings; readonly inventory: Inventory }>;
  /** Prints one line at once. */
  readonly say: (line: string) => void;
  readonly logger: Logger;
}

/** `twokey doctor`: the same list as the bot's own, proven once, from this machine. */
export async function doctor(args: readonly string[], sources: DoctorSources): Promise<CommandResult> {
  const wanted = wantedFrom(args);
  if (typeof wanted !== "object") return { text: DOCTOR_USAGE, exitCode: wanted };
  const { settings, inventory } = await sources.open();
  const { proofs, close } = await opened(settings, inventory, sources.logger);
  try {
    const standings = await Promise.all(
      proofs.map(async (proof) => {
        const standing = await look(proof);
        if (!wanted.isJson) sources.say(doctorLine(standing));
        return standing;
      }),
    );
    const summary = doctorSummary(standings);
    const isFine = standings.every(({ proven }) => proven.kind === "ok" || proven.kind === "unprovable");
    const json = () => JSON.stringify({ proofs: standings.map(doctorEntry), summary });
    return { text: wanted.isJson ? json() : summary, exitCode: isFine ? 0 : 1, isAnswer: true };
  } finally {
    close();
  }
}

async function look(proof: Proof): Promise<Standing> {
  return standingAfter(proof, undefined, { proven: await proveOne(proof), atMs: Date.now() });
}

/** What was asked for, or how a question about the command itself ends. */
function wantedFrom(args: readonly string[]): { readonly isJson: boolean } | 0 | 2 {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { json: { type: "boolean" }, help: { type: "boolean", short: "h" } },
    });
    return values.help === true ? 0 : { isJson: values.json === true };
  } catch {
    return 2;
  }
}

/** Nothing here waits for world time. */
const MACHINE_CLOCK: StampedClock = {
  ...{ now: Date.now, speed: 1, sleep: () => Promise.resolve() },
  toMachineMs: (worldMs) => worldMs,
};

/** The ways out as the bot has them, with a store that need not be there. */
async function opened(settings: Settings, inventory: Inventory, logger: Logger) {
  const budget = { take: async () => 0 };
  const outside = createOutside(settings, () => inventory, { clock: MACHINE_CLOCK, budget, logger });
  const connecting = connectPlainly(settings.redisUrl.reveal(), logger);
  // Each proof that needs it says so.
  connecting.catch(() => undefined);
  // The bot of this name may run beside it, and two of them share no file.
  const mine = { ...settings, processName: `${settings.processName}.doctor` };
  const sources = { settings: mine, inventory: () => inventory, outside, redis: () => connecting };
  return {
    proofs: proofsOf(sources),
    close: () => {
      outside.close();
      connecting.then(leave, () => undefined);
    },
  };
}
