import type { Mutant } from "./instrument.ts";

interface Same {
  readonly file: string;
  readonly was: string;
  readonly becomes: string;
  /** Why nobody can tell the two apart. */
  readonly reason: string;
}

/** Changes that change nothing that can be seen. Each was looked at by a person; a row that fits nothing is harmless. */
const SAME_BEHAVIOUR: readonly Same[] = [
  {
    file: "src/store/ledger-lines.ts",
    was: "{\n    return undefined;\n  }",
    becomes: "{}",
    reason: "A function that ends without a return gives undefined as well.",
  },
  {
    file: "src/store/replayed.ts",
    was: "earlier.length <= journal.length",
    becomes: "true",
    reason: "Beyond the end of the journal no line is equal to one that was there before.",
  },
];

export const reasonFor = ({ file, was, becomes }: Mutant): string | undefined =>
  SAME_BEHAVIOUR.find((same) => same.file === file && same.was === was && same.becomes === becomes)?.reason;
