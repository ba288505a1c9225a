import { PHONE_SCREEN_LINES } from "../words/words-to-avoid.ts";
import { evaluate, type Page, show } from "./chromium.ts";

/** Widths of a phone and of a desktop's window, in px. */
export const WIDTHS = [375, 680] as const;
/** A line of text is so high in the drawn client, and a button may be two of its lines high with its edges, not three. */
const LINE_PX = 22;
const ONE_LINE_BUTTON_PX = 2 * LINE_PX;
const FIRST_SCREEN_PX = PHONE_SCREEN_LINES * LINE_PX;
/** Edges are drawn on fractions of a pixel. */
const FRACTION_PX = 1;
const ENTITY = /&(?:lt|gt|amp);/;
/** What Slack's markup and that of documents mark with: rich text shows it as it stands. */
const MARKUP = /`[^`]*`|(?<!\w)\*[^*\s][^*]*\*(?!\w)/;

/** What stands in one drawn card, and where; px. */
interface Measured {
  readonly id: string;
  /** All that a reader sees of it. */
  readonly text: string;
  /** The same without blocks of code. */
  readonly prose: string;
  /** What is drawn beyond the left or the right edge of the page. */
  readonly beyond: readonly string[];
  readonly buttons: readonly { readonly label: string; readonly height: number; readonly endsAt: number }[];
  readonly unknown: readonly string[];
}

/** What a reader would stumble over on each card of a page of this width, by the card's id. */
export async function faultsOn(page: Page, html: string, width: number): Promise<ReadonlyMap<string, string[]>> {
  await show(page, html, width);
  const cards = await evaluate<Measured[]>(page, MEASURE.replaceAll("FRACTION", String(FRACTION_PX)));
  return new Map(cards.map((card) => [card.id, faultsOf(card)]));
}

function faultsOf({ text, prose, beyond, buttons, unknown }: Measured): string[] {
  const last = buttons.at(-1);
  return [
    ...beyond.map((what) => `wider than the page: ${what}`),
    ...(last && last.endsAt > FIRST_SCREEN_PX
      ? [`“${last.label}” ends at ${Math.round(last.endsAt)} px, and a screen at ${FIRST_SCREEN_PX}`]
      : []),
    ...buttons.filter(({ height }) => height > ONE_LINE_BUTTON_PX).map(({ label }) => `cut off: button “${label}”`),
    ...[...(text.match(ENTITY) ?? []), ...(prose.match(MARKUP) ?? [])].map((shown) => `shows ${shown}`),
    ...unknown.map((what) => `cannot be drawn: ${what}`),
  ];
}

/** Blocks by their edges, and words by their own: a word may stick out of a block that does not. */
const MEASURE = `[...document.querySelectorAll(".card")].map((card) => {
  const page = document.documentElement.clientWidth;
  const sticksOut = ({ left, right }) => left < -FRACTION || right > page + FRACTION;
  const said = (text) => text.trim().replace(/\\s+/g, " ").slice(0, 60);
  const blocks = [card, ...card.querySelectorAll("*")].filter((each) => sticksOut(each.getBoundingClientRect()));
  const texts = [];
  const prose = [];
  const walker = document.createTreeWalker(card, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const range = document.createRange();
    range.selectNodeContents(walker.currentNode);
    if (!walker.currentNode.parentElement.closest("pre")) prose.push(walker.currentNode.data);
    if ([...range.getClientRects()].some(sticksOut)) texts.push(walker.currentNode);
  }
  const top = card.querySelector(".message, .modal").getBoundingClientRect().top;
  return {
    id: card.id,
    text: card.innerText,
    prose: prose.join(" "),
    beyond: [...new Set([...blocks, ...texts].map(({ textContent }) => said(textContent)))],
    buttons: [...card.querySelectorAll(".actions .button")].map((button) => {
      const { height, bottom } = button.getBoundingClientRect();
      return { label: said(button.textContent), height, endsAt: bottom - top };
    }),
    unknown: [...card.querySelectorAll(".unknown")].map(({ textContent }) => said(textContent)),
  };
})`;
