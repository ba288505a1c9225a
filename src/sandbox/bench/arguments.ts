import { parseArgs } from "node:util";

export interface BenchArguments {
  /** Name of the only measurement; absent: all of them. */
  readonly only: string | undefined;
  readonly isQuick: boolean;
  readonly isJson: boolean;
  readonly seed: number;
  /** Absent: the example that comes with the package. */
  readonly config: string | undefined;
}

export type ReadBenchArguments =
  | { readonly kind: "run"; readonly wanted: BenchArguments }
  | { readonly kind: "help" }
  /** One sentence. */
  | { readonly kind: "wrong"; readonly why: string };

export function benchUsage(names: readonly string[]): string {
  return `Usage: npm run bench -- [options]

  --only NAME    one measurement: ${names.join(", ")}
  --quick        smaller samples: a look, not a verdict
  --json         one object as the last line, in place of the table
  --config FILE  a twokey.yaml; absent: examples/inventory.yaml
  --seed S       source of the world's chance; absent: 1
`;
}

const text = { type: "string" } as const;
const flag = { type: "boolean", default: false } as const;
const OPTIONS = { only: text, config: text, seed: text, quick: flag, json: flag, help: flag };

export function readBenchArguments(args: readonly string[], names: readonly string[]): ReadBenchArguments {
  try {
    const { values } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: false });
    if (values.help) return { kind: "help" };
    const { only, config, quick: isQuick, json: isJson } = values;
    if (only !== undefined && !names.includes(only)) {
      return { kind: "wrong", why: `--only cannot be ${only}. It is one of ${names.join(", ")}.` };
    }
    const seed = Number(values.seed ?? 1);
    if (values.seed?.trim() === "" || !Number.isInteger(seed) || seed < 0) {
      return { kind: "wrong", why: `--seed cannot be ${values.seed}.` };
    }
    return { kind: "run", wanted: { only, config, isQuick, isJson, seed } };
  } catch (error) {
    // Node adds advice after the first sentence.
    const said = error instanceof Error ? error.message : String(error);
    return { kind: "wrong", why: `${said.split(/\.\s|\n/, 1)[0]?.replace(/\.$/, "")}.` };
  }
}
