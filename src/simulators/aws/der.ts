/** The little of DER (X.690) that an X.509 certificate is made of. */

const TAG = { boolean: 0x01, integer: 0x02, bits: 0x03, octets: 0x04, null: 0x05, oid: 0x06, utf8: 0x0c } as const;
const UTC_TIME = 0x17;
const SEQUENCE = 0x30;
const SET = 0x31;

export const der = {
  sequence: (...parts: readonly Buffer[]) => tagged(SEQUENCE, Buffer.concat(parts)),
  set: (...parts: readonly Buffer[]) => tagged(SET, Buffer.concat(parts)),
  /** Context-specific, constructed: `[number] EXPLICIT`. */
  explicit: (number: number, part: Buffer) => tagged(0xa0 | number, part),
  boolean: (value: boolean) => tagged(TAG.boolean, Buffer.from([value ? 0xff : 0])),
  /** Big-endian and not negative. */
  integer: (bytes: Buffer) => tagged(TAG.integer, (bytes[0] ?? 0) > 0x7f ? Buffer.concat([ZERO, bytes]) : bytes),
  bits: (bytes: Buffer, unusedBits = 0) => tagged(TAG.bits, Buffer.concat([Buffer.from([unusedBits]), bytes])),
  octets: (bytes: Buffer) => tagged(TAG.octets, bytes),
  null: () => tagged(TAG.null, Buffer.alloc(0)),
  oid: (dotted: string) => tagged(TAG.oid, encodeOid(dotted)),
  utf8: (text: string) => tagged(TAG.utf8, Buffer.from(text, "utf8")),
  /** YYMMDDHHMMSSZ: for dates before 2050. */
  utcTime: (date: Date) => tagged(UTC_TIME, Buffer.from(`${date.toISOString().replace(/[-:T]/g, "").slice(2, 14)}Z`)),
};

const ZERO = Buffer.from([0]);

function tagged(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([tag]), encodeLength(content.length), content]);
}

function encodeLength(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes = base256(length);
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}

function base256(value: number): number[] {
  return value === 0 ? [] : [...base256(Math.floor(value / 256)), value % 256];
}

function encodeOid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return Buffer.from([first * 40 + second, ...rest.flatMap(base128)]);
}

/** Seven bits a byte, every byte but the last with its top bit set. */
function base128(value: number): number[] {
  const high = (rest: number): number[] => (rest === 0 ? [] : [...high(rest >> 7), 0x80 | (rest & 0x7f)]);
  return [...high(value >> 7), value & 0x7f];
}
