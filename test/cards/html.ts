/**
 * Blocks as Slack's clients show them, closely enough to judge a card by eye: fonts, widths and order are right, the last
 * pixel is not. Only what TwoKey sends is known; anything else stands out in red.
 */

export interface Node {
  readonly [key: string]: unknown;
}

/** What the drawn client knows of the workspace. */
export interface Names {
  /** Slack member and channel ids to what a client shows for them. */
  readonly nameOf: (id: string) => string | undefined;
  /** The moment at which the picture is taken. */
  readonly nowMs: number;
}

export interface Drawn {
  readonly id: string;
  readonly title: string;
  /** Top-level text, for notifications; absent for a modal. */
  readonly text?: string;
  readonly blocks: readonly Node[];
  /** When people look, where that is not the moment of the whole picture. */
  readonly nowMs?: number;
  /** Title, submit and close of a modal. */
  readonly modal?: { readonly title: string; readonly submit: string; readonly close: string };
}

export function pageOf(cards: readonly Drawn[], names: Names): string {
  return `<!doctype html><meta charset="utf-8"><style>${STYLE}</style>${cards.map((card) => cardHtml(card, names)).join("")}`;
}

function cardHtml({ id, title, text, blocks, modal, nowMs }: Drawn, names: Names): string {
  const seen = { ...names, nowMs: nowMs ?? names.nowMs };
  const body = blocks.map((block) => blockHtml(block, seen)).join("");
  const about = `<div class="about">${literal(title)}</div>`;
  const notice = text === undefined ? "" : `<div class="notice">${parsed(text)}</div>`;
  const inner = modal
    ? `<div class="bar">${parsed(modal.title)}</div>${body}<div class="foot"><span class="button">${parsed(modal.close)}</span><span class="button primary">${parsed(modal.submit)}</span></div>`
    : `<div class="who">TwoKey <i>APP</i></div>${body}`;
  return `<div class="card" id="${literal(id)}">${about}${notice}<div class="${modal ? "modal" : "message"}">${inner}</div></div>`;
}

const list = (value: unknown): Node[] => (Array.isArray(value) ? value.filter(isNode) : []);
const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null;
const words = (value: unknown): string => (typeof value === "string" ? value : "");
const textOf = (value: unknown): string => (isNode(value) ? words(value["text"]) : "");

type Draw = (block: Node, names: Names) => string;

const BLOCKS: Readonly<Record<string, Draw>> = {
  header: (block) => `<h1>${parsed(textOf(block["text"]))}</h1>`,
  divider: () => "<hr>",
  context: (block) =>
    `<div class="context">${list(block["elements"])
      .map((each) => parsed(textOf(each) || words(each["text"])))
      .join(" ")}</div>`,
  actions: (block) => `<div class="actions">${list(block["elements"]).map(button).join("")}</div>`,
  rich_text: (block, names) =>
    list(block["elements"])
      .map((each) => blockHtml(each, names))
      .join(""),
  rich_text_section: (block, names) => `<div class="section">${inline(block, names)}</div>`,
  rich_text_list: (block, names) => {
    const tag = block["style"] === "ordered" ? "ol" : "ul";
    return `<${tag}>${list(block["elements"])
      .map((each) => `<li>${inline(each, names)}</li>`)
      .join("")}</${tag}>`;
  },
  rich_text_preformatted: (block, names) => `<pre>${inline(block, names)}</pre>`,
  input: (block) => {
    const element = isNode(block["element"]) ? block["element"] : {};
    const empty = element["type"] === "static_select" ? "Select an option" : "";
    const boxes = list(element["options"]).map((option) => `<div>☐ ${parsed(textOf(option["text"]))}</div>`);
    const shown =
      words(element["initial_value"]) ||
      textOf(isNode(element["initial_option"]) ? element["initial_option"]["text"] : undefined) ||
      empty;
    const hint = textOf(block["hint"]);
    return `<div class="input"><b>${parsed(textOf(block["label"]))}</b>${element["type"] === "checkboxes" ? boxes.join("") : `<div class="field">${literal(shown)}</div>`}${hint ? `<div class="context">${parsed(hint)}</div>` : ""}</div>`;
  },
};

function blockHtml(block: Node, names: Names): string {
  const draw = BLOCKS[words(block["type"])];
  return draw ? draw(block, names) : `<div class="unknown">${literal(JSON.stringify(block))}</div>`;
}

function button(element: Node): string {
  return `<span class="button ${words(element["style"])}">${parsed(textOf(element["text"]))}</span>`;
}

const inline = (block: Node, names: Names) =>
  list(block["elements"])
    .map((each) => span(each, names))
    .join("");

