import { z } from "zod";

/**
 * How a region answers.
 * `dark`: connections are accepted and nothing ever comes back, for control plane and application alike.
 * `refusing`: connections are cut at once. `slow`: every answer takes `slowMs` longer (machine time).
 * `throttled`: control-plane calls answer with the service's throttling error.
 * `control-plane-down`: API calls fail with 503 while applications and data keep working.
 */
export const RegionMode = z.enum(["up", "dark", "refusing", "slow", "throttled", "control-plane-down"]);
export type RegionMode = z.infer<typeof RegionMode>;

/** One service's control plane in one region; `service` as calls are signed for it: `rds`, `ecs`, `ec2`, `route53`, `monitoring` … */
interface Plane {
  readonly region: string;
  readonly service: string;
}

const planeKey = ({ region, service }: Plane): string => `${region} ${service}`;

export class Regions {
  readonly #modes = new Map<string, RegionMode>();
  readonly #planes = new Map<string, RegionMode>();
  readonly #listeners = new Set<(region: string, mode: RegionMode) => void>();
  /** Extra machine milliseconds of a slow region's answers. */
  slowMs = 3_000;

  constructor(names: readonly string[]) {
    for (const name of names) this.#modes.set(name, "up");
  }

  get names(): string[] {
    return [...this.#modes.keys()];
  }

  /** Regions nobody described (for example us-east-1 as the home of Route 53) are up until told otherwise. */
  mode(region: string): RegionMode {
    return this.#modes.get(region) ?? "up";
  }

  /** One service's control plane may be in trouble by itself; applications and data of the region go on. */
  setPlane(plane: Plane, mode: RegionMode): void {
    this.#planes.set(planeKey(plane), mode);
  }

  /** How a service's control plane answers: as its region does, and where that is up, as it does by itself. */
  planeMode(plane: Plane): RegionMode {
    const ofRegion = this.mode(plane.region);
    return ofRegion === "up" ? (this.#planes.get(planeKey(plane)) ?? "up") : ofRegion;
  }

  /** True where packets to applications and databases of the region go nowhere. */
  isUnreachable(region: string): boolean {
    const mode = this.mode(region);
    return mode === "dark" || mode === "refusing";
  }

  set(region: string, mode: RegionMode): void {
    this.#modes.set(region, mode);
    for (const listener of this.#listeners) listener(region, mode);
  }

  onChange(listener: (region: string, mode: RegionMode) => void): void {
    this.#listeners.add(listener);
  }
}
