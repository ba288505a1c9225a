import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { cloudsOf, rolesOf } from "../../src/app/clouds.ts";
import { createStores, type Stores } from "../../src/app/stores.ts";
import { otherSts } from "../../src/app/sts-order.ts";
import { readEnvironment, type Settings } from "../../src/config/environment.ts";
import { loadFile } from "../../src/config/load.ts";
import type { Event } from "../../src/domain/event.ts";
import { type Mode, planDigest } from "../../src/domain/plan-run/plan.ts";
import { isOver, type RunState, stateOf } from "../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../src/domain/plan-run/run-entry.ts";
import type { Inventory } from "../../src/domain/service/inventory.ts";
import type { Region, Service } from "../../src/domain/service/service.ts";
import { observe } from "../../src/flows/observe.ts";
import { LOOK_ACTIONS } from "../../src/flows/resources/looks.ts";
import { namesOf, storesIn } from "../../src/flows/resources/site.ts";
import { runbookOf } from "../../src/flows/runbooks/index.ts";
import type { Planned } from "../../src/flows/runbooks/runbook.ts";
import { createAws } from "../../src/integrations/aws/aws.ts";
import { databaseSessions } from "../../src/integrations/databases/sessions.ts";
import { createProbe } from "../../src/integrations/network/probe.ts";
import type { StampedClock } from "../../src/ports/clock.ts";
import type { Cloud, GuardedCloud } from "../../src/ports/step.ts";
import { sandboxEnvironment } from "../../src/sandbox/environment.ts";
import { sandboxText } from "../../src/sandbox/rewrites.ts";
import { type Verdict, WorldClient } from "../../src/sandbox/world-client.ts";
import { worldFromInventory } from "../../src/sandbox/world-from-inventory.ts";
import type { Ec2SpecInput } from "../../src/simulators/aws/ec2-spec.ts";
import { startWholeWorld, type WholeWorld } from "../../src/simulators/whole-world.ts";
import type { WholeWorldSpecInput } from "../../src/simulators/whole-world-spec.ts";
import { setAnchor } from "../../src/store/clock.ts";
import type { ExampleName } from "./example.ts";
import { UNASKED } from "./fakes/index.ts";
import { clockOf, skippingIdleTime } from "./idle-time.ts";
import { LEDGER_KEY, started } from "./keys.ts";
import { freshRedisUrl } from "./redis.ts";
import { standbyOf } from "./site.ts";
import { StoreBench } from "./store.ts";
import { given, pair, waitsOf } from "./waits.ts";

export interface FailoverWorldOptions {
  readonly example: ExampleName;
  /** What its text is changed to before it is read. */
  readonly edit?: (text: string) => string;
  /** The service that is moved; absent: the first of the example. */
  readonly service?: string;
  readonly speed: number;
  readonly seed?: number;
  readonly lagSeconds?: number;
  /** Of all databases; absent: PostgreSQL. */
  readonly engine?: "mysql" | "mariadb";
  /** For which the applications keep a session to their database open. */
  readonly sessionSeconds?: number;
  /** World seconds between two jobs that the applications do without being asked; 0 or absent: none. */
  readonly jobSeconds?: number;
  /** World seconds that a task takes to stop once it drains. */
  readonly stopSeconds?: number;
  /** What AWS takes its time for takes about as long as in the real one: faults meet a run in the middle of each. */
  readonly isLong?: true;
  /** World seconds that a task takes to start, from and to. */
  readonly startSeconds?: readonly [number, number];
  /** World seconds until a change of records is everywhere, from and to. */
  readonly insyncSeconds?: readonly [number, number];
  /** World seconds between two orders of the application's users. */
  readonly orderSeconds?: number;
  /** World seconds of a reboot; absent: as long as it takes in AWS, by chance. */
  readonly rebootSeconds?: number;
  /** World seconds for which EC2 and ECS show what was there before a change; absent: none. */
  readonly staleSeconds?: number;
  /** What else there is in EC2. */
  readonly moreEc2?: Pick<Ec2SpecInput, "securityGroups" | "networkInterfaces">;
  /** Machine time that a silent endpoint is given. */
  readonly answerWithinMs?: number;
  /** An empty database of Redis; absent: a fresh one of the test's own. */
  readonly redisUrl?: string;
}

/** Machine time that an endpoint is given, unless a test waits for silent ones: long enough for a busy machine. */
const ANSWER_WITHIN_MS = 4_000;

