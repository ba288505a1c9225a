import { drive } from "./drive.ts";
import { eventually } from "./eventually.ts";
import type { FailoverWorld } from "./failover-world.ts";

interface Database {
  readonly instance: string;
  readonly securityGroup: string;
}

/** Drives the run until it has closed this database of the old side. There its worker dies, and nobody new gets in. */
export async function diesOnceClosed(at: FailoverWorld, { instance, securityGroup }: Database): Promise<void> {
  const stopped = new Error("the worker was stopped");
  const dies = new AbortController();
  at.whole.world.log.follow(({ kind, facts }) => {
    const isClosing = kind === "aws.mutation" && facts["operation"] === "RevokeSecurityGroupIngress";
    if (isClosing && JSON.stringify(facts).includes(securityGroup)) dies.abort(stopped);
  });
  await drive(at, { signal: dies.signal }).then(
    () => Promise.reject(new Error(`${instance} was never closed`)),
    (error: unknown) => error === stopped || Promise.reject(error),
  );
  await isGone(at, instance);
}

/** The door is shut in fact, and the worker's session went with it: what stands for its process in a test lives on. */
async function isGone(at: FailoverWorld, instance: string): Promise<void> {
  const { engine } = at.whole.rds;
  const database = { region: at.service.home, instance };
  await eventually("closed door", () => {
    const late = engine.connect(database, { address: "10.0.0.78", groups: [] }, { user: "reports" });
    if (late.ok) engine.end(late.session);
    return late.ok ? undefined : true;
  });
  for (const session of engine.openOn(database)) if (session.user === "twokey") engine.end(session);
}
