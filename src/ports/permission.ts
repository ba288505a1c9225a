import type { Roles } from "../domain/plan-run/plan.ts";
import type { Region } from "../domain/service/region.ts";

/** Something in AWS by the last parts of its ARN. The adapter adds partition and account. */
export interface Thing {
  /** As IAM calls it: `rds`. */
  readonly service: string;
  /** Absent: it belongs to no region and no account, as a hosted zone does. */
  readonly region?: Region | undefined;
  /** Absent: the account of the role that acts. */
  readonly account?: string | undefined;
  /** `db:inventory-replica`. */
  readonly resource: string;
}

/** Operator, key, values: as in the policy of IAM. */
export type Condition = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/** What has to be allowed, and nothing beyond it: these calls on these things. */
export interface Permission {
  /** `rds:PromoteReadReplica`. */
  readonly actions: readonly string[];
  readonly on: readonly Thing[];
  readonly when?: Condition | undefined;
  /** Region that is called, where the things lie in several; absent: each in its own. */
  readonly calledIn?: Region | undefined;
  /** Roles by which the things are entered, where they lie in another account; absent: those of the step. */
  readonly roles?: Roles | undefined;
}

type Fits = (permission: Permission, made: ReadonlySet<string>) => boolean;
const ALWAYS: Fits = () => true;
const onWhatIsMade: Fits = ({ on }, made) =>
  on.every((thing) => /^(cluster-)?snapshot:/.test(thing.resource) && made.has(nameOf(thing)));
const forAwsItself: Fits = ({ when }) => when?.["Bool"]?.["kms:GrantIsForAWSResource"]?.join() === "true";

/** Each is on what it copies first, and then on the snapshot that it makes. */
const MAKING = [
  "rds:CreateDBSnapshot",
  "rds:CopyDBSnapshot",
  "rds:CreateDBClusterSnapshot",
  "rds:CopyDBClusterSnapshot",
];
/** G1: all that a step may call for on the word of one responder, and on what. None changes, moves or deletes what is there. */
const ADDING: ReadonlyMap<string, Fits> = new Map([
  ...MAKING.map((action) => [action, ALWAYS] as const),
  ["rds:AddTagsToResource", onWhatIsMade],
  ["kms:CreateGrant", forAwsItself],
  ["kms:DescribeKey", ALWAYS],
]);

/** What of all this does more than to add something. */
export function beyondAdding(permitted: readonly Permission[]): readonly string[] {
  const making = permitted.filter(({ actions }) => actions.some((action) => MAKING.includes(action)));
  const made = new Set(making.flatMap(({ on }) => on.slice(1)).map(nameOf));
  return permitted.flatMap((permission) =>
    permission.actions.filter((action) => ADDING.get(action)?.(permission, made) !== true),
  );
}

const nameOf = ({ service, region, account, resource }: Thing): string =>
  [service, region, account, resource].join(" ");

/** Calls that change nothing, and what of AWS a policy can limit them to. */
export interface Look {
  readonly actions: readonly string[];
  /** What they are made on; absent: no policy can name it, so it is whatever there is in `regions`. */
  readonly on?: readonly Thing[] | undefined;
  /** Regions that are called; absent: the API is one for all of them. */
  readonly regions?: readonly Region[] | undefined;
  /** Key of a condition, where that alone names the things: `ecs:cluster`. */
  readonly by?: string | undefined;
  /** As in `Permission`. */
  readonly roles?: Roles | undefined;
}

/** What is looked at by one role; undefined: by the ordinary one. */
export function lookedThrough(role: string | undefined, looks: readonly Look[]): readonly Look[] {
  return looks.flatMap((look): readonly Look[] => {
    const { on, regions, roles } = look;
    const isOurs = (region?: Region) => roleOf(roles, region) === role;
    if (on !== undefined) {
      const things = on.filter(({ region }) => isOurs(region));
      return things.length === 0 ? [] : [{ ...look, on: things }];
    }
    if (regions === undefined) return isOurs() ? [look] : [];
    const called = regions.filter(isOurs);
    return called.length === 0 ? [] : [{ ...look, regions: called }];
  });
}

/** Every role that something of these is entered by; undefined: the ordinary one. */
export function rolesIn(permissions: readonly Permission[]): readonly (string | undefined)[] {
  const all = permissions.flatMap((one) => one.on.map(({ region }) => roleOf(one.roles, one.calledIn ?? region)));
  return [...new Set(all)];
}

/** What is entered by one role; undefined: by the ordinary one. */
export function enteredThrough(role: string | undefined, permissions: readonly Permission[]): readonly Permission[] {
  return permissions.flatMap((permission) => {
    const on = permission.on.filter(({ region }) => roleOf(permission.roles, permission.calledIn ?? region) === role);
    return on.length === 0 ? [] : [{ ...permission, on }];
  });
}

function roleOf(roles: Roles | undefined, region: Region | undefined): string | undefined {
  return (region === undefined ? undefined : roles?.in[region]) ?? roles?.anywhere;
}
