import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileVariable, isSecretVariable } from "../config/secret-files.ts";

/** The environment with each of its secrets in a file of that directory, which is named like the variable. */
export async function secretsAsFiles(
  environment: Readonly<Record<string, string>>,
  directory: string,
): Promise<Readonly<Record<string, string>>> {
  await mkdir(directory, { recursive: true });
  const entries = Object.entries(environment).map(async ([variable, value]): Promise<[string, string]> => {
    if (!isSecretVariable(variable)) return [variable, value];
    const path = join(directory, variable);
    await writeFile(path, value);
    return [fileVariable(variable), path];
  });
  return Object.fromEntries(await Promise.all(entries));
}
