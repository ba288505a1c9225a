import { z } from "zod";
import { StepFailed, TransientError } from "../../../../domain/errors.ts";
import {
  cutWith,
  type Doors,
  isSameRule,
  isShut,
  sayCut,
  unseenOf,
  withoutRepeats,
} from "../../../../domain/service/firewall.ts";
import { isUnanswered, type Known } from "../../../../domain/service/observed.ts";
import { FirewallRuleInput } from "../../../steps/schemas.ts";
import type { Fence } from "../../fence.ts";
import { giveBack } from "../../seen-again.ts";
import { closeBehind } from "./close-behind.ts";
import { closedByHand, rebootedByHand } from "./close-by-hand.ts";
import { lookAtCarriers, lookAtDoors } from "./doors.ts";
import { endByHand, signInByHand } from "./end-by-hand.ts";
import { endSessions } from "./end-sessions.ts";
import { Login, loginOf } from "./login.ts";
import type { RdsSeen } from "./look.ts";
import { openedByHand } from "./open-by-hand.ts";
import { database, fencedTogether } from "./parts.ts";
import { closing, closingIn, opening, rebooting } from "./permissions.ts";
import type { RdsReplica } from "./settings.ts";

const Things = z.object({
  region: z.string(),
  instance: z.string(),
  /** Security groups that it carried when the plan was made; those that it carries now count, while RDS says which. */
  groups: z.array(z.string()).readonly(),
  /** Where it listens; absent: not known, and every rule for TCP counts. */
  port: z.number().exactOptional(),
  /** Network that it stands in; absent: not known, and only `groups` can be closed. */
  vpc: z.string().exactOptional(),
  /** Those of `groups` that nobody else carried when the plan was made, or whose closing was signed for although nobody could see that. */
  alone: z.array(z.string()).readonly(),
  /** Instances that the same plan fences with it: they may share a group. */
  together: z.array(z.string()).readonly(),
  writeCheck: z.string(),
  /** It is rebooted to end the sessions that are open; absent: they end with the tasks that hold them. */
  reboots: z.literal(true).exactOptional(),
  /** How TwoKey signs in to end them. It did so when the plan was made, or key holders accept that it may fail. */
  login: Login.exactOptional(),
  signedIn: z.literal(true).exactOptional(),
  /** Table that takes a marker row of a planned move. */
  markerTable: z.string().exactOptional(),
});
type Things = z.infer<typeof Things>;
/** By security group: the rules that let somebody reach the port. */
const Captured = z.record(z.string(), z.array(FirewallRuleInput).readonly());
type Captured = z.infer<typeof Captured>;

/** Statuses in which an instance refuses everybody for now, and lets its users in again by itself. */
const RESTARTS: ReadonlySet<string> = new Set(["rebooting", "starting"]);

