import type { TwoKeyFile } from "../domain/service/twokey-file.ts";
import { LONGEST_SESSION_POLICY, managedFor, sessionPolicy, whoseRole } from "../integrations/aws/session-policy.ts";
import { enteredThrough, type Permission, rolesIn } from "../ports/permission.ts";
import { managedIn } from "./clouds.ts";

export interface SessionTrouble {
  readonly what: string;
  readonly instead: string;
}

export interface Acting {
  readonly permissions: readonly Permission[];
  /** Name of the one that is acted on: `aws.session_policies` has managed policies by it. */
  readonly service: string;
}

/** Why STS would hand out no session for these, by whichever role each part is entered; undefined: it would. */
export function sessionTrouble(
  file: Pick<TwoKeyFile, "aws">,
  { permissions, service }: Acting,
): SessionTrouble | undefined {
  const found = rolesIn(permissions).flatMap((entered): SessionTrouble[] => {
    const role = entered ?? file.aws.role;
    // Nobody can limit the process's own credentials.
    if (role === undefined || isManaged(file, role, service)) return [];
    const { length } = sessionPolicy(enteredThrough(entered, permissions), whoseRole(role));
    if (length <= LONGEST_SESSION_POLICY) return [];
    return [
      {
        what: `a session of ${role} needs a policy of ${length} characters, and STS takes ${LONGEST_SESSION_POLICY}`,
        instead: `make the managed policies that twokey policy session ${service}${entered === undefined ? "" : ` --role ${entered}`} prints, and name them in aws.session_policies.${service}`,
      },
    ];
  });
  return found[0];
}

/** The same as people read it who ask for a plan. */
export function whyNoSession(file: Pick<TwoKeyFile, "aws">, acting: Acting): string | undefined {
  const trouble = sessionTrouble(file, acting);
  return trouble && `${trouble.what}. Ask an owner of twokey.yaml: ${trouble.instead}.`;
}

/** What takes the place of a policy that is too long: the managed policies of the service, else the one of all services. */
const isManaged = (file: Pick<TwoKeyFile, "aws">, role: string, service: string): boolean =>
  managedFor(role, file.aws.session_policies?.[service]) !== undefined || managedIn(file, role) !== undefined;
