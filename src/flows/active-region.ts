import type { Moved } from "../domain/service/moved.ts";
import type { Observation } from "../domain/service/observation.ts";
import type { Known } from "../domain/service/observed.ts";
import type { Region, Service } from "../domain/service/service.ts";
import { placesOf, seenOf } from "./resources/places.ts";

type Seen = Pick<Observation, "resources" | "atMs">;

/** Where the stores take writes. Where they do not agree, nobody but a person can say what that means. */
export function activeRegionOf(service: Service, { resources, atMs }: Seen, moved: Moved | undefined): Known<Region> {
  const stores = placesOf(service).flatMap((place) => {
    const { store } = place.kind;
    return store ? [{ name: place.name, writer: store.writer(seenOf(place, { resources }), moved) }] : [];
  });
  const unknown = stores.find(({ writer }) => !writer.known);
  if (unknown) return { ...unknown.writer, atMs };
  const regions = new Set(stores.flatMap(({ writer }) => (writer.known ? [writer.value] : [])));
  const [region, other] = regions;
  if (region !== undefined && other === undefined) return { known: true, value: region, atMs };
  const where = stores.map(({ name, writer }) => `${name} in ${writer.known ? writer.value : "?"}`).join(", ");
  const why =
    region === undefined ? "it has no store that says so" : `its stores take writes in different regions: ${where}`;
  return { known: false, cause: "failed", why, atMs };
}

/** The same look, with what our own runs know of who writes. One from before the file had a resource stays as it is. */
export function withMoved(service: Service, seen: Observation, moved: Moved | undefined): Observation {
  if (!moved || !placesOf(service).every(({ id, kind }) => seen.resources[id]?.kind === kind.kind)) return seen;
  return { ...seen, moved, activeRegion: activeRegionOf(service, seen, moved) };
}

/** Regions that are asked for a write: a side that only our own run tells to be closed is asked once more. */
export function mayTakeWrites({ regions }: Service, { activeRegion, moved }: Observation): readonly Region[] {
  const isLeft = (region: Region) => moved?.kind === "proven" && Object.hasOwn(moved.fenced, region);
  return activeRegion.known ? regions.filter((region) => region === activeRegion.value || isLeft(region)) : regions;
}

/** A side that has just taken a write is closed no more, whatever was proven of it before. */
export function withWrites(
  service: Service,
  seen: Observation,
  writes: NonNullable<Observation["writes"]>,
): Observation {
  const { moved } = seen;
  const fenced = moved?.kind === "proven" ? Object.entries(moved.fenced) : [];
  const took = fenced.find(([region]) => Object.values(writes).some((by) => by[region]?.kind === "written"));
  if (!took) return { ...seen, writes };
  const [region, { run }] = took;
  const why = `${region} was fenced by ${run}, and has just taken a write`;
  return { ...withMoved(service, seen, { kind: "unproven", left: region, why }), writes };
}
