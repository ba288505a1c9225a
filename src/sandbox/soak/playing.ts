import type { Stores } from "../../app/stores.ts";
import { Bug } from "../../domain/errors.ts";
import type { Plan } from "../../domain/plan-run/plan.ts";
import type { Queues } from "../../jobs/queues.ts";
import { accountOf } from "../derive-slack.ts";
import type { Stage } from "../stage.ts";
import type { SoakArguments } from "./arguments.ts";

/** Machine times. What is waited for happens beside much else. */
const LOOK_EVERY_MS = 10;
export const SOON_MS = 60_000;

/** Slack accounts, and the service that is moved. */
export interface Cast {
  readonly responder: string;
  readonly approvers: readonly string[];
  readonly service: string;
}

export type Move = Pick<Plan, "id" | "to">;

export interface Standby {
  /** A move is verified: until people build it again there is none. */
  lost(move: Move): void;
  /**
   * What people do by hand, in Slack and in the console. They build replicas on the old side: while two databases stand alone TwoKey
   * plans nothing. They open its door again when nobody looks at that side any more, or end the looks where they need it now.
   * `passing`: how the world's time passes while they wait for AWS.
   */
  tend(isNeeded: boolean, passing: () => Promise<void>): Promise<void>;
}

export interface Playing {
  readonly stage: Stage;
  readonly stores: Stores;
  readonly queues: Pick<Queues, "sweepNow">;
  readonly wanted: SoakArguments;
  readonly cast: Cast;
  readonly standby: Standby;
  /** How many plans of each runbook ended in each way, `failover verified` for instance. */
  readonly ended: Map<string, number>;
  say(line: string): void;
}

/** What is done between two looks. */
type Passing = () => Promise<void>;
const byItself: Passing = () => new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));

interface Patience {
  readonly withinMs: number;
  /** Absent: time passes by itself. */
  readonly passing?: Passing | undefined;
}

/** What `find` finds, as soon as it does. */
export async function soon<T>(
  what: string,
  { withinMs, passing = byItself }: Patience,
  find: () => Promise<T | undefined>,
): Promise<T> {
  for (const deadline = Date.now() + withinMs; Date.now() < deadline; ) {
    const found = await find();
    if (found !== undefined) return found;
    await passing();
  }
  throw new Bug("soak-stuck", `Within ${withinMs} ms there was no ${what}`);
}

export function castOf({ inventory }: Pick<Stage, "inventory">): Cast {
  const { approvers: listed, required } = inventory.file.approvals;
  const responder = inventory.people.find(({ id, roles }) => roles.includes("responder") && !listed.includes(id));
  const approvers = listed.slice(0, required).map((id) => accountOf(inventory, id));
  const [service] = inventory.services;
  if (!responder || !service)
    throw new Bug("nobody-plays", "The file needs a responder who is no approver, and a service");
  return { responder: accountOf(inventory, responder.id), approvers, service: service.name };
}
