import { DescribeKeyCommand } from "@aws-sdk/client-kms";
import { z } from "zod";
import type { CopyWish, KeyFacts, Snapshots, SnapshotWish } from "../../ports/snapshots.ts";
import type { Ask, Caller } from "./caller.ts";
import type { Clients } from "./clients.ts";
import { CallFailed } from "./errors.ts";
import { readSnapshot, snapshotReads, snapshotWrites } from "./snapshot-calls.ts";

const API = "rds";

/** RDS snapshots of instances and Aurora clusters, and the KMS keys that encrypt their copies. */
export function awsSnapshots(caller: Caller, clients: Clients): Snapshots {
  const reads = snapshotReads(clients);
  return {
    find: (region, { of, id }, signal) => caller.known(() => readSnapshot(caller, reads[of], { region, id, signal })),
    create: (wish, signal) => caller.act((requestIds) => create({ caller, requestIds, signal }, wish)),
    copy: (wish, signal) => caller.act((requestIds) => copy({ caller, reads, requestIds, signal }, wish)),
    keyState: (region, key, signal) =>
      caller.known(async () => {
        const ask = { api: "kms", region, doing: `describe key ${key}`, signal };
        const command = new DescribeKeyCommand({ KeyId: key });
        const answer = await caller.read(ask, (options) => clients.kms.in(region).send(command, options));
        return keyOf(Key.parse(answer.KeyMetadata));
      }),
  };
}

interface Reads {
  readonly reads: ReturnType<typeof snapshotReads>;
}

interface Act {
  readonly caller: Caller;
  readonly requestIds: string[];
  readonly signal: AbortSignal | undefined;
}

async function create({ caller, requestIds, signal }: Act, { region, of, id, source, tags }: SnapshotWish) {
  const ask = { api: API, region, doing: `take snapshot ${id} of ${source}`, signal };
  return answerOf(() =>
    caller.write(ask, requestIds, (acting, options) =>
      snapshotWrites(acting)[of].create({ region, id, source, tags: tagList(tags) }, options),
    ),
  );
}

/** The original is read first: its ARN names account and partition, and RDS refuses a copy of what is not there yet. */
async function copy({ caller, reads, requestIds, signal }: Act & Reads, wish: CopyWish) {
  const { of, id, from, to, copyId, kmsKey, tags } = wish;
  const original = await readSnapshot(caller, reads[of], { region: from, id, signal, isForWrite: true });
  if (original.status !== "available") {
    return { kind: "busy" as const, why: `snapshot ${id} in ${from} is ${original.status}, ${original.percent} %` };
  }
  const ask: Ask = { api: API, region: to, doing: `copy snapshot ${id} from ${from}`, signal };
  const wanted = { to, id: copyId, arn: original.arn, kmsKey, tags: tagList(tags) };
  return answerOf(() =>
    caller.write(ask, requestIds, (acting, options) => snapshotWrites(acting)[of].copy(wanted, options)),
  );
}

async function answerOf(send: () => Promise<unknown>) {
  try {
    await send();
    return { kind: "accepted" as const };
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error;
    if (error.failure.kind === "alreadyDone") return { kind: "already-exists" as const };
    if (error.failure.kind === "inFlight") return { kind: "busy" as const, why: error.message };
    throw error;
  }
}

function tagList(tags: Readonly<Record<string, string>>): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

const Key = z.object({
  Arn: z.string(),
  KeyState: z.string(),
  Enabled: z.boolean().default(false),
  KeyManager: z.string().optional(),
  KeyUsage: z.string().optional(),
  MultiRegion: z.boolean().default(false),
});

function keyOf({ Arn, KeyState, Enabled, KeyManager, KeyUsage, MultiRegion }: z.infer<typeof Key>): KeyFacts {
  return {
    arn: Arn,
    state: KeyState,
    isUsable: Enabled && KeyState === "Enabled" && (KeyUsage ?? "ENCRYPT_DECRYPT") === "ENCRYPT_DECRYPT",
    managedBy: KeyManager === "AWS" ? "aws" : "customer",
    multiRegion: MultiRegion,
  };
}
