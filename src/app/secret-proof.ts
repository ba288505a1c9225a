import type { Secrets } from "../config/secrets.ts";
import { OK, type Proof } from "../ports/proof.ts";

/** World time; a secret that changed is looked at when its file does, and this is for what tells of nothing. */
const EVERY_MS = 60_000;

/** That what stands in the files of secrets is in use. Nothing where none stands in a file. */
export function secretFileProofs(secrets: Secrets): readonly Proof[] {
  if (secrets.paths.length === 0) return [];
  return [
    {
      ...{ id: "secret-files", proves: "TwoKey can use each secret that a file holds", neededBy: "no move" },
      everyMs: EVERY_MS,
      prove: async () => {
        secrets.look();
        const [first, ...others] = secrets.problems();
        if (first === undefined) return OK;
        const more = others.length === 0 ? "" : ` The same of ${others.map(({ variable }) => variable).join(", ")}.`;
        return {
          kind: "wrong",
          what: `${first.variable} ${first.what}. The value before it stays in use.${more}`,
          instead: `${first.instead[0]?.toUpperCase()}${first.instead.slice(1)}.`,
        };
      },
    },
  ];
}
