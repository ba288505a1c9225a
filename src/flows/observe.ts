import type { Glimpse } from "../domain/service/glimpse.ts";
import type { HealthVerdict, WriteVerdict } from "../domain/service/health.ts";
import type { Moved } from "../domain/service/moved.ts";
import type { Observation, ResourceSeen } from "../domain/service/observation.ts";
import { rolesOf } from "../domain/service/resource.ts";
import type { Region, Service } from "../domain/service/service.ts";
import { seenBy } from "../ports/elsewhere.ts";
import type { CloudReads } from "../ports/step.ts";
import { activeRegionOf, mayTakeWrites, withWrites } from "./active-region.ts";
import { Glimpses } from "./glimpses.ts";
import { Patience } from "./patience.ts";
import type { Looking } from "./resources/place.ts";
import { isAllSilentIn, type KindPlace, placesOf, seenOf, toldOf } from "./resources/places.ts";
import { frontOf } from "./resources/site.ts";

export interface Look {
  readonly signal?: AbortSignal;
  /** The newest look that was stored: what it knew of a replica's position is not forgotten. */
  readonly lastLook?: Observation | undefined;
  /** Somebody waits: what the last look found silent is asked again, but not waited for as long. Such a look is not stored. */
  readonly isHurried?: boolean;
  /** What our own runs know of who writes; absent: AWS is asked alone. */
  readonly moved?: Moved | undefined;
  /** A plan is made from it: where the writer may be, the write checks are asked too, each of which writes. */
  readonly isForPlan?: true;
  /** Is told each part as soon as it is there; must not throw. */
  readonly sees?: ((glimpse: Glimpse) => void) | undefined;
}

/** The one reader of the world for planner, preflight, drift and status. Every part that did not answer says why. */
export async function observe(service: Service, cloud: CloudReads, look: Look = {}): Promise<Observation> {
  const { signal, lastLook } = look;
  const { probe, clock } = cloud;
  const patience = new Patience(clock, look.isHurried ? lastLook : undefined, hurriedIn(service, look));
  const glimpses = new Glimpses(look.sees);
  const asking: Asking = { service, cloud, regions: service.regions, signal, patience, lastLook, glimpses };
  const atMs = clock.now();
  const [resources, health, publicHealth] = await Promise.all([
    lookAtResources(asking),
    healthByRegion(asking),
    glimpses.health(undefined, patience.publicHealth(probe.health(deepHealthUrl(service), signal ? { signal } : {}))),
  ]);
  const { moved } = look;
  const activeRegion = activeRegionOf(service, { resources, atMs }, moved);
  const answering = Object.fromEntries(service.regions.map((region) => [region, cloud.answers.of(region)]));
  const seen = {
    service: service.name,
    atMs,
    resources,
    health,
    activeRegion,
    publicHealth,
    answering,
    ...(moved && { moved }),
  };
  return look.isForPlan ? withWrites(service, seen, await writesOf(seen, asking)) : seen;
}

/** The region that people want to leave: where the service was when somebody last looked. */
function hurriedIn({ home }: Service, { isHurried, lastLook, moved }: Look): Region | undefined {
  if (!isHurried) return undefined;
  if (moved?.kind === "proven") return moved.to;
  return lastLook?.activeRegion.known ? lastLook.activeRegion.value : home;
}

/** What the assumptions of a plan are about, seen again: the new side and the records. The old side may be dark, and nobody waits for it. */
export async function observeRegion(
  service: Service,
  region: Region,
  { cloud, signal }: { readonly cloud: CloudReads; readonly signal: AbortSignal },
): Promise<Pick<Observation, "resources">> {
  const patience = new Patience(cloud.clock, undefined);
  const glimpses = new Glimpses(undefined);
  const asking: Asking = { service, cloud, regions: [region], signal, patience, lastLook: undefined, glimpses };
  return { resources: await lookAtResources(asking) };
}

/** The deep health question under the public name: what users' requests need. */
export const deepHealthUrl = (service: Service): string => new URL(service.deep_health, service.url).href;

/** Host name that leads to a region, whichever is active: its load balancer, else what the entrance says. */
export function directIn(service: Service, region: Region): string | undefined {
  const front = frontOf(service, region);
  if (front) return front.dns_name;
  return placesOf(service)
    .map((place) => place.kind.entrance?.direct?.(place, region))
    .find((name) => name !== undefined);
}

interface Asking {
  readonly service: Service;
  readonly cloud: CloudReads;
  readonly regions: readonly Region[];
  readonly signal: AbortSignal | undefined;
  readonly patience: Patience;
  readonly lastLook: Observation | undefined;
  readonly glimpses: Glimpses;
}

async function lookAtResources(asking: Asking): Promise<Observation["resources"]> {
  const places = placesOf(asking.service);
  return Object.fromEntries(await Promise.all(places.map(async (place) => [place.id, await lookAt(place, asking)])));
}

async function lookAt(place: KindPlace, asking: Asking): Promise<ResourceSeen> {
  const { lastLook, patience, cloud, regions, signal, glimpses } = asking;
  const { kind, id } = place;
  const before = lastLook?.resources[id];
  const looking: Looking = {
    ...{ cloud: seenBy(rolesOf(place.resource), cloud), regions, signal },
    of: (region, asked) => glimpses.asked(place, region, patience.of(region, asked)),
    beyondRegions: (asked) => patience.beyondRegions(id, asked),
  };
  const seen = await kind.look(place, looking, before?.kind === kind.kind ? before.seen : undefined);
  const told = toldOf({ ...place, seen });
  glimpses.told(place, told);
  return { kind: kind.kind, seen, ...told };
}

/** The application behind each region's own front; a region that has none can only be asked by its public name. */
async function healthByRegion(asking: Asking): Promise<Observation["health"]> {
  const { service, cloud, regions, signal, patience, glimpses } = asking;
  const url = deepHealthUrl(service);
  const answers = regions.flatMap((region) => {
    const via = directIn(service, region);
    if (via === undefined) return [];
    const asked = cloud.probe.health(url, { via, ...(signal ? { signal } : {}) });
    return [
      glimpses
        .health(region, patience.healthOf(region, asked))
        .then((health): [Region, HealthVerdict] => [region, health]),
    ];
  });
  return Object.fromEntries(await Promise.all(answers));
}

/** In a region that is silent altogether nothing is asked: what people accept of it needs no write check. */
async function writesOf(
  seen: Observation,
  { service, cloud, signal, glimpses }: Asking,
): Promise<NonNullable<Observation["writes"]>> {
  const all = placesOf(service).map((place) => seenOf(place, seen));
  const regions = mayTakeWrites(service, seen).filter((region) => !isAllSilentIn(region, all, seen));
  const stores = all.flatMap((place) => {
    const { writeCheck } = place.kind.fence ?? {};
    return writeCheck ? [{ id: place.id, url: (region: Region) => writeCheck(place, region) }] : [];
  });
  const asked = stores.map(async ({ id, url }) => {
    const verdicts = regions.map(
      async (region): Promise<[Region, WriteVerdict]> => [
        region,
        await glimpses.write({ id }, region, cloud.probe.writeCheck(url(region), signal)),
      ],
    );
    return [id, Object.fromEntries(await Promise.all(verdicts))] as const;
  });
  return Object.fromEntries(await Promise.all(asked));
}
