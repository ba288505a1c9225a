import type { Resource, Role } from "../../domain/service/resource.ts";
import { ecs } from "./compute/ecs/index.ts";
import { none } from "./compute/none/index.ts";
import { route53 } from "./entrances/route53/index.ts";
import { staticNames } from "./entrances/static/index.ts";
import type { Kind } from "./kind.ts";
import { auroraCluster } from "./stores/aurora-cluster/index.ts";
import { rdsReplica } from "./stores/rds-replica/index.ts";

/** Every kind of resource that a service may have: a line a kind, and nothing else has to know it. */
export const KINDS: readonly Kind[] = [rdsReplica, auroraCluster, ecs, none, route53, staticNames];

export const kindsOf = (role: Role): readonly Kind[] => KINDS.filter((kind) => kind.role === role);

/** Throws TypeError for a kind that no file can name: the schema is made of `KINDS`. */
export const kindOf = (role: Role, { kind }: Resource): Kind => kindNamed(role, kind);

/** Throws TypeError, as `kindOf` does. */
export function kindNamed(role: Role, name: string): Kind {
  const found = KINDS.find((kind) => kind.role === role && kind.kind === name);
  if (!found) throw new TypeError(`There is no kind ${name} among the ${role}`);
  return found;
}
