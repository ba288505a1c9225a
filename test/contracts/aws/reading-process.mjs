import { createAws } from "../../../src/integrations/aws/aws.ts";

/** A process that looks as often as it may. Its world time is what it is told. */
let nowMs;
const asleep = new Set();
const clock = {
  speed: 1e-6,
  now: () => nowMs,
  sleep: () => new Promise((wake) => asleep.add(wake)),
};

function begin({ endpoint, region, looks }) {
  const aws = createAws({
    ...{ stsRegion: region, clock, endpoint, looks: [] },
    credentials: { accessKeyId: "AKIASIMULATEDWORLD00", secretAccessKey: "not-a-secret" },
    patience: { connectMs: 10_000, answerMs: 20_000 },
  });
  for (let at = 0; at < looks; at++)
    void aws.databases.events({ region, instance: `db-${process.pid}-${at}`, sinceMs: nowMs - 3_600_000 });
}

process.on("message", (told) => {
  ({ nowMs } = told);
  if (told.begin) begin(told.begin);
  // Its sockets are read between the two.
  if (told.hear) setImmediate(() => setImmediate(() => process.send({ heard: true })));
  for (const wake of asleep) wake();
  asleep.clear();
});
process.once("disconnect", () => process.exit());
