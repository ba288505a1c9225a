import { LOOK_ACTIONS } from "../../src/flows/resources/looks.ts";
import type { Whose } from "../../src/integrations/aws/session-policy.ts";
import type { Condition, Permission, Thing } from "../../src/ports/permission.ts";
import { type Opened, SENDERS, type Session } from "./aws-calls.ts";
import { PLANTED } from "./planted-calls.ts";

/** One call that a fault in a step could make with the credentials that the step has. */
export interface Excess {
  /** Action, region and things: no two of a list have the same. */
  readonly call: string;
  readonly region: string;
  /** Absent: no step is for it. */
  readonly of?: Permission;
  readonly send: (clients: Opened, session: Session) => Promise<unknown>;
}

/** What every step of these plays may do, the same aimed at a neighbour and in another region, and what no step is for. */
export function excessOf(permissions: readonly Permission[], whose: Whose): readonly Excess[] {
  const singly = permissions.flatMap((one) =>
    one.actions.filter((action) => !LOOK_ACTIONS.includes(action)).map((action) => ({ ...one, actions: [action] })),
  );
  const derived = singly.flatMap((one) => [one, ...neighboursOf(one)]).map((one) => excessFrom(one, whose));
  const all = [...derived, ...PLANTED];
  return [...new Map(all.map((each) => [each.call, each])).values()];
}

/** Whether a step's own permissions are for exactly this call. A grant is for RDS alone, never for the step itself. */
export function isOwn({ of }: Excess, permissions: readonly Permission[]): boolean {
  const [action = ""] = of?.actions ?? [];
  return permissions.some(
    (mine) =>
      of !== undefined &&
      action !== "kms:CreateGrant" &&
      mine.actions.includes(action) &&
      areWithin(of.when, mine.when) &&
      of.on.every((thing) => mine.on.some((my) => sayThing(my) === sayThing(thing))),
  );
}

/** The same terms, but some of the tags are enough. */
function areWithin(when: Condition | undefined, mine: Condition | undefined): boolean {
  const keysOf = (condition: Condition | undefined) => condition?.["ForAllValues:StringEquals"]?.["aws:TagKeys"];
  const [keys, mineToo] = [keysOf(when), keysOf(mine)];
  if (keys && mineToo) return keys.every((key) => mineToo.includes(key));
  return JSON.stringify(when) === JSON.stringify(mine);
}

function excessFrom(permission: Permission, whose: Whose): Excess {
  const [action = ""] = permission.actions;
  const sender = SENDERS[action];
  if (!sender) throw new Error(`Nobody knows how ${action} is called`);
  const things = permission.on.map(sayThing).join(" + ");
  const terms = JSON.stringify(permission.when ?? {});
  return {
    ...{ call: `${action} ${things} ${terms}`, of: permission },
    region: permission.calledIn ?? permission.on.at(-1)?.region ?? "us-east-1",
    send: (clients) => sender(clients, { ...permission, whose }),
  };
}

const sayThing = ({ region = "", resource }: Thing): string => `${region} ${resource}`;

/** Each of its things exchanged alone for the one beside it, the same in the other region, and another record. */
function neighboursOf(permission: Permission): readonly Permission[] {
  const { on, when } = permission;
  const exchanged = on.flatMap((thing, at) => {
    const beside = besideOf(thing);
    return beside ? [{ ...permission, on: on.with(at, beside) }] : [];
  });
  return [...exchanged, ...acrossOf(permission), ...renamed(when).map((other) => ({ ...permission, when: other }))];
}

/** How a thing beside it could be called; undefined: no policy can name one. */
function besideOf(thing: Thing): Thing | undefined {
  const { resource } = thing;
  if (resource.includes("*")) return undefined;
  if (resource.startsWith("security-group/")) return { ...thing, resource: "security-group/sg-0fedcba9876543210" };
  if (resource.startsWith("hostedzone/")) return { ...thing, resource: "hostedzone/Z0THEIRS" };
  return { ...thing, resource: `${resource}-of-others` };
}

const [HOME, STANDBY] = ["eu-west-1", "eu-central-1"];

/** What is called in its own region is called in the other one; what is called in one of two takes the source from elsewhere. */
function acrossOf(permission: Permission): readonly Permission[] {
  const across = (thing: Thing): Thing => ({ ...thing, region: thing.region === HOME ? STANDBY : HOME });
  const { on, calledIn } = permission;
  if (on.some(({ region, resource }) => region === undefined || resource.includes("*"))) return [];
  return [{ ...permission, on: calledIn ? on.map((thing, at) => (at === 0 ? across(thing) : thing)) : on.map(across) }];
}

/** Another record in the same zone. */
function renamed(when: Condition | undefined): readonly Condition[] {
  return Object.entries(when ?? {}).flatMap(([operator, keys]) =>
    Object.keys(keys)
      .filter((key) => key.endsWith("NormalizedRecordNames"))
      .map((key) => ({ ...when, [operator]: { ...keys, [key]: ["their.example.com"] } })),
  );
}
