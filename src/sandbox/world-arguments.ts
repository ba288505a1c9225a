import { parseArgs } from "node:util";
import type { WholeWorldPorts } from "../simulators/whole-world.ts";

export interface WorldArguments {
  readonly ports: WholeWorldPorts;
  /** Absent: the example that comes with the package. */
  readonly config: string | undefined;
  readonly speed: number | undefined;
  readonly seed: number | undefined;
  /** Origin of the bot that SNS and PagerDuty deliver to. */
  readonly webhooks: string | undefined;
  /** Machine milliseconds of the minute in which Slack counts calls; absent: as the world's specification says. */
  readonly slackMinuteMs: number | undefined;
  /** World seconds between two things that the applications write; absent: as the world's specification says. */
  readonly writeSeconds: number | undefined;
  /** Machine milliseconds that every call of that vendor takes; absent: as the world's specification says. */
  readonly latency: { readonly slackMs: number | undefined; readonly pagerDutyMs: number | undefined };
  readonly isJson: boolean;
  readonly stopsWithParent: boolean;
}

export type ReadArguments =
  | { readonly kind: "run"; readonly wanted: WorldArguments }
  | { readonly kind: "help" }
  /** One sentence. */
  | { readonly kind: "wrong"; readonly why: string };

export const WORLD_USAGE = `Usage: npm run world -- [options]

  --aws-port, --slack-port, --pagerduty-port, --dns-port, --app-port, --control-port N
                      loopback ports; absent or 0: free ones. The two public resolvers take the ports after --dns-port;
                      load balancers and then write checks take consecutive ports from --app-port on.
  --config FILE       a twokey.yaml, or the specification of a world; absent: examples/inventory.yaml
  --webhooks URL      origin of the bot that SNS and PagerDuty call; absent: http://127.0.0.1:3000
  --slack-latency-ms, --pagerduty-latency-ms N
                      machine time that every call of that vendor takes
  --write-seconds N   world time between two things that each application writes
  --slack-minute-ms N machine time of the minute in which Slack counts calls; absent: 60000
  --speed K           world seconds per second; --seed S: source of all chance
  --json              one line of JSON instead of shell exports
  --stop-with-parent  stop when standard input closes
`;

const text = { type: "string" } as const;
const flag = { type: "boolean", default: false } as const;
const OPTIONS = {
  ...{
    "aws-port": text,
    "slack-port": text,
    "pagerduty-port": text,
    "dns-port": text,
    "app-port": text,
    "control-port": text,
  },
  ...{ config: text, speed: text, seed: text, webhooks: text },
  ...{ "slack-latency-ms": text, "pagerduty-latency-ms": text, "slack-minute-ms": text, "write-seconds": text },
  ...{ json: flag, "stop-with-parent": flag, help: flag },
};
const LARGEST_PORT = 65_535;
/** The name servers and two resolvers. */
const DNS_PORTS = 3;

export function readWorldArguments(args: readonly string[]): ReadArguments {
  try {
    const { values } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: false });
    if (values.help) return { kind: "help" };
    const port = (name: "aws" | "slack" | "pagerduty" | "dns" | "app" | "control", room = 1) =>
      readNumber(
        `--${name}-port`,
        values[`${name}-port`],
        (value) => isWhole(value) && value <= LARGEST_PORT + 1 - room,
      );
    const ports = {
      ...{ aws: port("aws") ?? 0, slack: port("slack") ?? 0, pagerduty: port("pagerduty") ?? 0 },
      ...{ dns: port("dns", DNS_PORTS) ?? 0, app: port("app") ?? 0, control: port("control") ?? 0 },
    };
    return {
      kind: "run",
      wanted: {
        ...{ ports, config: values.config, webhooks: readOrigin(values.webhooks) },
        latency: {
          slackMs: readNumber("--slack-latency-ms", values["slack-latency-ms"], isWhole),
          pagerDutyMs: readNumber("--pagerduty-latency-ms", values["pagerduty-latency-ms"], isWhole),
        },
        slackMinuteMs: readNumber(
          "--slack-minute-ms",
          values["slack-minute-ms"],
          (value) => isWhole(value) && value > 0,
        ),
        writeSeconds: readNumber("--write-seconds", values["write-seconds"], (value) => value > 0),
        speed: readNumber("--speed", values.speed, (value) => value > 0),
        seed: readNumber("--seed", values.seed, isWhole),
        ...{ isJson: values.json, stopsWithParent: values["stop-with-parent"] },
      },
    };
  } catch (error) {
    // Node adds advice after the first sentence.
    const said = error instanceof Error ? error.message : String(error);
    return { kind: "wrong", why: `${said.split(/\.\s|\n/, 1)[0]?.replace(/\.$/, "")}.` };
  }
}

function readNumber(name: string, given: string | undefined, fits: (value: number) => boolean): number | undefined {
  if (given === undefined) return undefined;
  const value = Number(given);
  if (given.trim() === "" || !Number.isFinite(value) || !fits(value)) throw new Error(`${name} cannot be ${given}`);
  return value;
}

function isWhole(value: number): boolean {
  return Number.isInteger(value) && value >= 0;
}

function readOrigin(given: string | undefined): string | undefined {
  if (given === undefined) return undefined;
  if (!URL.canParse(given) || !/^https?:/.test(given)) throw new Error(`--webhooks cannot be ${given}`);
  return new URL(given).origin;
}
