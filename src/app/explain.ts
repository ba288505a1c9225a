import { explainService, sayExplanation } from "../commands/explain.ts";
import type { CommandResult } from "../config/check.ts";
import { sayProblem } from "../config/check.ts";
import { loadFile } from "../config/load.ts";
import { messageOf } from "../domain/errors.ts";
import type { Found } from "../domain/service/found.ts";
import { type Inventory, withFound } from "../domain/service/inventory.ts";
import { discover, mergeFound } from "../flows/discover.ts";
import { LOOK_ACTIONS } from "../flows/resources/looks.ts";
import { createAws } from "../integrations/aws/aws.ts";
import { databaseSessions } from "../integrations/databases/sessions.ts";
import { createProbe } from "../integrations/network/probe.ts";
import type { Proxies } from "../integrations/network/proxy.ts";
import { DIRECTLY, throughProxies } from "../integrations/network/way-out.ts";
import type { Clock } from "../ports/clock.ts";
import { cloudsOf } from "./clouds.ts";

export const EXPLAIN_USAGE = "Usage: twokey explain [service] [--file FILE] [--json] [--now]";

export interface ExplainSources {
  /** Read where the arguments name no file. */
  readonly file: string;
  readonly readText: (path: string) => string;
  /** What the bot of this machine remembers. */
  readonly remembered: () => Promise<Found>;
  readonly nowMs: number;
  /** Endpoint of a simulated AWS; undefined: the real one. */
  readonly awsEndpoint: string | undefined;
  /** Asked only where AWS is. Undefined: HTTP leaves directly. Throws UserError where they cannot be used. */
  readonly proxies: () => Proxies | undefined;
}

interface Wanted {
  readonly service: string | undefined;
  readonly file: string;
  readonly json: boolean;
  readonly now: boolean;
}

/** `twokey explain`: from the file and what is remembered; with `--now` AWS is asked first, with the shell's credentials. */
export async function explain(args: readonly string[], sources: ExplainSources): Promise<CommandResult> {
  const wanted = wantedFrom(args, sources.file);
  if (!wanted) return { text: EXPLAIN_USAGE, exitCode: 2 };
  const text = textOf(wanted.file, sources);
  if (text.kind === "problem") return { text: text.says, exitCode: 2 };
  const loaded = loadFile(wanted.file, text.text);
  if (!loaded.ok) return { text: loaded.problems.map(sayProblem).join("\n"), exitCode: 1 };
  const { inventory } = loaded;
  const known = inventory.services.map(({ name }) => name);
  if (wanted.service !== undefined && !known.includes(wanted.service))
    return { text: `There is no service ${wanted.service}. Known: ${known.join(", ")}.`, exitCode: 2 };
  const found = await foundFor(inventory, wanted, sources);
  const services = withFound(inventory, found).services.filter(({ name }) => name === (wanted.service ?? name));
  const explanations = services.map((service) => explainService(service, sources.nowMs));
  const says = wanted.json
    ? JSON.stringify(explanations, null, 2)
    : explanations.map((each) => sayExplanation(each)).join("\n\n");
  return { text: says, exitCode: explanations.some(({ open }) => open.length > 0) ? 1 : 0 };
}

function textOf(file: string, { readText }: ExplainSources) {
  try {
    return { kind: "text", text: readText(file) } as const;
  } catch (error) {
    const says = `${file} cannot be read: ${messageOf(error)}. Name the file: twokey explain --file FILE, or set TWOKEY_CONFIG.`;
    return { kind: "problem", says } as const;
  }
}

/** `otherwise`: the file that is meant where none is named. */
function wantedFrom(args: readonly string[], otherwise: string): Wanted | undefined {
  const rest = [...args];
  const flag = (name: string): boolean => {
    const at = rest.indexOf(name);
    if (at >= 0) rest.splice(at, 1);
    return at >= 0;
  };
  const [json, now] = [flag("--json"), flag("--now")];
  const at = rest.indexOf("--file");
  const [, file = otherwise] = at >= 0 ? rest.splice(at, 2) : [];
  const [service, ...others] = rest;
  if (others.length > 0 || service?.startsWith("-")) return undefined;
  return { service, file, json, now };
}

/** Nothing here waits for world time. */
const MACHINE_CLOCK: Clock = { now: Date.now, speed: 1, sleep: () => Promise.resolve() };

async function foundFor(inventory: Inventory, { service: wanted, now }: Wanted, sources: ExplainSources) {
  let found = await sources.remembered();
  if (!now) return found;
  const { sts, role, observe_role: observe } = inventory.file.aws;
  const arn = observe ?? role;
  const proxies = sources.proxies();
  const { agent, agentTo } = proxies ? throughProxies(proxies) : DIRECTLY;
  const aws = createAws({
    ...{ stsRegion: sts, clock: MACHINE_CLOCK, looks: LOOK_ACTIONS, endpoint: sources.awsEndpoint, agent },
    ...(arn === undefined || sources.awsEndpoint ? {} : { role: { arn, sessionName: "twokey-explain" } }),
  });
  const open = (other: string | undefined) =>
    other === undefined || sources.awsEndpoint
      ? aws
      : aws.inAccount({ role: { arn: other, sessionName: "twokey-explain" } });
  const sessions = databaseSessions({ passwords: {}, now: Date.now });
  const cloud = cloudsOf({ open, clock: MACHINE_CLOCK, probe: createProbe({ agentTo }), sessions })(undefined);
  try {
    for (const service of withFound(inventory, found).services) {
      if (wanted === undefined || service.name === wanted)
        found = mergeFound(found, (await discover(service, cloud)).found);
    }
    return found;
  } finally {
    aws.close();
  }
}
