import type { World } from "../world/world.ts";
import type { DatabaseChanges } from "./database-changes.ts";
import type { DatabaseFleet } from "./database-fleet.ts";
import type { RdsDeps } from "./database-network.ts";
import type { RdsEvents } from "./rds-events.ts";

/** What the operations on instances work with. */
export interface RdsParts {
  readonly world: World;
  readonly deps: RdsDeps;
  readonly fleet: DatabaseFleet;
  readonly events: RdsEvents;
  readonly changes: DatabaseChanges;
}
