import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { Inventory } from "../../src/domain/service/inventory.ts";
import { computesIn } from "../../src/flows/resources/site.ts";
import { PASSWORD_VARIABLE } from "../../src/simulators/postgres/server.ts";

/** What AWS has of services, by the resource id of their auto scaling. */
export interface Stock {
  /** Of those that are auto-scaled. */
  readonly scaling: Readonly<Record<string, { readonly min: number; readonly max: number }>>;
  readonly desired?: Readonly<Record<string, number>>;
}

const Call = z.object({ service: z.string(), operation: z.string(), options: z.record(z.string(), z.string()) });
/** One command of the CLI, as it was really run. */
export type Pasted = z.infer<typeof Call>;

/** In place of the CLI: writes down how it was called, and answers what the lines of plans ask of a service. */
const CLI = `
const { appendFileSync } = require("node:fs");
const [service, operation, ...rest] = process.argv.slice(2);
const options = {};
for (const [at, word] of rest.entries()) if (word.startsWith("--")) options[word.slice(2)] = rest[at + 1] ?? "";
appendFileSync(process.env.PASTED, JSON.stringify({ service, operation, options }) + "\\n");
const { scaling, desired = {} } = JSON.parse(process.env.STOCK);
const target = scaling[options["resource-ids"]];
const has = {
  "ScalableTargets[0].MinCapacity": target?.min,
  "ScalableTargets[0].MaxCapacity": target?.max,
  "services[0].desiredCount": desired["service/" + options.cluster + "/" + options.services],
};
const asked = /^max\\(\\[(.+) \\|\\| \`0\`, \`(\\d+)\`\\]\\)$/.exec(options.query ?? "");
if (asked) console.log(Math.max(has[asked[1]] ?? 0, Number(asked[2])));
else if (/VpcSecurityGroups/.test(options.query ?? "")) console.log("sg-1");
else if (operation === "describe-scalable-targets" && target) console.log('{"ScalableDimension": ""}');
`;

/** Pastes the lines into bash with that in the place of AWS, and resolves to the calls that came of it, in their order. */
export function pasted(lines: readonly string[], stock: Stock): Pasted[] {
  const cwd = mkdtempSync(join(tmpdir(), "twokey-pasted-"));
  try {
    const log = join(cwd, "pasted.log");
    writeFileSync(join(cwd, "aws"), `#!${process.execPath}\n${CLI}`, { mode: 0o755 });
    writeFileSync(log, "");
    const others =
      "curl() { :; }; dig() { :; }; sleep() { :; }; psql() { cat > sql.told; }; mysql() { cat > sql.told; }";
    // Without start files: a bash whose input is a socket may take itself for a remote one and read them, and a PATH in them hides the CLI above.
    const { status, stderr } = spawnSync("bash", ["--norc", "-c", ["set -eu", others, ...lines, "wait"].join("\n")], {
      ...{ encoding: "utf8", cwd, timeout: 60_000 },
      env: {
        ...process.env,
        ...{ PATH: `${cwd}:${process.env["PATH"]}`, PASTED: log, STOCK: JSON.stringify(stock) },
        ...{ DATABASE_GUESTS: "a password", [PASSWORD_VARIABLE]: "a password" },
      },
    });
    if (status !== 0) throw new Error(`the lines do not run: ${stderr}`);
    return readFileSync(log, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => Call.parse(JSON.parse(line)));
  } finally {
    rmSync(cwd, { recursive: true });
  }
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
