import { type ChildProcess, spawn } from "node:child_process";
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
const STARTS_WITHIN_MS = 60_000;
const ANSWERS_WITHIN_MS = 60_000;

const NO_CHROMIUM =
  "Cards are drawn in Chromium, and none was found. Debian and Ubuntu: apt-get install chromium fonts-liberation fonts-noto-color-emoji. Elsewhere: set CHROMIUM to its path.";

/** Sends one command of the browser's own protocol to the page, and resolves to its result. */
export type Page = (method: string, params?: object) => Promise<unknown>;

export interface Browser {
  readonly page: Page;
  readonly close: () => Promise<void>;
}

/** The installed browser; `CHROMIUM` names another one. */
export function findChromium({ PATH = "", CHROMIUM } = process.env): string {
  const found = PATH.split(delimiter)
    .flatMap((directory) => NAMES.map((name) => join(directory, name)))
    .find((path) => existsSync(path));
  const program = CHROMIUM || found;
  if (!program) throw new Error(NO_CHROMIUM);
  return program;
}

/** One browser with one page; it ends with `close`. */
export async function openChromium(): Promise<Browser> {
  const program = findChromium();
  const profile = await mkdtemp(join(tmpdir(), "twokey-cards-"));
  const asRoot = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const child = spawn(program, [...QUIET, ...asRoot, `--user-data-dir=${profile}`, "about:blank"], { stdio: "ignore" });
  const ended = endOf(child);
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

const endOf = (child: ChildProcess) =>
  new Promise<void>((resolve) => {
    child.once("exit", () => resolve()).once("error", () => resolve());
  });

interface Target {
  readonly type: string;
  readonly webSocketDebuggerUrl: string;
}

async function pageUrl(profile: string): Promise<string> {
  const deadlineMs = Date.now() + STARTS_WITHIN_MS;
  for (;;) {
    const [port] = (await readFile(join(profile, "DevToolsActivePort"), "utf8").catch(() => "")).split("\n");
    // What the browser says of itself, in its own documented shape.
    const pages = port ? ((await (await fetch(`http://127.0.0.1:${port}/json`)).json()) as Target[]) : [];
    const url = pages.find(({ type }) => type === "page")?.webSocketDebuggerUrl;
    if (url) return url;
    if (Date.now() > deadlineMs) throw new Error(`The browser did not start within ${STARTS_WITHIN_MS} ms`);
    await sleep(50);
  }
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

async function connect(url: string): Promise<Page> {
  const socket = new WebSocket(url, { maxPayload: 256 * 1024 * 1024 });
  await new Promise((resolve, reject) => {
    socket.once("open", resolve).once("error", reject);
  });
  const waiting = new Map<number, (answer: Answer) => void>();
  let last = 0;
  socket.on("message", (data: Buffer) => {
    const answer = JSON.parse(data.toString("utf8")) as Answer;
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  return (method, params = {}) =>
    new Promise((resolve, reject) => {
      last += 1;
      const timer = setTimeout(() => reject(new Error(`${method}: no answer`)), ANSWERS_WITHIN_MS);
      waiting.set(last, ({ error, result }) => {
        clearTimeout(timer);
        if (error) reject(new Error(`${method}: ${error.message}`));
        else resolve(result);
      });
      socket.send(JSON.stringify({ id: last, method, params }));
    });
}

/** Lays a page of this width out. */
export async function show(page: Page, html: string, width: number): Promise<void> {
  await resize(page, width, 800);
  const { frameTree } = (await page("Page.getFrameTree")) as { frameTree: { frame: { id: string } } };
  await page("Page.setDocumentContent", { frameId: frameTree.frame.id, html });
}

/** What an expression comes to in the page; it has to be one that JSON can carry. */
export async function evaluate<Value>(page: Page, expression: string): Promise<Value> {
  const answer = (await page("Runtime.evaluate", { expression: `JSON.stringify(${expression})` })) as {
    readonly result: { readonly value: string };
    readonly exceptionDetails?: { readonly text: string };
  };
  if (answer.exceptionDetails) throw new Error(`In the page: ${JSON.stringify(answer.exceptionDetails)}`);
  return JSON.parse(answer.result.value) as Value;
}

const resize = (page: Page, width: number, height: number) =>
  page("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: false });

interface Placed {
  readonly height: number;
  readonly cards: readonly { readonly id: string; readonly clip: { readonly height: number } }[];
}

/** PNGs of the elements with the class `card`, by their id, from a page of this width. */
export async function pictures(page: Page, html: string, width: number) {
  await show(page, html, width);
  const { height, cards } = await evaluate<Placed>(page, PLACES);
  // Once as high as everything: a resize for each card takes ten times as long.
  await resize(page, width, Math.ceil(height));
  const shots: { readonly id: string; readonly png: Buffer; readonly height: number }[] = [];
  for (const { id, clip } of cards) {
    const { data } = (await page("Page.captureScreenshot", { clip })) as { readonly data: string };
    shots.push({ id, png: Buffer.from(data, "base64"), height: Math.ceil(clip.height) });
  }
  return shots;
}

const PLACES = `({
  height: document.documentElement.scrollHeight,
  cards: [...document.querySelectorAll(".card")].map((card) => {
    const { x, y, width, height } = card.getBoundingClientRect();
    return { id: card.id, clip: { x, y, width, height, scale: 1 } };
  }),
})`;
