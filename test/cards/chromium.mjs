import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import WebSocket from "ws";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const QUIET = [
  ...["--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync", "--hide-scrollbars"],
  ...["--disable-background-networking", "--disable-component-update", "--remote-debugging-port=0"],
];
const STARTS_WITHIN_MS = 30_000;
const ANSWERS_WITHIN_MS = 30_000;

/** The installed browser; undefined where there is none. `CHROMIUM` names another one. */
export function findChromium({ PATH = "", CHROMIUM } = process.env) {
  if (CHROMIUM) return CHROMIUM;
  return PATH.split(delimiter)
    .flatMap((directory) => NAMES.map((name) => join(directory, name)))
    .find((path) => existsSync(path));
}

/** One browser with one page, spoken to in its own protocol; it ends with `close`. */
export async function openChromium(program) {
  const profile = await mkdtemp(join(tmpdir(), "twokey-cards-"));
  const asRoot = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const child = spawn(program, [...QUIET, ...asRoot, `--user-data-dir=${profile}`, "about:blank"], { stdio: "ignore" });
  const ended = new Promise((resolve) => child.once("exit", resolve).once("error", resolve));
  const close = async () => {
    child.kill();
    await ended;
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const page = await connect(await pageUrl(profile));
    await page("Page.enable");
    return { page, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function pageUrl(profile) {
  const deadlineMs = Date.now() + STARTS_WITHIN_MS;
  for (;;) {
    const [port] = (await readFile(join(profile, "DevToolsActivePort"), "utf8").catch(() => "")).split("\n");
    const pages = port ? await fetch(`http://127.0.0.1:${port}/json`).then((answer) => answer.json()) : [];
    const url = pages.find(({ type }) => type === "page")?.webSocketDebuggerUrl;
    if (url) return url;
    if (Date.now() > deadlineMs) throw new Error(`The browser did not start within ${STARTS_WITHIN_MS} ms`);
    await sleep(50);
  }
}

/** A function that sends one command and resolves to its result. */
async function connect(url) {
  const socket = new WebSocket(url, { maxPayload: 256 * 1024 * 1024 });
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  const waiting = new Map();
  let id = 0;
  socket.on("message", (data) => {
    const answer = JSON.parse(Buffer.from(data).toString("utf8"));
    waiting.get(answer.id)?.(answer.error ? Promise.reject(new Error(answer.error.message)) : answer.result);
    waiting.delete(answer.id);
  });
  return (method, params = {}) =>
    new Promise((resolve, reject) => {
      id += 1;
      const timer = setTimeout(() => reject(new Error(`${method}: no answer`)), ANSWERS_WITHIN_MS);
      waiting.set(id, (result) => {
        clearTimeout(timer);
        resolve(result);
      });
      socket.send(JSON.stringify({ id, method, params }));
    });
}

/** PNGs of the elements with the class `card`, by their id, from a page of this width. */
export async function pictures(page, html, width) {
  const resize = (height) =>
    page("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: false });
  await resize(800);
  const { frameTree } = await page("Page.getFrameTree");
  await page("Page.setDocumentContent", { frameId: frameTree.frame.id, html });
  const { result } = await page("Runtime.evaluate", { expression: MEASURE });
  const { height, cards } = JSON.parse(result.value);
  // Once as high as everything: a resize for each card takes ten times as long.
  await resize(Math.ceil(height));
  const shots = [];
  for (const { id, clip } of cards) {
    const { data } = await page("Page.captureScreenshot", { clip });
    shots.push({ id, png: Buffer.from(data, "base64"), height: Math.ceil(clip.height) });
  }
  return shots;
}

const MEASURE = `JSON.stringify({
  height: document.documentElement.scrollHeight,
  cards: [...document.querySelectorAll(".card")].map((card) => {
    const { x, y, width, height } = card.getBoundingClientRect();
    return { id: card.id, clip: { x, y, width, height, scale: 1 } };
  }),
})`;