/** Nobody reaches an instance none of whose security groups lets anybody in. */
export const fence: Fence<RdsReplica, RdsSeen, Things, Captured> = {
  things: Things,
  captured: Captured,
  thingsOf: ({ resource, service }, region, seen) => {
    const { security_group: named, write_check: writeCheck, instance } = database(resource, region);
    const { database: facts, carriers, sessions, marker } = seen?.in[region] ?? {};
    const login = loginOf(resource, region, facts);
    // While RDS is silent nobody can reboot it, and no more is promised.
    const canReboot = facts?.known !== false;
    const { securityGroups = [], port, vpc } = facts?.known ? facts.value : {};
    const groups = securityGroups.length > 0 ? securityGroups : [named];
    return {
      ...{ region, instance, groups, writeCheck, together: fencedTogether(service, region) },
      // A plan that leads away from others who carry one is refused; what could not be seen is signed for.
      alone: (carriers && unseenOf(carriers).length === 0) || areCutUnseen(seen?.in[region]) ? groups : [],
      ...(port !== undefined && { port }),
      ...(vpc !== undefined && { vpc }),
      ...(resource.end_sessions === "reboot" && canReboot && { reboots: true }),
      ...(login && { login }),
      ...(login && sessions?.known && { signedIn: true }),
      ...(marker?.known && resource.connection && { markerTable: resource.connection.marker_table }),
    };
  },
  idOf: ({ region, instance }) => `${region}/${instance}`,

  /** Which groups it carries is not known while RDS is silent: then the file's own is all that can be closed. */
  leavesOpen({ seen, resource }, region) {
    const facts = seen.in[region]?.database;
    if (!facts || facts.known) return [];
    const { instance, security_group: named } = database(resource, region);
    return [`every security group of ${instance} but ${named}`];
  },
  cutsUnseen: ({ seen, resource }, region) =>
    areCutUnseen(seen.in[region]) ? [database(resource, region).security_group] : [],
  endsSessions: ({ reboots, signedIn }) => (reboots ? "at-once" : signedIn && "over-connection"),
  sessionsByHand: ({ region, instance }) => [
    `End every session by a reboot: aws rds reboot-db-instance --region ${region} --db-instance-identifier ${instance}. Wait until it is available.`,
    "Or end them one by one: let in your own address only, sign in, close that again, and end every other session.",
  ],
  sessionsProvenBy: ({ seen, resource: { end_sessions: ends } }, region) => {
    // Without what RDS says of it nobody signs in to it or reboots it, whatever is in the file.
    if (seen.in[region]?.database.known === false) return undefined;
    const wanted = ["connection", "reboot"].filter((way) => way !== ends).map((way) => `“end_sessions: ${way}”`);
    return wanted.join(" or ");
  },
  writeCheck: ({ resource }, region) => database(resource, region).write_check,

  seenIn({ seen }, region): Known<Captured> {
    const firewall = seen.in[region]?.firewall;
    return firewall ?? { known: false, cause: "not-asked", why: `nobody has looked at ${region}`, atMs: 0 };
  },

  see: async (things, looking) => (await lookAtDoors(things, looking)).doors,

  isClosed: isShut,

  async signIn({ region, instance, login, markerTable }, { cloud, signal, marks }) {
    const own = login && (await cloud.sessions.enter(login, signal));
    if (!own || own.known || !marks || markerTable === undefined) return;
    const why = `TwoKey cannot sign in to ${instance}, and nothing was stopped for it: ${own.why}`;
    if (own.cause !== "denied") throw new TransientError("own-session-missing", why);
    throw new StepFailed("own-session-refused", why, { facts: { mustAsk: true, region } });
  },

  async close(things, now, context) {
    const { region, instance, reboots, writeCheck, login, markerTable: table } = things;
    if (!now.known) return { requestIds: [] };
    const { value: doors } = now;
    const close = () => closeAll(things, doors, context);
    // Nobody gets in later, TwoKey neither.
    if (login) return closeBehind({ login, table, isOpen: !isShut(doors), close }, context);
    // Asked while it is still open: the session that the check then keeps is the one that has to end.
    if (reboots) await context.cloud.probe.writeOverKept(writeCheck, context.signal);
    const closed = await close();
    const rebooted = reboots ? await endSessions({ region, instance, writeCheck }, context) : [];
    return { requestIds: [...closed, ...rebooted] };
  },

  /** While it restarts it refuses everybody, whether its groups are closed or not. */
  async left({ region, instance, reboots }, { cloud, signal }) {
    if (!reboots) return { known: true, value: undefined, atMs: cloud.clock.now() };
    const now = await cloud.databases.describe(region, instance, signal);
    if (!now.known) return now;
    const { status } = now.value;
    return { ...now, value: RESTARTS.has(status) ? `${instance} is ${status}` : undefined };
  },

  async letGo({ login }, { cloud }) {
    if (login) await cloud.sessions.leave(login);
  },

  async reopen({ region }, captured, { cloud, signal }) {
    const requestIds: string[] = [];
    for (const [securityGroup, seen] of Object.entries(captured)) {
      const rules = withoutRepeats(seen);
      if (rules.length === 0) continue;
      const opened = await giveBack(
        () => cloud.firewall.open({ region, securityGroup, rules }, signal),
        {
          what: `what ${securityGroup} lets in again`,
          see: () => cloud.firewall.rules(region, securityGroup, signal),
          isThere: (open) => rules.every((rule) => open.some(isSameRule(rule))),
        },
        { cloud, signal },
      );
      requestIds.push(...opened.requestIds);
    }
    return requestIds;
  },

  reopenByHand: ({ region }, captured) =>
    Object.entries(captured).flatMap(([group, rules]) => openedByHand(region, group, withoutRepeats(rules))),

  says: (captured) => (Object.keys(captured).length > 1 ? "security groups open" : "security group open"),

  signInByHand: ({ login }, descriptor) => (login ? [signInByHand(login, descriptor)] : []),
  byHand: ({ region, instance, reboots, login }, descriptor) => [
    closedByHand(region, instance),
    ...(login ? endByHand(login, descriptor) : []),
    ...(reboots ? [rebootedByHand(region, instance)] : []),
  ],
  permissions: ({ region, instance, groups, vpc, reboots }, captured) => [
    ...(vpc === undefined ? groups.map((group) => closing(region, group)) : [closingIn(region, vpc)]),
    ...[...new Set([...groups, ...Object.keys(captured ?? {})])].map((group) => opening(region, group)),
    ...(reboots ? [rebooting(region, instance)] : []),
  ],
};

/** EC2 says what a group lets in, and of those who carry it not everybody can be seen. */
const areCutUnseen = (seen: RdsSeen["in"][string] | undefined): boolean =>
  seen?.firewall.known === true && unseenOf(seen.carriers).some(isUnanswered);

type Closing = Parameters<typeof fence.close>[2];

async function closeAll(things: Things, doors: Doors, context: Closing): Promise<string[]> {
  const { region, instance } = things;
  const { cloud, signal } = context;
  const shared = await sharedAmong(things, doors, context);
  const requestIds: string[] = [];
  for (const [securityGroup, rules] of Object.entries(doors)) {
    if (rules.length === 0 || shared.has(securityGroup)) continue;
    requestIds.push(...(await cloud.firewall.close({ region, securityGroup, rules }, signal)).requestIds);
  }
  if (shared.size === 0) return requestIds;
  throw new StepFailed(
    "group-shared",
    `${instance} is not fenced: others carry its security group too, and would be cut off (${sayCut(shared)}). Give ${instance} a group of its own, or take the others out of this one.`,
    { facts: { mustAsk: true, region, requestIds: requestIds.join(" ") } },
  );
}

/** Groups that others carry too, each with whom. They are never edited. */
async function sharedAmong(
  { region, alone, together }: Things,
  doors: Doors,
  { cloud, signal }: Closing,
): Promise<ReadonlyMap<string, string>> {
  const carriers = await lookAtCarriers({ region, doors }, { cloud, signal });
  const shared = cutWith(carriers, together);
  const [silence] = unseenOf(carriers);
  const unseen = Object.entries(doors).flatMap(([group, rules]) =>
    rules.length > 0 && !alone.includes(group) && !shared.has(group) ? [group] : [],
  );
  if (silence && unseen.length > 0)
    throw new TransientError("carriers-unseen", `Nobody can see who else carries ${unseen.join(", ")}: ${silence.why}`);
  return shared;
}
