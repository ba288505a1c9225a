import { told } from "../../../../domain/plan-run/by-hand.ts";
import { planned } from "../../../../ports/step.ts";
import { awaitDns, ledAway } from "../../../steps/await-dns.ts";
import { SECOND } from "../../../steps/schemas.ts";
import { settleDns } from "../../../steps/settle-dns.ts";
import type { EntranceAbilities } from "../../abilities.ts";
import type { NamedRecord } from "../../kind.ts";
import { defineKind } from "../../kind.ts";
import { knownValue } from "../../known-value.ts";
import { slotOfName } from "../../names.ts";
import { RULES } from "./lint.ts";
import { look, type StaticSeen, tell } from "./look.ts";
import { ABOUT, Static, type StaticName } from "./settings.ts";

const hostIn = ({ name, in: hosts }: StaticName, region: string): string =>
  knownValue(hosts[region], `The host name that ${name} leads to in ${region}`);

/** People move the names; TwoKey asks them to, waits for it, and checks what users see. */
const entrance: EntranceAbilities<Static, StaticSeen> = {
  to: ({ to }) => to,
  needsBalancer: () => false,
  followsHealth: () => false,
  refusals: () => [],
  acceptances({ resource: { names } }) {
    const all = names.map(({ name }) => name).join(", ");
    return [
      {
        id: "names-by-hand",
        words: `I accept that people move ${all} by hand`,
        danger: `People must move ${all} by hand.`,
      },
    ];
  },
  move: ({ resource: { names, how } }, { to: region }, slot) =>
    names.flatMap((entry) => {
      const { name, ttl_seconds: ttl } = entry;
      const { id, after } = slotOfName(slot, name, names);
      const newSide = hostIn(entry, region);
      const changed = told(`${name} CNAME ${newSide}, TTL ${ttl}`);
      const blocks = [
        { before: how, commands: [changed], goOn: "when the people who keep the name say that it is changed." },
      ];
      const afterStep = id("names-by-hand");
      return [
        planned(awaitDns, { id: afterStep, after, input: { name, newSide, region, blocks } }),
        planned(settleDns, {
          ...{ id: id("settle-dns"), after: [afterStep] },
          input: { name, afterStep, ttlMs: ttl * SECOND },
        }),
      ];
    }),
  leadsTo: ({ resource: { names } }, region) =>
    names.map((entry) => ({ name: entry.name, newSide: hostIn(entry, region) })),
  direct: (
    {
      resource: {
        names: [first],
      },
    },
    region,
  ) => first?.in[region],
  ledBack: ledAway,
};

const records = ({ names }: Static): NamedRecord[] =>
  names.map(({ name, ttl_seconds: ttlSeconds }, at) => ({
    ...{ name, zone: undefined, ttlSeconds, path: ["names", at], hasOwnTtl: true },
  }));

export const staticNames = defineKind<Static, StaticSeen>({
  ...{ kind: "static", role: "entrances", settings: Static, isByRegion: false },
  about: ABOUT,
  ...{ subjects: () => [], records, lint: RULES, permits: () => [], looks: [] },
  parts: { fixedNames: ({ names }) => names },
  ...{ look, tell, readiness: () => undefined, identity: () => [], entrance },
  steps: [],
});
