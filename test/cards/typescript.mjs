import { readFile } from "node:fs/promises";
import { register } from "node:module";
import { isMainThread } from "node:worker_threads";
import { transform } from "@swc/core";

/** Lets a script load TypeScript sources as they are: `node --import ./test/cards/typescript.mjs script.mjs`. */
if (isMainThread) register(import.meta.url);

export async function load(url, context, next) {
  if (!url.endsWith(".ts")) return next(url, context);
  const source = await readFile(new URL(url), "utf8");
  const { code } = await transform(source, { jsc: { parser: { syntax: "typescript" }, target: "es2023" } });
  return { format: "module", source: code, shortCircuit: true };
}
