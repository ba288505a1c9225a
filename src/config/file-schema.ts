import { z } from "zod";
import type { PagerEntry } from "../domain/incident/pager-traits.ts";
import type { DoorKeys, DoorSchemas } from "../domain/people/door-ids.ts";
import type { Resource, Role } from "../domain/service/resource.ts";
import { type ResourceSchemas, serviceSchema } from "../domain/service/service.ts";
import { type PagerSchemas, twoKeyFileWith } from "../domain/service/twokey-file.ts";
import { CHAT, DOORS } from "../doors/kinds.ts";
import { kindsOf } from "../flows/resources/index.ts";
import { PAGERS } from "../integrations/pagers/index.ts";
import type { DoorKind } from "../ports/door-kind.ts";
import type { PagerKind } from "../ports/pager-kind.ts";

const RESOURCES: ResourceSchemas = {
  stores: resourceOf("stores"),
  compute: resourceOf("compute"),
  entrances: resourceOf("entrances"),
};
/** The schema of `twokey.yaml`, with what each kind of thing in it brings. */
export const TWOKEY_FILE = twoKeyFileWith({
  doors: doorSchemas(DOORS),
  pagers: pagerSchemas(PAGERS),
  resources: RESOURCES,
});
/** One service of it, so that services can be judged one by one. */
export const SERVICE = serviceSchema(RESOURCES);

/** One resource of a role: the settings of the kind that it names. */
function resourceOf(role: Role): z.ZodType<Resource> {
  const [first, ...others] = kindsOf(role).map(({ settings }) => settings);
  if (!first) throw new TypeError(`There is no kind among the ${role}`);
  return z.discriminatedUnion("kind", [first, ...others]);
}

function doorSchemas(kinds: readonly DoorKind[]): DoorSchemas {
  const { workspace, channel } = CHAT;
  return { accounts: keysOf(kinds, "accounts"), groups: keysOf(kinds, "groups"), workspace, channel };
}

/** The keys of all doors in one block, and what each of them finds there. */
function keysOf(kinds: readonly DoorKind[], block: "accounts" | "groups"): DoorKeys {
  return {
    keys: Object.assign({}, ...kinds.map((kind) => kind[block].keys)),
    named: (read) => kinds.flatMap((kind) => kind[block].named(read).map((named) => ({ ...named, door: kind.name }))),
  };
}

function pagerSchemas(kinds: readonly PagerKind[]): PagerSchemas {
  const blocks = kinds.map(({ name, traits, settings }) => {
    const block = settings.transform((read): PagerEntry => ({ traits, settings: read }));
    return [name, block.optional()] as const;
  });
  const ids = kinds.flatMap(({ name, personId }) => (personId ? [[name, personId.optional()] as const] : []));
  return {
    blocks: z.strictObject(Object.fromEntries(blocks)).transform(present),
    ids: z.strictObject(Object.fromEntries(ids)).transform(present).default({}),
  };
}

/** Without those that the file does not name. */
function present<T>(all: Readonly<Record<string, T | undefined>>): Record<string, T> {
  return Object.fromEntries(Object.entries(all).flatMap(([name, one]) => (one === undefined ? [] : [[name, one]])));
}
