import { sha256 } from "./service/inventory.ts";

/** Without letters and digits that are confused when read aloud. */
export const SPEAKABLE = "23456789ABCDEFGHJKMNPQRSTVWXYZ";

/** Always the same for the same text: who asks twice for the same thing finds what came of it. */
export function speakableOf(text: string, length: number): string {
  const digits = BigInt(`0x${sha256(text)}`);
  const base = BigInt(SPEAKABLE.length);
  return Array.from({ length }, (_, at) => SPEAKABLE[Number((digits / base ** BigInt(at)) % base)]).join("");
}
