import { z } from "zod";
import type { PagerEntry } from "../domain/incident/pager-traits.ts";
import { type PagerSchemas, twoKeyFileWith } from "../domain/service/twokey-file.ts";
import { PAGERS } from "../integrations/pagers/index.ts";
import type { PagerKind } from "../ports/pager-kind.ts";

/** The schema of `twokey.yaml`, with what each kind of thing in it brings. */
export const TWOKEY_FILE = twoKeyFileWith(pagerSchemas(PAGERS));

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