function span(element: Node, { nameOf, nowMs }: Names): string {
  const id = words(element["user_id"]) || words(element["channel_id"]);
  switch (element["type"]) {
    case "text":
      return styled(literal(words(element["text"])), isNode(element["style"]) ? element["style"] : {});
    case "user":
      return `<span class="mention">@${literal(nameOf(id) ?? id)}</span>`;
    case "channel":
      return `<span class="mention">#${literal((nameOf(id) ?? id).replace(/^#/, ""))}</span>`;
    case "link":
      return `<a>${literal(words(element["text"]) || words(element["url"]))}</a>`;
    case "date":
      return `<span class="date">${literal(dateText(element, nowMs))}</span>`;
    default:
      return `<span class="unknown">${literal(JSON.stringify(element))}</span>`;
  }
}

function styled(html: string, style: Node): string {
  const tags = [
    ["bold", "b"],
    ["italic", "i"],
    ["code", "code"],
  ].filter(([name]) => style[name ?? ""] === true);
  return tags.reduce((inner, [, tag]) => `<${tag}>${inner}</${tag}>`, html);
}

/** Slack's own words for a time, as a reader in UTC sees them. */
export function dateText(element: Node, nowMs: number): string {
  const ms = Number(element["timestamp"]) * 1_000;
  const say = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat("en-US", { timeZone: "UTC", ...options }).format(ms);
  const day = (at: number) => new Date(at).toISOString().slice(0, 10);
  const pretty = day(ms) === day(nowMs) ? "today" : say({ month: "short", day: "numeric", year: "numeric" });
  return words(element["format"])
    .replace("{date_short_pretty}", pretty)
    .replace("{time_secs}", say({ hour: "numeric", minute: "2-digit", second: "2-digit" }))
    .replace("{time}", say({ hour: "numeric", minute: "2-digit" }))
    .replace("{ago}", ago(ms - nowMs));
}

function ago(ms: number): string {
  const [count, unit] =
    Math.abs(ms) < 60_000
      ? [Math.round(ms / 1_000), "second"]
      : Math.abs(ms) < 3_600_000
        ? [Math.round(ms / 60_000), "minute"]
        : [Math.round(ms / 3_600_000), "hour"];
  const said = `${Math.abs(Number(count))} ${unit}${Math.abs(Number(count)) === 1 ? "" : "s"}`;
  return ms > 0 ? `in ${said}` : `${said} ago`;
}

/** Text that the client shows as it stands. */
const literal = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
/** Text in which the client decodes Slack's three entities, and shows the rest as it stands. */
const parsed = (text: string) => literal(text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&"));

const STYLE = `
* { box-sizing: border-box } body { margin: 0; font: 15px/22px "Liberation Sans", Lato, sans-serif; color: #1d1c1d; background: #fff }
.card { padding: 8px 12px 14px; border-bottom: 6px solid #eee; overflow-wrap: anywhere }
.about { color: #999; font-size: 11px; line-height: 15px } .notice { color: #1264a3; font-size: 11px; line-height: 14px; border-left: 3px solid #1264a3; padding-left: 6px; margin: 4px 0 8px }
.who { font-weight: bold } .who i { font: 10px sans-serif; background: #ddd; padding: 1px 3px; border-radius: 2px }
.message { padding-left: 0 } .section { white-space: pre-wrap } h1 { font-size: 18px; line-height: 23px; margin: 6px 0 } hr { border: 0; border-top: 1px solid #ddd; margin: 12px 0 }
.message > * { margin-bottom: 6px } .context { color: #616061; font-size: 12px; line-height: 16px; white-space: pre-wrap }
ul, ol { margin: 0; padding-left: 24px } li { white-space: pre-wrap } pre { font: 12px/16px monospace; background: #f8f8f8; border: 1px solid #ddd; border-radius: 4px; padding: 8px; margin: 4px 0; white-space: pre-wrap }
code { font: 12px monospace; color: #c01343; background: #f8f8f8; border: 1px solid #ddd; border-radius: 3px; padding: 1px 3px }
.button { display: inline-block; border: 1px solid #bbb; border-radius: 4px; padding: 3px 12px; font-weight: bold; margin: 2px 8px 4px 0 } .primary { background: #007a5a; color: #fff } .danger { background: #e01e5a; color: #fff }
.mention { background: #e8f2f8; color: #1264a3; padding: 0 2px } a { color: #1264a3; text-decoration: underline } .date { border-bottom: 1px dotted #999 }
.unknown { background: #f00; color: #fff } .modal { border: 1px solid #ccc; border-radius: 8px; padding: 12px } .bar { font-weight: bold; font-size: 18px; margin-bottom: 10px } .foot { text-align: right; margin-top: 14px }
.input { margin-top: 12px } .field { min-height: 34px; border: 1px solid #999; border-radius: 4px; padding: 5px 8px; margin: 4px 0; white-space: pre-wrap }
`;
