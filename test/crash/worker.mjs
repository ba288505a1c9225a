// One executor in a process of its own: the built engine, the real Redis and the real adapters to AWS. It kills itself, as the
// power would, at the boundaries that it is told. It waits for one line with its task, so that its start costs no world time.
import { readFileSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { createClouds } from "../../dist/app/clouds.js";
import { createStores } from "../../dist/app/stores.js";
import { readEnvironment } from "../../dist/config/environment.js";
import { loadFile } from "../../dist/config/load.js";
import { advanceRun } from "../../dist/engine/runs/advance-run.js";
import { blindWatches } from "../../dist/engine/runs/blind-watch.js";
import { guardTimes } from "../../dist/engine/runs/guard-times.js";
import { vainDrives } from "../../dist/engine/runs/halt.js";
import { STEPS } from "../../dist/flows/index.js";
import { runbookOf } from "../../dist/flows/runbooks/index.js";
import { StoreClock } from "../../dist/store/clock.js";
import { connectRedis } from "../../dist/store/connection.js";
import { LedgerFile } from "../../dist/store/ledger-file.js";
import { sealedWith } from "../../dist/store/seal.js";
import { Seen } from "../../dist/store/seen.js";
import { recall } from "../../dist/store/seen-in-ledger.js";

/** Machine time, short against that of a proof. */
const STOPPED_WITHIN_MS = 50;
const say = (line) => writeSync(1, `${line}\n`);
const nothing = async () => undefined;
const log = { debug: nothing, info: nothing, warn: nothing, error: nothing, child: () => log };

// An orphan would drive on in a world that is gone.
process.stdin.on("end", () => process.exit(3));
const { settings } = readEnvironment();
const { inventory } = loadFile(settings.configPath, readFileSync(settings.configPath, "utf8"));
const { redis } = await connectRedis(settings.redisUrl.reveal(), { accepted: [], isRehearsal: true }, log);
say("ready");
const line = await new Promise((resolve) => createInterface({ input: process.stdin }).once("line", resolve));
/** `points`: `boundary step` pairs at which to die; `freezeAt`: one at which to stand still until somebody wakes us. */
const { run, points, freezeAt } = JSON.parse(line);

const whose = { environment: inventory.file.environment, world: "rehearsal" };
const clock = new StoreClock(redis, whose.world);
await clock.refresh();
const ledger = await LedgerFile.open(redis, { ...settings.ledger, process: settings.processName, whose });
const seen = new Seen();
recall(ledger, seen);
const clouds = createClouds(settings, () => inventory, clock);
const memory = createStores(redis, () => clock.now(), sealedWith(settings.ledger.key, seen));

/** Points of `points` that this process has come to: several, where steps run beside each other. */
const reached = new Set();
/** Entries on their way to the store. */
const underWay = new Set();

let hasFrozen = false;

async function dieAt(boundary, step) {
  if (freezeAt === `${boundary} ${step}` && !hasFrozen) {
    // A step may send several calls at once.
    hasFrozen = true;
    say("frozen");
    process.kill(process.pid, "SIGSTOP");
    // Another thread may take the signal first: this one goes nowhere until the whole process stands still.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STOPPED_WITHIN_MS);
  }
  if (!reaches(boundary, step)) return;
  // What the store takes meanwhile is never written again: whoever dies here dies right after that as well.
  while (underWay.size > 0) await Promise.allSettled(underWay);
  say(`killed ${[...reached].join(", ")}`);
  process.kill(process.pid, "SIGKILL");
  await new Promise(() => {});
}

function reaches(boundary, step) {
  const point = `${boundary} ${step}`;
  if (points.includes(point)) reached.add(point);
  return reached.has(point);
}

/** The store, with a death before and after each entry of a step. */
const runs = {
  ...memory.runs,
  async append(state, change) {
    const steps = change.entries.filter((entry) => entry.step !== undefined);
    for (const { kind, step } of steps) await dieAt(`before-${kind}`, step);
    const writing = memory.runs
      .append(state, change)
      .then((answer) => {
        if (answer.kind === "appended") for (const { kind, step } of steps) reaches(`after-${kind}`, step);
        return answer;
      })
      .finally(() => underWay.delete(writing));
    underWay.add(writing);
    const answer = await writing;
    if (answer.kind === "appended") for (const { kind, step } of steps) await dieAt(`after-${kind}`, step);
    return answer;
  },
};

/** The steps, with a death right before and right after their calls. One that stands twice in a plan is told by its choices. */
const planned = (await memory.runs.read(run)).plan.steps;
function idOf(name, input) {
  const [only, another] = planned.filter(({ does }) => does === name);
  if (!another) return only?.id;
  return planned.find((step) => step.does === name && JSON.stringify(step.input) === JSON.stringify(input))?.id;
}
const steps = Object.fromEntries(
  Object.entries(STEPS).map(([name, step]) => [
    name,
    {
      ...step,
      async run(input, context) {
        await dieAt("before-call", idOf(name, input));
        const asked = await step.run(input, context);
        await dieAt("after-call", idOf(name, input));
        return asked;
      },
      async undo(input, context) {
        await dieAt("before-undo", idOf(name, input));
        const undone = await step.undo(input, context);
        await dieAt("after-undo", idOf(name, input));
        return undone;
      },
    },
  ]),
);

/** The world, with a stop in its narrowest place: the old side was looked at, the hold is proven, the call has not left. */
const { plan } = await memory.runs.read(run);
const ours = clouds.cloudOf(plan);
const cloud = {
  ...ours,
  guardedBy(guard, permitted) {
    let closing = false;
    const narrowest = {
      async prove() {
        const proof = await guard.prove();
        if (closing) await dieAt("before-send", "fence");
        return proof;
      },
    };
    const inner = ours.guardedBy(narrowest, permitted);
    const close = (...call) => {
      closing = true;
      return inner.firewall.close(...call);
    };
    return { ...inner, firewall: { ...inner.firewall, close } };
  },
};

const deps = {
  runs,
  ledger,
  clock,
  steps,
  frozen: nothing,
  calls: memory.calls,
  cards: memory.cards,
  cloudOf: () => cloud,
  logger: log,
  worker: settings.processName,
  inventory: () => inventory,
  wake: {
    run: nothing,
    runCalls: nothing,
    incidentPages: nothing,
    incidentEvidence: nothing,
    incidentChat: nothing,
    card: nothing,
  },
  channelOf: nothing,
  times: { add: nothing },
  guard: guardTimes(),
  shown: new Map(),
  vain: vainDrives(),
  blind: blindWatches(),
  drivers: { begins: async () => undefined, ends: async () => undefined },
  reachesNobody: async () => false,
  renew: () => undefined,
  oldSide: (state, looking) => runbookOf(state.plan).oldSide(state, cloud, looking),
  drift: async (state, signal) => {
    const service = inventory.services.find(({ name }) => name === state.plan.service);
    return runbookOf(state.plan).drift(state, { service, cloud: clouds.cloud, signal, moved: async () => undefined });
  },
};

try {
  await advanceRun(run, deps, new AbortController().signal);
  say(`ended ${(await memory.runs.read(run)).state}`);
} catch (error) {
  say(`refused ${error.name} ${error.code} ${error.message}`);
}
process.exit(0);
