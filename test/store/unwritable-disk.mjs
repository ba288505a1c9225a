import { closeSync, openSync } from "node:fs";

// What a process finds of the ledger's directory: `node unwritable-disk.mjs <directory> [all-files-open]`.
const { whyUnwritable } = await import("../../src/store/disk-probe.ts");
const [, , directory, how] = process.argv;
await whyUnwritable(directory, "warm");
const open = [];
try {
  for (; how === "all-files-open"; ) open.push(openSync("/dev/null", "r"));
} catch (error) {
  if (error.code !== "EMFILE") throw error;
}
const why = await whyUnwritable(directory, "bot-1");
for (const file of open) closeSync(file);
process.stdout.write(why ?? "it can be written");
