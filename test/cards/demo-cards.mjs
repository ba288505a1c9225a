import { fileURLToPath } from "node:url";

const DIST = new URL("../../dist/", import.meta.url);
const CONFIG = fileURLToPath(new URL("../../examples/inventory.yaml", import.meta.url));
const nothing = () => undefined;
const SILENT = { debug: nothing, info: nothing, warn: nothing, error: nothing, child: () => SILENT };

/** Plays the demo and hands back everything that people were shown in it: messages in each of their states, whispers, forms. */
export async function demoCards() {
  const load = (path) => import(new URL(path, DIST).href);
  const [{ startStage }, { BEFORE_DAWN, play }, { Transcript }, { readInherited }] = await Promise.all(
    ["sandbox/stage.js", "sandbox/story/play.js", "sandbox/story/transcript.js", "config/inherited.js"].map(load),
  );
  const played = { config: CONFIG, speed: 10, seed: 1, bots: 2, begins: BEFORE_DAWN };
  const options = { ...played, inherited: readInherited(), logger: SILENT };
  const stage = await startStage(options);
  try {
    const { people } = stage.inventory.file;
    const names = new Map(Object.values(people).map(({ slack, name }) => [slack, name]));
    const transcript = new Transcript(stage.world, { names }, process.stdout);
    await transcript.during(() => play(stage, transcript, names));
    return await collected(stage.world, names);
  } finally {
    await stage.stop();
  }
}

async function collected(world, names) {
  const channels = await world.get("/slack/channels");
  for (const { id, name } of channels) if (name) names.set(id, name);
  const messages = await Promise.all(channels.map(({ id }) => world.get(`/slack/messages?channel=${id}`)));
  const users = await world.get("/slack/users");
  const whispers = await Promise.all(users.map(({ id }) => world.get(`/slack/ephemerals?user=${id}`)));
  const calls = (await world.get("/slack/calls")).filter(({ method }) => method?.startsWith("views."));
  const seen = new Set();
  const cards = [
    ...messages
      .flat()
      .flatMap((message) => [...(message.earlier ?? []), message].map((state) => cardOf("message", state))),
    ...whispers.flat().map((whisper) => cardOf("whisper", whisper)),
    ...calls.flatMap(({ args, body }) => viewOf((args ?? body)?.view)),
  ]
    .filter(({ blocks, text }) => {
      const key = JSON.stringify([text, blocks]);
      return !seen.has(key) && seen.add(key);
    })
    .map((card, index) => ({ ...card, id: `${String(index + 1).padStart(3, "0")}-${card.id}` }));
  return { name: "demo", cards, names: { nameOf: (id) => names.get(id), nowMs: await world.now() } };
}

const slug = (text) =>
  text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, 40)
    .replaceAll(/^-|-$/g, "");

function cardOf(kind, { text, blocks }) {
  return { id: `${kind}-${slug(text)}`, title: kind, text, blocks: blocks ?? [] };
}

function viewOf(view) {
  if (!view) return [];
  const { title, submit, close, blocks } = typeof view === "string" ? JSON.parse(view) : view;
  const modal = { title: title?.text ?? "", submit: submit?.text ?? "", close: close?.text ?? "" };
  return [{ id: `modal-${slug(modal.title)}`, title: "modal", blocks, modal }];
}
