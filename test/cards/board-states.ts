import type { RunState } from "../../src/domain/plan-run/run.ts";
import type { Service } from "../../src/domain/service/service.ts";
import { OUTLOOK } from "../../src/flows/runbooks/index.ts";
import type { ServiceStatus } from "../../src/views/standing.ts";
import { example } from "../harness/example.ts";
import { AT, type Day, known, quietDay, seenOn } from "../harness/observed.ts";
import { standbyOf } from "../harness/site.ts";
import { darkHome, degradedHome, MINUTE, RAW_HEALTH, runStates, SERVICE } from "./run-states.ts";

const INCIDENT = { id: "4mzq8t", title: "inventory-5xx", channel: "C0INC4MZQ8T" };

interface Wish {
  readonly observed?: Day | undefined;
  readonly run?: RunState | undefined;
  readonly incident?: ServiceStatus["incident"];
  readonly waiting?: RunState | undefined;
}

function service(name: string, wish: Wish = {}): ServiceStatus {
  const named: Service = { ...SERVICE, name };
  const observed = wish.observed && seenOn(named, wish.observed);
  const isFree = wish.run === undefined && wish.waiting === undefined;
  const request = {
    ...{ id: "outlook", reason: "the board", requester: "", incident: undefined, service: named },
    ...{ inventory: example("inventory"), nowMs: AT },
  };
  const outlook = isFree && observed ? OUTLOOK.plan({ ...request, observed }, {}) : undefined;
  return {
    service: named,
    observed,
    run: wish.run,
    newest: wish.run,
    incident: wish.incident,
    waiting: wish.waiting && waitingFor(name, wish.waiting),
    outlook,
  };
}

/** The plan of that service. */
const waitingFor = (name: string, run: RunState): RunState => ({
  ...run,
  plan: { ...run.plan, id: "F-ORD3RS", service: name, title: run.plan.title.replace(SERVICE.name, name) },
});

/** After a failover: the standby was promoted and serves; the old side is a second writer that nobody reaches. */
function movedAway(): Day {
  const quiet = quietDay(SERVICE);
  const { home } = SERVICE;
  const standby = standbyOf(SERVICE);
  const [old, next] = [quiet.sites[home], quiet.sites[standby]];
  if (!old || !next) throw new Error("the example has two sites");
  const absent = { known: false, cause: "absent", why: "it is no replica", atMs: AT } as const;
  return {
    ...quiet,
    activeRegion: known(standby),
    sites: {
      [home]: { ...old, deepHealth: RAW_HEALTH },
      [standby]: {
        ...next,
        database: {
          ...next.database,
          ...(next.database.known
            ? { value: { ...next.database.value, role: "standalone", source: undefined, replicating: undefined } }
            : {}),
        },
        deepHealth: { kind: "healthy", status: 200 },
        lag: absent,
      },
    },
  } as Day;
}

function lagging(): Day {
  const quiet = quietDay(SERVICE);
  const standby = quiet.sites[standbyOf(SERVICE)];
  if (!standby) throw new Error("the example has a standby");
  const lag = known({ seconds: 4_000, measuredAtMs: AT - MINUTE });
  return { ...quiet, sites: { ...quiet.sites, [standbyOf(SERVICE)]: { ...standby, lag } } };
}

export const BOARDS: Readonly<Record<string, readonly ServiceStatus[]>> = {
  quiet: ["inventory", "payments", "search"].map((name) => service(name, { observed: quietDay(SERVICE) })),
  mixed: [
    service("catalogue", { observed: quietDay(SERVICE) }),
    service("inventory", { observed: darkHome(), incident: INCIDENT }),
    service("orders", { observed: lagging(), waiting: runStates()["one-key"] }),
    service("payments", { observed: darkHome(), run: runStates()["running"], incident: INCIDENT }),
    service("pricing", { observed: degradedHome(), incident: { ...INCIDENT, channel: undefined } }),
    service("search", { observed: movedAway() }),
    service("shipping"),
  ],
};

export const IN_DEPTH: Readonly<Record<string, ServiceStatus>> = {
  quiet: service("inventory", { observed: quietDay(SERVICE) }),
  dark: service("inventory", { observed: darkHome(), incident: INCIDENT }),
  away: service("inventory", { observed: movedAway() }),
  moving: service("inventory", { observed: darkHome(), run: runStates()["unfenced"], incident: INCIDENT }),
};
