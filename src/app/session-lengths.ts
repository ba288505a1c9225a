import type { TwoKeyFile } from "../domain/service/twokey-file.ts";
import { LONGEST_SESSION_POLICY, sessionPolicy, whoseRole } from "../integrations/aws/session-policy.ts";
import { enteredThrough, type Permission, rolesIn } from "../ports/permission.ts";
import { managedIn } from "./outside.ts";

export interface SessionTrouble {
  readonly what: string;
  readonly instead: string;
}

/** Why STS would hand out no session for these, by whichever role each part is entered; undefined: it would. */
export function sessionTrouble(
  file: Pick<TwoKeyFile, "aws">,
  permissions: readonly Permission[],
): SessionTrouble | undefined {
  const found = rolesIn(permissions).flatMap((entered): SessionTrouble[] => {
    const role = entered ?? file.aws.role;
    // Nobody can limit the process's own credentials.
    if (role === undefined || managedIn(file, role) !== undefined) return [];
    const { length } = sessionPolicy(enteredThrough(entered, permissions), whoseRole(role));
    if (length <= LONGEST_SESSION_POLICY) return [];
    return [
      {
        what: `a session of ${role} needs a policy of ${length} characters, and STS takes ${LONGEST_SESSION_POLICY}`,
        instead: "make a managed policy of that account, and name it in aws.session_policy",
      },
    ];
  });
  return found[0];
}
