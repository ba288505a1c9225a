import type { Known } from "../../../../domain/service/observed.ts";
import type { DatabaseFacts } from "../../../../ports/databases.ts";
import { planned } from "../../../../ports/step.ts";
import { standingFor } from "../../../steps/busy.ts";
import { checkWritable } from "../../../steps/check-writable.ts";
import type { SnapshotSource, StoreTurn } from "../../abilities.ts";
import { keyTrouble } from "./judged.ts";
import type { RdsAt, RdsSeen } from "./look.ts";
import { database } from "./parts.ts";
import { rebootFailover } from "./reboot-instance.ts";
import type { RdsReplica } from "./settings.ts";

/** Moves the writer onto its Multi-AZ standby. */
export const turn: StoreTurn<RdsReplica, RdsSeen> = {
  turn({ seen, resource }, { region, target }) {
    const now = seen.in[region]?.database;
    const why = target === undefined ? refusal(now) : NO_CHOICE;
    if (why !== undefined || !now?.known) return { kind: "refused", why: why ?? "The writer cannot be seen." };
    const { instance, availabilityZone: leaves = "" } = now.value;
    const { write_check: writeCheck } = database(resource, region);
    return {
      ...{ kind: "turn", what: instance, onto: "its standby", identity: `standalone in ${leaves}` },
      steps: ({ id, after }) => [
        planned(rebootFailover, { id: id("reboot"), after, input: { region, instance, leaves } }),
        planned(checkWritable, {
          ...{ id: id("check-writable"), after: [id("reboot")] },
          input: { region, instance, writeCheck },
        }),
      ],
    };
  },

  async identityNow({ resource }, region, { cloud, signal }) {
    const now = await cloud.databases.describe(region, database(resource, region).instance, signal);
    return now.known ? `${now.value.role} in ${now.value.availabilityZone ?? "?"}` : undefined;
  },
};

const NO_CHOICE = "A Multi-AZ instance has one standby: leave out where to.";

function refusal(now: Known<DatabaseFacts> | undefined): string | undefined {
  if (!now?.known) return `The writer cannot be seen: ${now?.why ?? "no site"}. Ask again when it can.`;
  const { instance, multiAz, status, availabilityZone } = now.value;
  if (!multiAz) return `${instance} has no standby in another zone: it is not Multi-AZ. Move the service instead.`;
  if (status !== "available") return `${instance} is ${status}. Ask again when it is available.`;
  return availabilityZone === undefined ? `RDS does not say in which zone ${instance} runs. Ask again.` : undefined;
}

interface Regions {
  readonly from: string;
  readonly to: string;
}

/** In which RDS takes a snapshot of an instance. Source: CreateDBSnapshot. */
const READY = ["available", "storage-optimization"];

/** The copy of an encrypted snapshot needs a key of the target region: that of the database there is known to work. */
export function snapshot(at: RdsAt, { from, to }: Regions): SnapshotSource {
  const { seen } = at;
  const [now, copy] = [seen.in[from]?.database, seen.in[to]?.database];
  if (!now?.known)
    return {
      kind: "refused",
      why: `The writer in ${from} cannot be seen: ${now?.why ?? "no site"}. Ask again when it can.`,
    };
  const standing = standingFor(now.value.instance, now.value.status, READY);
  if (standing.kind === "lasting") return { kind: "refused", why: standing.why };
  const waits = standing.kind === "passing" ? standing.says : undefined;
  const source = { kind: "source", of: "instance", id: now.value.instance, waits } as const;
  if (!now.value.encrypted) return { ...source, kmsKey: null };
  const kmsKey = copy?.known ? copy.value.kmsKey : undefined;
  const why = keyTrouble(at, to);
  if (why !== undefined)
    return { kind: "refused", why: `${why}, so no copy can be encrypted with it. Enable it first.` };
  if (kmsKey !== undefined) return { ...source, kmsKey };
  return {
    kind: "refused",
    why: `The snapshot is encrypted, and its copy needs a key in ${to}. That of the database there is not known: ${whyNoKey(copy)}.`,
  };
}

function whyNoKey(copy: Known<DatabaseFacts> | undefined): string {
  if (!copy) return "it was not looked at";
  if (!copy.known) return copy.why;
  return copy.value.encrypted ? "RDS does not say which it is" : "it is not encrypted";
}
