import { parse } from "yaml";
import { z } from "zod";
import { sayProblem } from "../config/check.ts";
import { loadFile } from "../config/load.ts";
import { WholeWorldSpec } from "../simulators/whole-world-spec.ts";
import type { WorldEnv } from "./environment.ts";
import { sandboxText } from "./rewrites.ts";
import { type WorldFromInventoryOptions, worldFromInventory } from "./world-from-inventory.ts";

export type WorldSource =
  | {
      readonly ok: true;
      readonly spec: WholeWorldSpec;
      /** The text of `twokey.yaml` for a bot in that world; undefined where the world was not derived from one. */
      readonly configFor: ((env: WorldEnv) => string) | undefined;
    }
  /** For people, a line or more. */
  | { readonly ok: false; readonly problems: string };

/** Reads the text of a `twokey.yaml`, or of the specification of a world (only that has `regions`). Never throws. */
export function readWorldSource(path: string, text: string, options: WorldFromInventoryOptions): WorldSource {
  const raw = readYaml(text);
  if (typeof raw === "object" && raw !== null && "regions" in raw) return fromSpec(path, raw);
  const loaded = loadFile(path, text);
  if (!loaded.ok) return { ok: false, problems: loaded.problems.map(sayProblem).join("\n") };
  try {
    const parsed = WholeWorldSpec.safeParse(worldFromInventory(loaded.inventory, options).spec);
    if (!parsed.success) return { ok: false, problems: `${path} makes no world:\n${z.prettifyError(parsed.error)}` };
    return { ok: true, spec: parsed.data, configFor: (env) => sandboxText(text, loaded.file, env) };
  } catch (error) {
    return { ok: false, problems: `${path} makes no world: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** Undefined for text that is no YAML: `loadFile` says where and why. */
function readYaml(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

function fromSpec(path: string, raw: object): WorldSource {
  const parsed = WholeWorldSpec.safeParse(raw);
  if (parsed.success) return { ok: true, spec: parsed.data, configFor: undefined };
  return { ok: false, problems: `${path} is no world:\n${z.prettifyError(parsed.error)}` };
}
