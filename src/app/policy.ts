import { type CommandResult, sayProblem } from "../config/check.ts";
import { loadFile } from "../config/load.ts";
import { messageOf, UserError } from "../domain/errors.ts";
import type { Found } from "../domain/service/found.ts";
import { type Inventory, withFound } from "../domain/service/inventory.ts";
import { partitionOf } from "../domain/service/region.ts";
import { looksFor } from "../flows/resources/looks.ts";
import { permitsFor } from "../flows/resources/permits.ts";
import { COPY_NAMES, COPY_TAG } from "../flows/steps/permissions.ts";
import {
  deletePolicy,
  executePolicy,
  managedPolicies,
  observePolicy,
  type RoleWish,
} from "../integrations/aws/role-policies.ts";
import { type PolicyDocument, whoseRole } from "../integrations/aws/session-policy.ts";
import { enteredThrough, lookedThrough } from "../ports/permission.ts";

export const POLICY_USAGE =
  "Usage: twokey policy [execute|observe|delete|session] [service] [--role ARN] [--file FILE]\n" +
  "execute: the role of aws.role; observe: aws.observe_role; delete: a role that removes old copies of snapshots.\n" +
  "session: by service, the managed policies of aws.session_policies.";

type Wish = Pick<Inventory, "file" | "services">;
type Printed = PolicyDocument | Readonly<Record<string, readonly PolicyDocument[]>>;
type Printing = (wanted: Wish, role: string | undefined) => Printed;

const ofRole =
  (made: (wish: RoleWish) => PolicyDocument): Printing =>
  (wanted, role) =>
    made(roleWish(wanted, role));

const POLICIES: Readonly<Record<string, Printing>> = {
  execute: ofRole(executePolicy),
  observe: ofRole(observePolicy),
  delete: ofRole(deletePolicy),
  session: sessionPolicies,
};

/** By service. Throws UserError where one has more steps than the managed policies of a session hold. */
function sessionPolicies({ file, services }: Wish, role: string | undefined): Printed {
  return Object.fromEntries(
    services.map((service): [string, readonly PolicyDocument[]] => {
      const made = managedPolicies(roleWish({ file, services: [service] }, role));
      if (made) return [service.name, made];
      throw new UserError(
        "service-too-large",
        `The steps of ${service.name} need more than the ten managed policies that a session may have. Make two services of it.`,
      );
    }),
  );
}

export interface PolicySources {
  /** Read where the arguments name no file. */
  readonly file: string;
  readonly readText: (path: string) => string;
  /** What the bot of this machine remembers. */
  readonly found: Found;
}

/** `twokey policy`: what a role has to allow, and what it denies, for the services of a file. */
export function policy(args: readonly string[], { file: usual, readText, found }: PolicySources): CommandResult {
  const wanted = wantedFrom(args);
  if (!wanted) return { text: POLICY_USAGE, exitCode: 2 };
  const file = wanted.file ?? usual;
  let text: string;
  try {
    text = readText(file);
  } catch (error) {
    return { text: `${file} cannot be read: ${messageOf(error)}`, exitCode: 2 };
  }
  const loaded = loadFile(file, text);
  if (!loaded.ok) return { text: loaded.problems.map(sayProblem).join("\n"), exitCode: 1 };
  const inventory = withFound(loaded.inventory, found);
  const services = inventory.services.filter(({ name }) => name === (wanted.service ?? name));
  if (services.length === 0) return { text: `There is no service ${wanted.service}`, exitCode: 2 };
  try {
    const printed = wanted.policy({ ...inventory, services }, wanted.role);
    return { text: JSON.stringify(printed, null, 2), exitCode: 0 };
  } catch (error) {
    if (error instanceof UserError) return { text: error.message, exitCode: 1 };
    throw error;
  }
}

/** What the roles of an account are for; `role` is the one by which another account is entered. */
export function roleWish({ file, services }: Pick<Inventory, "file" | "services">, role: string | undefined): RoleWish {
  const { account, sts } = file.aws;
  return {
    whose: role === undefined ? { partition: partitionOf(sts), account } : whoseRole(role),
    permitted: enteredThrough(role, permitsFor(services)),
    looks: lookedThrough(role, looksFor(services)),
    regions: [...new Set(services.flatMap(({ regions }) => regions))],
    topics: role === undefined ? file.alerts.topics : [],
    copies: { names: COPY_NAMES, tag: COPY_TAG },
  };
}

const OPTIONS: readonly string[] = ["--role", "--file"];

interface Wanted {
  readonly policy: Printing;
  readonly service: string | undefined;
  readonly role: string | undefined;
  readonly file: string | undefined;
}

function wantedFrom(args: readonly string[]): Wanted | undefined {
  const words = args.filter((word, at) => !word.startsWith("--") && !OPTIONS.includes(args[at - 1] ?? ""));
  const named = args.filter((word) => word.startsWith("--"));
  const given = (option: string) => (args.includes(option) ? args[args.indexOf(option) + 1] : undefined);
  if (named.some((option) => !OPTIONS.includes(option) || given(option) === undefined)) return undefined;
  const [which = "execute", service, ...others] = words;
  const made = Object.hasOwn(POLICIES, which) ? POLICIES[which] : undefined;
  if (!made || others.length > 0) return undefined;
  return { policy: made, service, role: given("--role"), file: given("--file") };
}
