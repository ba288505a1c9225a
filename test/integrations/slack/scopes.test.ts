import { readFile } from "node:fs/promises";
import { expect, test } from "@jest/globals";
import { parse } from "yaml";
import { z } from "zod";
import { SCOPES } from "../../../src/integrations/slack/client.ts";
import { SCOPES as SIMULATED } from "../../../src/sandbox/derive-slack.ts";

const Manifest = z.looseObject({
  oauth_config: z.looseObject({ scopes: z.looseObject({ bot: z.array(z.string()) }) }),
});

test("the scopes that are proven are those of the manifest, no more and no fewer, and the false Slack's app has the same", async () => {
  const text = await readFile(new URL("../../../docs/slack-manifest.yaml", import.meta.url), "utf8");
  const manifest = Manifest.parse(parse(text)).oauth_config.scopes.bot.toSorted();
  expect(SCOPES).toEqual(manifest);
  expect(SIMULATED.toSorted()).toEqual(manifest);
});
