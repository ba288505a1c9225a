import { UserError } from "../../domain/errors.ts";
import { isDark, type Observation, type RegionFacts, type Told } from "../../domain/service/observation.ts";
import { isUnanswered } from "../../domain/service/observed.ts";
import type { Resource, Role } from "../../domain/service/resource.ts";
import { type Region, resourcesOf, type Service } from "../../domain/service/service.ts";
import type { Kind } from "./kind.ts";
import type { Place, Seen } from "./place.ts";
import { settled } from "./settle.ts";
import { frontOf } from "./site.ts";

/** A resource with the kind that knows all about it. */
export interface KindPlace extends Place<Resource> {
  readonly kind: Kind;
  readonly role: Role;
}

/** A kind's place with what a look has shown of it. */
export type KindSeen = KindPlace & Seen<Resource, object>;

/** Every resource of a service: data first, users last. */
export function placesOf(service: Service): KindPlace[] {
  return resourcesOf(service).map((placed) => {
    const { kind, resource } = settled(service, placed);
    const { id, role, path } = placed;
    return {
      ...{ service, id, role, kind, resource },
      name: path.at(-1) ?? id,
      front: (region) => frontOf(service, region),
    };
  });
}

/** Throws UserError where this very resource was not looked at: the file has changed since. */
export function seenOf(place: KindPlace, { resources }: Pick<Observation, "resources">): KindSeen {
  const found = resources[place.id];
  if (found?.kind === place.kind.kind) return { ...place, seen: found.seen };
  throw new UserError("not-looked-at", `${place.id} of ${place.service.name} was not looked at yet. Ask again.`);
}

/**
 * Nothing of a region answers: what is looked at there, nor what a fence would close there. The two may have different control
 * planes: with RDS and ECS silent EC2 may still say what lets anybody in, and close it.
 */
export function isAllSilentIn(
  region: Region,
  all: readonly KindSeen[],
  observed: Pick<Observation, "resources">,
): boolean {
  const closable = all.flatMap((at) => at.kind.fence?.seenIn(at, region) ?? []);
  return isDark(observed, region) && closable.every((now) => isUnanswered(now));
}

/** A look in words, and for each region that it tells of why the resource could not take over there. */
export function toldOf(at: KindSeen): Told {
  const told = at.kind.tell(at);
  const regions = Object.entries(told.in).map(([region, facts]): [Region, RegionFacts] => {
    const unready = at.kind.readiness(at, region);
    return [region, unready === undefined ? facts : { ...facts, unready }];
  });
  return { ...told, in: Object.fromEntries(regions) };
}

/** The name in brackets where there are several of the same role, so that sentences and ids tell them apart. */
export function tellApart(places: readonly KindPlace[]) {
  const isOne = (place: KindPlace) => places.filter(({ role }) => role === place.role).length === 1;
  return {
    id: (base: string, place: KindPlace): string => (isOne(place) ? base : `${base}-${place.name}`),
    words: (text: string, place: KindPlace): string => (isOne(place) ? text : `${text} (${place.name})`),
  };
}
