import { z } from "zod";
import type { Assumption } from "../../../domain/plan-run/plan.ts";
import { voidedBy } from "../../../domain/plan-run/second-look.ts";
import type { Inventory } from "../../../domain/service/inventory.ts";
import type { Moved } from "../../../domain/service/moved.ts";
import type { Region } from "../../../domain/service/region.ts";
import { rolesOf } from "../../../domain/service/resource.ts";
import { seenBy } from "../../../ports/elsewhere.ts";
import type { CloudReads } from "../../../ports/step.ts";
import type { Turning } from "../../resources/abilities.ts";
import { KINDS } from "../../resources/index.ts";
import { type KindSeen, placesOf, seenOf } from "../../resources/places.ts";
import { aboutResource, commonOf, seenIn, writerUnknown } from "../plan-parts.ts";
import { restsOnRun } from "../rests-on-run.ts";
import type { Planned, PlanRequest, Runbook, Words } from "../runbook.ts";

const Wish = z.object({
  /** The store that is meant, by its name in the file; needed only where several could be. */
  store: z.string().optional(),
  /** The machine that is to write; absent: its kind chooses. */
  target: z.string().optional(),
});
type Wish = z.infer<typeof Wish>;

/** Moves a store's writer onto another machine of the same region; users stay where they are. */
export const rebootFailover: Runbook<Wish> = {
  name: "reboot-failover",
  about: "move a store's writer onto its standby, inside its region",
  needs: "two keys",
  usage: "[store <name>] [onto <instance>]",
  wish: Wish,
  words,
  fields: (inventory) => [
    {
      ...{ id: "store", label: "Store", kind: "choice" as const, optional: true, choices: storesOf(inventory) },
      hint: "Left empty: the only one that has a standby in its region.",
    },
    {
      ...{ id: "target", label: "Instance that is to write", kind: "line" as const, optional: true },
      hint: "Left empty: the standby, or the reader that is first in line.",
    },
  ],
  plan,
  wishOf: ({ steps }) => {
    const store = steps
      .find(({ resource }) => resource !== undefined)
      ?.resource?.split(".")
      .at(-1);
    const target = steps.flatMap((step) => KINDS.map(({ store }) => store?.turn?.targetOf?.(step))).find(Boolean);
    return { ...(store === undefined ? {} : { store }), ...(target === undefined ? {} : { target }) };
  },
  drift: async ({ plan: { assumptions, from } }, { service, cloud, signal, moved }) => {
    const drifted = await Promise.all(
      placesOf(service).map(async (place) => {
        const assumed = assumptions.find(({ fact }) => fact === factOf(place));
        if (assumed?.kind !== "identity") return [];
        const theirs = seenBy(rolesOf(place.resource), cloud);
        const now = await place.kind.store?.turn?.identityNow(place, from, { cloud: theirs, signal });
        return now === undefined || now === assumed.value ? [] : [`${assumed.says} changed: it is ${now} now`];
      }),
    );
    const isByRun = assumptions.some(({ fact }) => fact === BY_OWN_RUN);
    return voidedBy([...drifted.flat(), ...(isByRun ? noLongerShown(from, await moved()) : [])]);
  },
  oldSide: async (_run, _cloud: CloudReads) => ({ kind: "silent" }),
  measure: async () => ({}),
};

/** What each word announces: `store guests onto guests-2`, in any order. */
const ANNOUNCES: Readonly<Record<string, keyof Wish>> = { store: "store", onto: "target" };

function words([word, name, ...rest]: readonly string[]): Words {
  if (word === undefined) return { kind: "wish", wish: {} };
  const key = Object.hasOwn(ANNOUNCES, word) ? ANNOUNCES[word] : undefined;
  if (key === undefined || name === undefined) return { kind: "not-understood", word };
  const others = words(rest);
  return others.kind === "wish" ? { kind: "wish", wish: { [key]: name, ...others.wish } } : others;
}

const storesOf = ({ services }: Inventory): (readonly [string, string])[] =>
  [...new Set(services.flatMap(({ stores }) => Object.keys(stores)))].map((name) => [name, name] as const);

const factOf = ({ id }: Pick<KindSeen, "id">): string => `writer of ${id}`;

const BY_OWN_RUN = "writer by own run";

/** The side that a run has fenced may be opened between the keys and the start. */
const byOwnRun = (region: Region): Assumption => ({
  ...{ kind: "identity", fact: BY_OWN_RUN, says: `that our own run shows ${region} as the writer`, value: region },
});

function noLongerShown(region: Region, moved: Moved | undefined): string[] {
  if (moved?.kind === "proven" && moved.to === region) return [];
  const why = moved?.kind === "unproven" ? `: ${moved.why}` : "";
  return [`no run shows any more that ${region} is the writer${why}`];
}

function plan(request: PlanRequest, { store: wanted, target }: Wish): Planned {
  const { service, observed } = request;
  const stores = placesOf(service)
    .filter(({ kind }) => kind.store !== undefined)
    .map((place) => seenOf(place, observed));
  const meant = stores.filter(({ name, kind }) =>
    wanted === undefined ? kind.store?.turn !== undefined : name === wanted,
  );
  const [at, another] = meant;
  const names = stores.map(({ name }) => name).join(", ");
  if (!at && wanted !== undefined) return refused(`${service.name} has no store called ${wanted}. It has: ${names}.`);
  if (!at) return refused(`No store of ${service.name} has a standby inside its region.`);
  if (another)
    return refused(
      `${service.name} has several stores: ${names}. Say which: /dr reboot-failover ${service.name} store ${at.name}.`,
    );
  return planOf(at, request, target);
}

function planOf(at: KindSeen, request: PlanRequest, target: string | undefined): Planned {
  const { service, inventory, observed } = request;
  const region = at.kind.store?.writer(at, observed.moved);
  if (!region?.known) return refused(writerUnknown(request, region?.why ?? "its kind does not tell"));
  const turning = at.kind.store?.turn?.turn(at, { region: region.value, target }) ?? noTurn(at);
  if (turning.kind === "refused") return refused(turning.why);
  const { what, onto, identity } = turning;
  return {
    kind: "plan",
    plan: {
      ...commonOf(request),
      runbook: rebootFailover.name,
      title: `Move ${what} of ${service.name} onto ${onto}`,
      from: region.value,
      to: region.value,
      pastNoReturn: false,
      mode: "planned",
      authorisesUntilMs: request.nowMs + service.fence_watch,
      coolDownMs: 0,
      keysRequired: inventory.file.approvals.required,
      steps: turning.steps({ id: (base) => base, after: [] }).map((step) => ({ ...step, ...aboutResource(at) })),
      assumptions: [
        { kind: "identity", fact: factOf(at), says: `where ${what} runs`, value: identity },
        ...(restsOnRun(at, observed) ? [byOwnRun(region.value)] : []),
      ],
      acceptances: [{ id: "connections", words: `I accept that all connections to ${what} drop, for 1 to 2 minutes` }],
      unchecked: ["whether the application reconnects by itself"],
      facts: seenIn(observed, at.id, region.value),
      // The standby has every commit before the writer answers it.
      dataLoss: { kind: "none" },
    },
  };
}

const noTurn = ({ name }: KindSeen): Turning => ({
  ...{ kind: "refused", why: `${name} has no standby inside its region. Move the service instead.` },
});

const refused = (...reasons: string[]): Planned => ({ kind: "refused", reasons });
