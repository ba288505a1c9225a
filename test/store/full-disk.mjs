// A ledger in a process that may write only so much to a file: each line of its input is an act, each of its output what became of it.
import { createInterface } from "node:readline";
import { Redis } from "ioredis";
import { Secret } from "../../dist/domain/secret.js";
import { LedgerFile } from "../../dist/store/ledger-file.js";

const [url, directory, key, atMs] = process.argv.slice(2);
const redis = new Redis(url);
const whose = { environment: "production", world: "production" };
const ledger = await LedgerFile.open(redis, { directory, process: "bot", key: new Secret(key), whose });
for await (const says of createInterface({ input: process.stdin })) {
  const entry = { atMs: Number(atMs), run: "F-1", epoch: 1, kind: "intent", step: "promote", says };
  const outcome = await ledger.append(entry).then(
    () => "written",
    (error) => `${error.code}: ${error.message}`,
  );
  process.stdout.write(`${outcome}\n`);
}
await ledger.close();
redis.disconnect();
