import type { Settings } from "../config/environment.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import { permitsFor } from "../flows/resources/permits.ts";
import type { AwsProofWish, RoleProof } from "../integrations/aws/proofs.ts";
import { idOfRole } from "../integrations/aws/proofs.ts";
import { rolesIn } from "../ports/permission.ts";

/** What of AWS is proven: every role that something of the file is entered by, and who needs it. */
export function awsProofWish(inventory: Inventory, { processName, sandbox }: Settings): AwsProofWish {
  const { account, role, observe_role: observe } = inventory.file.aws;
  const assumed = (arn: string) => ({ arn, sessionName: processName });
  const own = [
    ...(role === undefined ? [] : [{ id: "role", role: assumed(role) }]),
    ...(observe === undefined ? [] : [{ id: "observe-role", role: assumed(observe) }]),
  ].map((each): RoleProof => ({ ...each, neededBy: "every move" }));
  // A simulated world has one account.
  const others = sandbox ? [] : rolesOfOthers(inventory);
  return {
    account,
    roles: [
      ...own,
      ...others.map(([arn, services]): RoleProof => ({ id: idOfRole(arn), role: assumed(arn), neededBy: services })),
    ],
    topics: inventory.file.alerts.topics,
  };
}

function rolesOfOthers({ services }: Inventory): readonly (readonly [arn: string, services: readonly string[]])[] {
  const found = new Map<string, string[]>();
  for (const service of services) {
    for (const arn of rolesIn(permitsFor([service]))) {
      if (arn !== undefined) found.set(arn, [...(found.get(arn) ?? []), service.name]);
    }
  }
  return [...found];
}
