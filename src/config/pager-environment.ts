import { PAGERS } from "../integrations/pagers/index.ts";
import type { Settings } from "./environment.ts";
import type { EnvironmentProblem } from "./problem.ts";

/** What the pagers of the file need of the environment and do not have. `names`: the keys of `pagers`. */
export function missingForPagers(
  { pagers: set, sandbox }: Pick<Settings, "pagers" | "sandbox">,
  names: readonly string[],
): readonly EnvironmentProblem[] {
  const needed = PAGERS.filter(({ name }) => names.includes(name)).flatMap(({ variables }) => variables);
  return needed
    .filter(({ name, need }) => set[name] === undefined && (need === "required" || (need === "sandbox" && sandbox)))
    .map(({ name, need, about }) => ({
      variable: name,
      what: need === "sandbox" ? "is not set, so this sandbox would reach the real world" : "is not set",
      instead: `set it: ${about}`,
    }));
}
