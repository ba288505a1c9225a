import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "@jest/globals";
import { startLedgerGuard } from "../../../src/jobs/looks/ledger-guard.ts";
import { whyUnwritable } from "../../../src/store/disk-probe.ts";
import { eventually } from "../../harness/eventually.ts";
import { example } from "../../harness/example.ts";
import { ACCEPTED, clockAt, pagersWith, RecordedChat, silent } from "../../harness/fakes/index.ts";
import { quoted } from "../../harness/quoted.ts";

let guard: { stop(): void } | undefined;
afterEach(() => guard?.stop());

/** What people were told, in its order, while the ledger's disk says these one after the other. */
async function through(disk: readonly (string | undefined)[], isSlackAway = false): Promise<string[]> {
  const told: string[] = [];
  let looks = 0;
  guard = startLedgerGuard({
    whyUnwritable: async () => {
      looks += 1;
      return disk[Math.min(looks - 1, disk.length - 1)];
    },
    announce: async (says) => {
      if (isSlackAway) throw new Error("Slack does not answer");
      told.push(says);
    },
    clock: clockAt(),
    pagers: pagersWith({
      trigger: async ({ summary }) => {
        told.push(`page: ${summary}`);
        return ACCEPTED;
      },
      resolve: async () => {
        told.push("resolved");
        return ACCEPTED;
      },
    }),
    logger: silent,
    ...{ process: "bot-1", inventory: () => example("inventory"), checkEveryMs: 5 },
    chat: new RecordedChat(clockAt()),
  });
  await eventually("all looks", () => (looks > disk.length + 1 ? true : undefined));
  return told;
}

test("guard full disk: a ledger that takes no line is said once and pages, and what is mended is said too", async () => {
  const full = quoted(
    "The ledger of … cannot be written since …: …. No run asks the cloud for anything, and no key counts there, until that is mended.",
  );
  const mended = quoted(
    "The ledger of … can be written again since …. A run that waited goes on when somebody says so: /dr resume.",
  );

  expect(await through([undefined, "ENOSPC", "ENOSPC", undefined])).toEqual([
    ...[expect.stringMatching(full), expect.stringMatching(full)],
    ...[expect.stringMatching(mended), "resolved"],
  ]);
});

test("a ledger that takes no line calls people also where Slack does not answer", async () => {
  expect(await through(["EROFS"], true)).toContainEqual(expect.stringMatching(/^page: .*EROFS/));
});

test("a directory is tried with a file that is gone afterwards", async () => {
  const directory = await mkdtemp(join(tmpdir(), "twokey-ledger-"));
  try {
    expect([await whyUnwritable(directory, "bot-1"), await readdir(directory)]).toEqual([undefined, []]);
    expect(await whyUnwritable(join(directory, "gone"), "bot-1")).toBe("its directory does not exist (ENOENT)");
  } finally {
    await rm(directory, { recursive: true });
  }
});
