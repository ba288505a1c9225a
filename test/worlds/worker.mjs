import { playShare } from "./share.ts";

/** One process of `npm run worlds`: plays what it is told, and says what became of each world. */
async function play({ seed, indices, atOnce, isTraced }) {
  await playShare({ seed, indices, atOnce, isTraced, told: (result) => process.send(result) });
  process.disconnect();
}

process.once("message", (asked) => void play(asked));
