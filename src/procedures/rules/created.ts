import { type Act, plainName } from "../procedure.ts";

/** What a call makes, the option that names it, and the call that deletes it. */
interface Created {
  readonly thing: string;
  readonly deletedBy: string;
  /** The option of that call which names it, where it has another name there. */
  readonly deletedAs?: string;
}

const INSTANCE = { deletedBy: "rds delete-db-instance", deletedAs: "db-instance-identifier" };
const CLUSTER = { deletedBy: "rds delete-db-cluster", deletedAs: "db-cluster-identifier" };

export const CREATED: Readonly<Record<string, Created>> = {
  "rds create-db-instance": { ...INSTANCE, thing: "db-instance-identifier" },
  "rds restore-db-instance-from-db-snapshot": { ...INSTANCE, thing: "db-instance-identifier" },
  "rds restore-db-instance-to-point-in-time": { ...INSTANCE, thing: "target-db-instance-identifier" },
  "rds create-db-cluster": { ...CLUSTER, thing: "db-cluster-identifier" },
  "rds restore-db-cluster-from-snapshot": { ...CLUSTER, thing: "db-cluster-identifier" },
  "rds restore-db-cluster-to-point-in-time": { ...CLUSTER, thing: "db-cluster-identifier" },
  "ecs create-service": { thing: "service-name", deletedBy: "ecs delete-service", deletedAs: "service" },
  "ecs create-cluster": { thing: "cluster-name", deletedBy: "ecs delete-cluster", deletedAs: "cluster" },
  "cloudformation create-stack": { thing: "stack-name", deletedBy: "cloudformation delete-stack" },
};

/** Whether a call deletes what an earlier one has made. */
export function isDeletion(removal: Act, act: Act): boolean {
  const made = CREATED[act.name];
  if (!made || made.deletedBy !== removal.name) return false;
  const name = act.options.get(plainName(made.thing))?.text;
  const gone = removal.options.get(plainName(made.deletedAs ?? made.thing))?.text;
  return name === undefined || gone === undefined || name === gone || /\$/.test(`${name}${gone}`);
}
