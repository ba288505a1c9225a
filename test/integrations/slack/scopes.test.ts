import { readFile } from "node:fs/promises";
import { expect, test } from "@jest/globals";
import { parse } from "yaml";
import { z } from "zod";
import { SCOPES } from "../../../src/integrations/slack/client.ts";

const Manifest = z.looseObject({
  oauth_config: z.looseObject({ scopes: z.looseObject({ bot: z.array(z.string()) }) }),
});

test("the scopes that are proven are those of the manifest, no more and no fewer", async () => {
  const text = await readFile(new URL("../../../docs/slack-manifest.yaml", import.meta.url), "utf8");
  expect(SCOPES).toEqual(Manifest.parse(parse(text)).oauth_config.scopes.bot.toSorted());
});
