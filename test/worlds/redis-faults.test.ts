import { afterEach, test } from "@jest/globals";
import { eventually } from "../harness/eventually.ts";
import { type FailoverWorld, startFailoverWorld } from "../harness/failover-world.ts";
import { cutConnections } from "./redis-faults.ts";

const SPEED = 60;

let at: FailoverWorld;
afterEach(() => at.stop());

test("eight faults of one world that cut its Redis cut everybody, and not each other", async () => {
  at = await startFailoverWorld({ example: "inventory", speed: SPEED });
  const somebody = await at.bench.connect();
  let cuts = 0;
  somebody.on("close", () => {
    cuts += 1;
  });
  const faults = await Promise.all(Array.from({ length: 8 }, () => cutConnections(at)));

  await eventually("third cut", () => cuts >= 3 || undefined);

  await Promise.all(faults.map(({ end }) => end()));
  await eventually("answer", async () => (await somebody.ping().catch(() => undefined)) && true);
});
