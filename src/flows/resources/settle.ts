import type { Found } from "../../domain/service/found.ts";
import type { Resource } from "../../domain/service/resource.ts";
import type { PlacedResource, Service } from "../../domain/service/service.ts";
import { kindOf } from "./index.ts";
import type { Kind, Subject } from "./kind.ts";

/** Under which a subject's facts are remembered. */
export const subjectKey = ({ kind }: Kind, { key }: Subject): string => `${kind}/${key}`;

/** A resource as its kind needs it: what the file says, and what was discovered where it says nothing. */
export function settled(service: Service, { role, resource }: PlacedResource): { kind: Kind; resource: Resource } {
  const kind = kindOf(role, resource);
  const copy = structuredClone(resource);
  for (const subject of kind.subjects(resource, service.regions))
    fill(copy, subject, leftOpen(resource, subject, factsOf(service.found, kind, subject)));
  return { kind, resource: copy };
}

function factsOf(found: Found, kind: Kind, subject: Subject): Found[string] {
  return found[subjectKey(kind, subject)] ?? {};
}

/** Without what the file says once for all regions: a fact about one region would overrule it there. */
function leftOpen(resource: object, { saidOnce = [] }: Subject, facts: Found[string]): Found[string] {
  const said = saidOnce.filter((name) => valueAt(resource, name.split(".")) !== undefined);
  return Object.fromEntries(Object.entries(facts).filter(([name]) => !said.includes(name)));
}

function fill(resource: object, { path }: Subject, facts: Found[string]): void {
  for (const [name, { value }] of Object.entries(facts)) {
    if (value !== undefined) setMissing(resource, [...path, ...name.split(".")], value);
  }
}

function setMissing(root: object, path: readonly (string | number)[], value: unknown): void {
  let place: object = root;
  for (const step of path.slice(0, -1)) {
    const inner: unknown = Reflect.get(place, step);
    if (inner !== undefined && (inner === null || typeof inner !== "object")) return;
    if (inner === undefined) Reflect.set(place, step, {});
    const next: unknown = Reflect.get(place, step);
    if (next === null || typeof next !== "object") return;
    place = next;
  }
  const last = path.at(-1) ?? "";
  if (Reflect.get(place, last) === undefined) Reflect.set(place, last, value);
}

/** What stands at a path, as far as it is JSON; undefined where nothing does. */
export function valueAt(root: object, path: readonly (string | number)[]): string | number | boolean | undefined {
  let place: unknown = root;
  for (const step of path) place = place !== null && typeof place === "object" ? Reflect.get(place, step) : undefined;
  return typeof place === "string" || typeof place === "number" || typeof place === "boolean" ? place : undefined;
}
