import { z } from "zod";
import { WorldClock } from "./clock.ts";
import { Control } from "./control.ts";
import { Fault, Faults } from "./faults.ts";
import { WorldLog } from "./log.ts";
import { Random } from "./random.ts";
import { RegionMode, Regions } from "./regions.ts";

/** What every simulator shares: one clock, one source of chance, one log, one set of regions and planned faults. */
export interface World {
  readonly clock: WorldClock;
  readonly random: Random;
  readonly log: WorldLog;
  readonly regions: Regions;
  readonly faults: Faults;
  readonly control: Control;
}

/** What `startX(world, spec, …)` of each simulator returns. */
export interface Simulator {
  readonly port: number;
  /** Environment variables that point a client at it; they are printed by `npm run world`. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export interface WorldOptions {
  /** World time at the start, epoch milliseconds. */
  readonly startMs: number;
  readonly speed: number;
  readonly seed: number;
  readonly regions: readonly string[];
}

export function createWorld(options: WorldOptions): World {
  const clock = new WorldClock({ worldMs: options.startMs, machineMs: Date.now(), speed: options.speed });
  const world: World = {
    clock,
    random: new Random(options.seed),
    log: new WorldLog(() => clock.now()),
    regions: new Regions(options.regions),
    faults: new Faults(),
    control: new Control(),
  };
  addWorldControls(world);
  return world;
}

const SetRegion = z.strictObject({
  region: z.string(),
  /** Only the control plane of this service, by its signing name; absent: all of the region. */
  service: z.string().optional(),
  mode: RegionMode,
  slowMs: z.number().optional(),
});

function addWorldControls({ clock, control, faults, log, random, regions }: World): void {
  control.on("GET /clock", () => ({ ...clock.anchor, nowMs: clock.now(), seed: random.seed }));
  control.on("POST /clock/jump", (body) => {
    clock.jump(z.strictObject({ worldMs: z.number() }).parse(body).worldMs);
    return clock.anchor;
  });
  control.on("POST /clock/speed", (body) => {
    clock.setSpeed(z.strictObject({ speed: z.number() }).parse(body).speed);
    return clock.anchor;
  });
  control.on("GET /log", (_body, query) => log.read(Number(query.get("after") ?? 0), query.get("kind") ?? ""));
  control.on("POST /regions", (body) => {
    const wanted = SetRegion.parse(body);
    if (wanted.slowMs !== undefined) regions.slowMs = wanted.slowMs;
    const { region, service, mode } = wanted;
    if (service === undefined) regions.set(region, mode);
    else regions.setPlane({ region, service }, mode);
    log.append("world.region", { region, ...(service !== undefined && { service }), mode });
  });
  control.on("POST /faults", (body) => {
    const fault = Fault.parse(body);
    faults.plan(fault);
    log.append("world.fault-planned", { ...fault });
  });
  control.on("POST /faults/clear", () => faults.clear());
}