/** A whole world derived from an example, a database of the test's Redis, and the adapters of the bot between them. */
export interface FailoverWorld {
  readonly whole: WholeWorld;
  readonly client: WorldClient;
  readonly inventory: Inventory;
  readonly service: Service;
  readonly bench: StoreBench;
  readonly clock: StampedClock;
  readonly memory: Stores;
  readonly cloud: GuardedCloud;
  /** The same for a run whose sessions these regions hand out. */
  readonly cloudOf: (stsRegions: readonly Region[]) => GuardedCloud;
  /** The same world in the hands of somebody else, who asks nobody. */
  readonly others: Cloud;
  readonly directory: string;
  /** What a bot in another process needs to live in this world, with this Redis. */
  readonly environment: Readonly<Record<string, string>>;
  /** Aborted when it is stopped. */
  readonly ended: AbortSignal;
  setSpeed(speed: number): Promise<void>;
  /** Does that with no time lost in which this process only waits for the world. */
  skippingIdleTime<T>(work: () => Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

export async function startFailoverWorld(options: FailoverWorldOptions): Promise<FailoverWorld> {
  const path = new URL(`../../examples/${options.example}.yaml`, import.meta.url).pathname;
  const text = (options.edit ?? String)(await readFile(path, "utf8"));
  const loaded = loadFile(path, text);
  if (!loaded.ok) throw new Error(`${path} does not load`);
  const { spec } = worldFromInventory(loaded.inventory, {
    seed: options.seed ?? 1,
    speed: options.speed,
    ...(options.lagSeconds === undefined ? {} : { lagSeconds: options.lagSeconds }),
    ...(options.orderSeconds === undefined ? {} : { writers: { intervalSeconds: options.orderSeconds } }),
    webhooks: { sns: "http://127.0.0.1:9", pagerDuty: "http://127.0.0.1:9" },
  });
  const reboot = options.rebootSeconds;
  const durations = { ...waitsOf(options).durations, ...(reboot !== undefined && { reboot }) };
  const whole = await startWholeWorld(
    {
      ...{ ...spec, traffic: trafficFor(spec.traffic, options) },
      rds: { ...spec.rds, ...enginesFor(spec.rds, options), durations },
      ec2: ec2With(spec.ec2, options),
    },
    { speed: options.speed },
  );
  const directory = await mkdtemp(join(tmpdir(), "twokey-failover-"));
  const config = join(directory, "twokey.yaml");
  const snsCa = join(directory, "ca.pem");
  const worldText = sandboxText(text, loaded.file, whole.env);
  await writeFile(config, worldText);
  await writeFile(snsCa, whole.sns.caPem);
  const url = options.redisUrl ?? (await freshRedisUrl());
  const environment = {
    ...sandboxEnvironment(whole.env, { config, snsCa }),
    REDIS_URL: url,
    TWOKEY_LEDGER_DIR: join(directory, "ledger"),
    TWOKEY_LEDGER_KEY: LEDGER_KEY.reveal(),
    TWOKEY_PROCESS_NAME: "test",
  };
  const read = readEnvironment(environment);
  const inWorld = loadFile(config, worldText);
  if (!read.ok || !inWorld.ok) throw new Error("the world's own environment and file have to be in order");
  const bench = StoreBench.at(url);
  const redis = await bench.connect();
  const clock = clockOf(whole.world.clock);
  await setAnchor(redis, whole.world.clock.anchor);
  const { services } = inWorld.inventory;
  const service = services.find(({ name }) => options.service === undefined || name === options.service);
  if (!service) throw new Error("the example has no such service");
  const sources = { ...options, whole, clock, settings: read.settings, inventory: inWorld.inventory };
  const { cloudOf, others, close } = cloudsIn(sources);
  const ended = new AbortController();
  return {
    ...{
      whole,
      bench,
      clock,
      directory,
      environment,
      cloud: cloudOf(),
      cloudOf,
      others,
      service,
      ended: ended.signal,
    },
    inventory: inWorld.inventory,
    client: new WorldClient(whole.controlPort),
    memory: createStores(redis, () => clock.now()),
    async setSpeed(speed) {
      whole.world.clock.setSpeed(speed);
      await setAnchor(redis, whole.world.clock.anchor);
    },
    skippingIdleTime: (work) => skippingIdleTime(whole.world.clock, () => bench.connections, work),
    async stop() {
      ended.abort();
      close();
      await whole.stop();
      bench.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

interface CloudSources extends Pick<FailoverWorldOptions, "answerWithinMs"> {
  readonly whole: WholeWorld;
  readonly settings: Settings;
  readonly inventory: Inventory;
  readonly clock: StampedClock;
}

/** As `app/clouds` composes it for a run, with the world's own credentials instead of those of this process. */
function cloudsIn({ whole, settings, inventory, clock, answerWithinMs = ANSWER_WITHIN_MS }: CloudSources) {
  const { sandbox } = settings;
  if (!sandbox) throw new Error("the environment leads into a world");
  const { AWS_ACCESS_KEY_ID: accessKeyId = "", AWS_SECRET_ACCESS_KEY: secretAccessKey = "" } = whole.env;
  const way = {
    ...{ stsRegion: inventory.file.aws.sts, otherSts: otherSts(inventory), clock, endpoint: sandbox.awsEndpointUrl },
    credentials: { accessKeyId, secretAccessKey },
    looks: LOOK_ACTIONS,
    patience: { connectMs: 1_000, answerMs: answerWithinMs },
    rememberSilenceMs: answerWithinMs,
  };
  const aws = createAws({ ...way, ...rolesOf(inventory.file, "test") });
  // Somebody with administrator's keys.
  const anybody = createAws(way);
  const addresses = (servers: readonly { host: string; port: number }[]) =>
    servers.map(({ host, port }) => `${host}:${port}`);
  const probe = createProbe({
    dnsServers: addresses(sandbox.dnsServers),
    authoritativeServers: addresses(sandbox.nameServers),
    connect: sandbox.connectMap,
  });
  const { databases: passwords } = settings;
  const sessions = databaseSessions({ passwords, connect: sandbox.connectMap, now: () => clock.now() });
  return {
    cloudOf: (stsRegions?: readonly Region[]) =>
      cloudsOf({ open: () => aws, probe, clock, sessions })({ sessionName: "dr-F-1", stsRegions }),
    others: cloudsOf({ open: () => anybody, probe, clock, sessions })(undefined).guardedBy(UNASKED, []),
    close: () => {
      aws.close();
      anybody.close();
      void sessions.close();
    },
  };
}

function enginesFor(rds: WholeWorldSpecInput["rds"], { engine }: FailoverWorldOptions) {
  return engine && { databases: (rds?.databases ?? []).map((database) => ({ ...database, engine })) };
}

const MYSQL_PORT = 3_306;

function ec2With(own: Ec2SpecInput | undefined, options: FailoverWorldOptions): Ec2SpecInput {
  const { moreEc2, staleSeconds, engine } = options;
  const port = engine && { fromPort: MYSQL_PORT, toPort: MYSQL_PORT };
  const groups = (own?.securityGroups ?? []).map((group) => ({
    ...group,
    ...(port && { ingress: (group.ingress ?? []).map((rule) => ({ ...rule, ...port })) }),
  }));
  const securityGroups = [...groups, ...(moreEc2?.securityGroups ?? [])];
  return { ...own, ...moreEc2, securityGroups, ...(staleSeconds !== undefined && { staleRead: staleSeconds }) };
}

function trafficFor(traffic: WholeWorldSpecInput["traffic"], options: FailoverWorldOptions) {
  const { sessionSeconds, jobSeconds, staleSeconds } = options;
  const { balancer: slowness, startSeconds, stopSeconds, insyncSeconds } = { ...waitsOf(options), ...given(options) };
  if (!traffic) return traffic;
  const applications = (traffic.applications ?? []).map((each) => ({
    ...each,
    ...(sessionSeconds === undefined ? {} : { sessionSeconds }),
    ...(jobSeconds === undefined ? {} : { jobs: { intervalSeconds: jobSeconds } }),
  }));
  // Each family has a newer revision that nobody has rolled out yet.
  const taskDefinitions = traffic.ecs?.taskDefinitions?.map((each) => ({ ...each, latestRevision: 2 }));
  const ecs = traffic.ecs && {
    ...traffic.ecs,
    ...(taskDefinitions && { taskDefinitions }),
    ...{ startSeconds: pair(startSeconds), stopSeconds },
    ...(staleSeconds !== undefined && { staleSeconds: [staleSeconds, staleSeconds] as [number, number] }),
  };
  const loadBalancers = traffic.elb?.loadBalancers?.map((balancer) => ({
    ...balancer,
    targetGroups: balancer.targetGroups.map((group) => ({ ...group, ...slowness })),
  }));
  return {
    ...{ ...traffic, applications, route53: { ...traffic.route53, insyncSeconds: pair(insyncSeconds) } },
    ...(ecs ? { ecs } : {}),
    ...(loadBalancers ? { elb: { loadBalancers } } : {}),
  };
}

export interface RunWish {
  readonly mode?: Mode;
  readonly id?: string;
  /** Where a failover leads; absent: the standby. */
  readonly to?: Region;
  /** Name of the runbook; absent: the failover. */
  readonly runbook?: string;
  /** What is wished for besides. */
  readonly words?: Readonly<Record<string, string>>;
  /** The run whose rest this is. */
  readonly continues?: RunState;
}

/** Looks at the world, plans, and turns the keys of the first two approvers. Resolves to the run that has just started. */
export async function startRun(at: FailoverWorld, wish: RunWish = {}): Promise<RunState> {
  const { mode = "unplanned", id = "F-1", runbook = "failover", words = {}, continues } = wish;
  const { inventory, memory, clock, service, cloud } = at;
  const meant = runbookOf({ runbook, id });
  // Each runbook takes of it what its wish knows.
  const read = meant.read({ mode, to: wish.to ?? standbyOf(service), ...words });
  if (!read.ok) throw new Error(read.why);
  const ask = async () =>
    meant.plan(
      {
        ...{ id, service, inventory, reason: "a rehearsal", incident: undefined, requester: "nobody-who-approves" },
        observed: await observe(service, cloud, { isForPlan: true }),
        nowMs: clock.now(),
        ...(continues ? { continues } : {}),
      },
      read.wish,
    );
  const planned = await askAgainWhileUnseen(ask);
  if (planned.kind === "refused") throw new Error(planned.reasons.join(" "));
  const digest = planDigest(planned.plan);
  const created = await memory.runs.create(planned.plan, digest, []);
  if (created.kind !== "created") throw new Error(`${created.run} is in the way of the run`);
  const run = await runOf(at, id);
  const atMs = clock.now();
  const keys = inventory.file.approvals.approvers.slice(0, planned.plan.keysRequired);
  const answer = await memory.runs.append(run, {
    entries: started(planned.plan, atMs, keys),
    events: [],
    claim: { action: "hold", service: service.name },
    ...(continues ? { continues: { run: continues, entry: ending(id, atMs), event: eventAt(atMs) } } : {}),
  });
  if (answer.kind !== "appended") throw new Error(`the run did not start: ${answer.kind}`);
  void peopleMoveNames(at, id);
  return answer.run;
}

/** A busy machine may not answer the first look in time; the refusal then asks for what people would do. */
async function askAgainWhileUnseen(ask: () => Promise<Planned>): Promise<Planned> {
  const deadline = Date.now() + ASK_AGAIN_WITHIN_MS;
  for (;;) {
    const planned = await ask();
    const isUnseen = planned.kind === "refused" && planned.reasons.some((why) => why.includes("cannot be seen"));
    if (!isUnseen || Date.now() > deadline) return planned;
  }
}

const ASK_AGAIN_WITHIN_MS = 90_000;

const Pointing = z.object({ name: z.string(), newSide: z.string() });
/** World time. */
const PEOPLE_LOOK_EVERY_MS = 1_000;

/** What people do while a run waits for them: they move each name outside Route 53 that it asks for, once. */
async function peopleMoveNames(at: FailoverWorld, id: string): Promise<void> {
  const moved = new Set<string>();
  while (!at.ended.aborted) {
    const run = await at.memory.runs.read(id).catch(() => "out of reach" as const);
    if (run === "out of reach") {
      await at.clock.sleep(PEOPLE_LOOK_EVERY_MS);
      continue;
    }
    if (!run || isOver(run)) return;
    for (const step of run.plan.steps) {
      if (step.role !== "waits-for-people" || moved.has(step.id) || stateOf(run, step.id).state === "waiting") continue;
      moved.add(step.id);
      const { name, newSide } = Pointing.parse(step.input);
      if (!namesOf(at.service).some((known) => known.name === name)) await at.client.pointName(name, newSide);
    }
    if (run.plan.steps.every(({ id: each, role }) => role !== "waits-for-people" || moved.has(each))) return;
    await at.clock.sleep(PEOPLE_LOOK_EVERY_MS);
  }
}

const ending = (plan: string, atMs: number): RunEntry => ({ kind: "superseded", atMs, plan });
const eventAt = (atMs: number): Event => ({
  kind: "run.superseded",
  atMs,
  door: "slack",
  says: "it goes on elsewhere",
  facts: {},
});

export async function runOf({ memory }: FailoverWorld, id = "F-1"): Promise<RunState> {
  const run = await memory.runs.read(id);
  if (!run) throw new Error(`there is no run ${id}`);
  return run;
}

/** Calls that changed the world, as `service:operation region input`, in their order. */
export function mutationsOf({ whole }: FailoverWorld): string[] {
  return whole.world.log
    .read(0, "aws.mutation")
    .map(({ facts }) => `${String(facts["operation"])} ${String(facts["region"])} ${JSON.stringify(facts["input"])}`);
}

export function verdictOf(at: FailoverWorld, afterMs = 0): Promise<Verdict> {
  return at.client.verdict(at.service.name, afterMs);
}

/** Somebody opens the old database again in the console. */
export async function reopenOldSide({ client, service }: FailoverWorld): Promise<void> {
  const [store] = storesIn(service, service.home);
  await client.click("ec2:AuthorizeSecurityGroupIngress", service.home, {
    GroupId: store?.database.security_group,
    IpPermissions: [{ IpProtocol: "tcp", FromPort: 5432, ToPort: 5432, IpRanges: [{ CidrIp: "10.0.0.0/8" }] }],
  });
}
