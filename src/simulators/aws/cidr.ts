import { isIP } from "node:net";

/** A block of addresses of one family. */
export interface Block {
  readonly family: 4 | 6;
  readonly bits: number;
  readonly first: bigint;
}

const WIDTHS = { 4: 32, 6: 128 } as const;

/** Undefined for what is no block. Bits behind the prefix are dropped, as EC2 does: 100.68.0.18/18 is 100.68.0.0/18. */
export function blockOf(text: string): Block | undefined {
  const [, address = "", prefix = ""] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const found = addressOf(address);
  if (!found) return undefined;
  const width = WIDTHS[found.family];
  const bits = Number(prefix);
  if (bits > width) return undefined;
  const behind = BigInt(width - bits);
  return { family: found.family, bits, first: (found.value >> behind) << behind };
}

/** In the one form in which the API shows it. */
export function sayBlock({ family, bits, first }: Block): string {
  return `${family === 4 ? sayV4(first) : sayV6(first)}/${bits}`;
}

export function isInside({ family, bits, first }: Block, address: string): boolean {
  const found = addressOf(address);
  if (found?.family !== family) return false;
  const behind = BigInt(WIDTHS[family] - bits);
  return found.value >> behind === first >> behind;
}

function addressOf(text: string): { readonly family: 4 | 6; readonly value: bigint } | undefined {
  switch (text.includes("%") ? 0 : isIP(text)) {
    case 4:
      return { family: 4, value: joined(text.split(".").map(Number), 8n) };
    case 6:
      return { family: 6, value: joined(groupsOf(text), 16n) };
    default:
      return undefined;
  }
}

/** The eight groups of an address, also where it is written short or ends like one of the older family. */
function groupsOf(text: string): number[] {
  const [head = [], tail = []] = shortest(text)
    .split("::")
    .map((part) => (part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16))));
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail];
}

const shortest = (address: string): string => new URL(`http://[${address}]`).hostname.slice(1, -1);

const joined = (parts: readonly number[], width: bigint): bigint =>
  parts.reduce((value, part) => (value << width) | BigInt(part), 0n);

function sayV4(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join(".");
}

function sayV6(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, at) => ((value >> BigInt(112 - 16 * at)) & 65_535n).toString(16));
  return shortest(groups.join(":"));
}
