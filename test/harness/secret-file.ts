import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { judgeSecret } from "../../src/config/secret-rules.ts";
import { Secrets } from "../../src/config/secrets.ts";
import { Secret } from "../../src/domain/secret.ts";

export interface KeptSecret {
  readonly secret: Secret;
  readonly secrets: Secrets;
  readonly path: string;
  /** Puts another file in its place; nobody has looked yet. */
  changeTo(value: string): void;
  remove(): void;
}

/** A secret that stands in a file of its own, as the product reads it. `nowMs`: the clock of its grace time. */
export function secretInFile(variable: string, value: string, nowMs?: () => number): KeptSecret {
  const directory = mkdtempSync(join(tmpdir(), "twokey-secret-"));
  const path = join(directory, variable.toLowerCase());
  const changeTo = (next: string) => {
    writeFileSync(`${path}.new`, next);
    renameSync(`${path}.new`, path);
  };
  changeTo(value);
  const secrets = new Secrets(new Map([[variable, { path, value }]]), judgeSecret, nowMs);
  const secret = secrets.all()[variable] ?? new Secret(value);
  return { secret, secrets, path, changeTo, remove: () => rmSync(directory, { recursive: true, force: true }) };
}
