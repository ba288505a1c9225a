import { parseArgs } from "node:util";

export interface SoakArguments {
  readonly days: number;
  /** A month of 30 days. */
  readonly runsAMonth: number;
  readonly alertsADay: number;
  readonly seed: number;
  readonly isJson: boolean;
  /** Absent: the example that comes with the package. */
  readonly config: string | undefined;
}

export type ReadSoakArguments =
  | { readonly kind: "play"; readonly wanted: SoakArguments }
  | { readonly kind: "help" }
  /** One sentence. */
  | { readonly kind: "wrong"; readonly why: string };

export const SOAK_USAGE = `Usage: npm run soak -- [options]

  --days N       days to play; absent: 365
  --runs N       runs a month of 30 days; of eight in turn two are failovers to their end, there
                 and back, one is a failover that is aborted, three are snapshots and two are
                 reboot-failovers; absent: 20
  --alerts N     changes of alarms a day, one of which opens an incident; absent: 50
  --seed S       source of the world's chance; absent: 1
  --config FILE  a twokey.yaml; absent: examples/inventory.yaml
  --json         two objects: how the runs ended, and as the last line what was left behind
`;

const text = { type: "string" } as const;
const flag = { type: "boolean", default: false } as const;
const OPTIONS = { days: text, runs: text, alerts: text, seed: text, config: text, json: flag, help: flag };
const MOST = { days: 3_650, runs: 30, alerts: 500, seed: Number.MAX_SAFE_INTEGER } as const;

export function readSoakArguments(args: readonly string[]): ReadSoakArguments {
  try {
    const { values } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: false });
    if (values.help) return { kind: "help" };
    const number = (name: keyof typeof MOST, otherwise: number, least: number): number => {
      const given = values[name];
      const value = given === undefined ? otherwise : Number(given);
      if (Number.isInteger(value) && value >= least && value <= MOST[name]) return value;
      throw new RangeError(`--${name} cannot be ${given}. It is a whole number from ${least} to ${MOST[name]}.`);
    };
    const wanted: SoakArguments = {
      ...{ days: number("days", 365, 1), runsAMonth: number("runs", 20, 0), alertsADay: number("alerts", 50, 1) },
      ...{ seed: number("seed", 1, 0), isJson: values.json, config: values.config },
    };
    return { kind: "play", wanted };
  } catch (error) {
    return { kind: "wrong", why: error instanceof Error ? error.message : String(error) };
  }
}
