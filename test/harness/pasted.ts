import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ByHandBlock, pastedLines } from "../../src/domain/plan-run/by-hand.ts";
import type { Inventory } from "../../src/domain/service/inventory.ts";
import { computesIn } from "../../src/flows/resources/site.ts";
import { PASSWORD_VARIABLE } from "../../src/simulators/postgres/server.ts";

/** What AWS has of services, by the resource id of their auto scaling. */
export interface Stock {
  /** Of those that are auto-scaled. */
  readonly scaling: Readonly<Record<string, { readonly min: number; readonly max: number }>>;
  readonly desired?: Readonly<Record<string, number>>;
}

/** The lines of a block, wherever it stands. */
export const linesOfBlock = (block: ByHandBlock): string[] => pastedLines(block, { number: "1" });

/** One command of the CLI, as it was really run. */
export interface Pasted {
  readonly service: string;
  readonly operation: string;
  readonly options: Readonly<Record<string, string>>;
}

/**
 * In place of the CLI: writes down how it was called, and answers what the lines of plans ask of a service. In bash: a table pastes
 * several hundred calls, and a process of Node for each took as long as all the rest.
 */
const CLI = `#!/usr/bin/env bash
printf '%s\\0' "$@" > "$PASTED/$EPOCHREALTIME-$$"
for word in "$@"; do
  case \${option-} in
    --query) query=$word ;;
    --resource-ids) resource=$word ;;
    --cluster) cluster=$word ;;
    --services) service=$word ;;
  esac
  option=$word
done
while read -r what id count; do
  case "$what $id" in
    "min \${resource-}") min=$count ;;
    "max \${resource-}") max=$count ;;
    "desired service/\${cluster-}/\${service-}") desired=$count ;;
  esac
done <<< "$STOCK"
asked='^max\\(\\[(.+) \\|\\| \`0\`, \`([0-9]+)\`\\]\\)$'
if [[ \${query-} =~ $asked ]]; then
  least=\${BASH_REMATCH[2]}
  case \${BASH_REMATCH[1]} in
    'ScalableTargets[0].MinCapacity') has=\${min-0} ;;
    'ScalableTargets[0].MaxCapacity') has=\${max-0} ;;
    'services[0].desiredCount') has=\${desired-0} ;;
    *) has=0 ;;
  esac
  echo $((has > least ? has : least))
elif [[ \${query-} == *VpcSecurityGroups* ]]; then
  echo sg-1
elif [[ \${query-} == *IpPermissions* ]]; then
  echo '[{"IpProtocol": "tcp"}]'
elif [[ $2 == describe-scalable-targets && -n \${min-} ]]; then
  echo '{"ScalableDimension": ""}'
elif [[ \${query-} != *SnapshotIdentifier==* ]]; then
  echo something
fi
`;

/** Pastes the lines into bash with that in the place of AWS, and resolves to the calls that came of it, in their order. */
export function pasted(lines: readonly string[], stock: Stock): Pasted[] {
  const cwd = mkdtempSync(join(tmpdir(), "twokey-pasted-"));
  try {
    const calls = join(cwd, "calls");
    mkdirSync(calls);
    writeFileSync(join(cwd, "aws"), CLI, { mode: 0o755 });
    const others =
      "curl() { :; }; dig() { :; }; sleep() { :; }; psql() { cat > sql.told; }; mysql() { cat > sql.told; }";
    // Without start files: a bash whose input is a socket may take itself for a remote one and read them, and a PATH in them hides the CLI above.
    const { status, stdout, stderr } = spawnSync(
      "bash",
      ["--norc", "-c", ["set -eu", others, ...lines, "wait"].join("\n")],
      {
        ...{ encoding: "utf8", cwd, timeout: 60_000 },
        env: {
          ...process.env,
          ...{ PATH: `${cwd}:${process.env["PATH"]}`, PASTED: calls, STOCK: told(stock) },
          ...{ DATABASE_GUESTS: "a password", [PASSWORD_VARIABLE]: "a password" },
        },
      },
    );
    if (status !== 0 || /^FAILED/m.test(stdout)) throw new Error(`the lines do not run: ${stdout}${stderr}`);
    return readdirSync(calls)
      .toSorted()
      .map((call) => callOf(readFileSync(join(calls, call), "utf8").split("\0").slice(0, -1)));
  } finally {
    rmSync(cwd, { recursive: true });
  }
}

function callOf([service = "", operation = "", ...rest]: readonly string[]): Pasted {
  const options = rest.flatMap((word, at) => (word.startsWith("--") ? [[word.slice(2), rest[at + 1] ?? ""]] : []));
  return { service, operation, options: Object.fromEntries(options) };
}

/** A line for each number. */
function told({ scaling, desired = {} }: Stock): string {
  const bounds = Object.entries(scaling).flatMap(([id, { min, max }]) => [`min ${id} ${min}`, `max ${id} ${max}`]);
  return [...bounds, ...Object.entries(desired).map(([id, count]) => `desired ${id} ${count}`)].join("\n");
}

const READS = /^(describe|list|get|wait|head)\b/;

/** What of it changes something, as `operation region`; Route 53 has no region. */
export const changesOf = (calls: readonly Pasted[]): string[] =>
  calls
    .filter(({ operation }) => !READS.test(operation))
    .map(({ operation, options }) => sayChange(operation.replaceAll("-", ""), options["region"]));

export const sayChange = (operation: string, region: string | undefined): string =>
  operation.toLowerCase() === "changeresourcerecordsets"
    ? operation.toLowerCase()
    : `${operation.toLowerCase()} ${region}`;

/** What a world that is made from that file has. */
export function stockOf({ services }: Inventory): Stock {
  const computes = services.flatMap((service) => service.regions.flatMap((region) => computesIn(service, region)));
  const scaled = computes.flatMap(({ compute: { cluster, service, tasks, max_tasks: max } }) =>
    max === undefined ? [] : [[`service/${cluster}/${service}`, { min: tasks, max }] as const],
  );
  return { scaling: Object.fromEntries(scaled) };
}
