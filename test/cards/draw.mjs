import { mkdir, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { findChromium, openChromium, pictures } from "./chromium.ts";
import { demoCards } from "./demo-cards.mjs";
import { gallery, NAMES } from "./gallery.ts";
import { pageOf } from "./html.ts";
import { WIDTHS } from "./measured.ts";

/**
 * `npm run cards`: draws every card of the demo, as the simulated Slack received it, and a gallery of states, at the
 * widths of a phone and of a desktop, into `.cards/`. `-- --gallery` leaves the demo out.
 */
const FOLDER = fileURLToPath(new URL("../../.cards", import.meta.url));

try {
  findChromium();
} catch ({ message }) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

const sets = [{ name: "gallery", cards: gallery(), names: NAMES }];
if (!process.argv.includes("--gallery")) sets.push(await demoCards());
await rm(FOLDER, { recursive: true, force: true });
const { page, close } = await openChromium();
try {
  for (const { name, cards, names } of sets) {
    for (const width of WIDTHS) {
      const folder = `${FOLDER}/${name}-${width}`;
      await mkdir(folder, { recursive: true });
      const html = pageOf(cards, names);
      await writeFile(`${folder}/all.html`, html);
      for (const { id, png, height } of await pictures(page, html, width)) {
        await writeFile(`${folder}/${id}.png`, png);
        process.stdout.write(`${folder}/${id}.png  ${height} px\n`);
      }
    }
  }
} finally {
  await close();
}
