import { XMLParser } from "fast-xml-parser";
import { XmlList } from "./service.ts";

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/** Code points that XML 1.0 cannot carry at all, not even escaped. */
const FORBIDDEN = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

export function escapeXml(text: string): string {
  return text.replace(FORBIDDEN, "\ufffd").replace(/[&<>"']/g, (char) => ESCAPES[char] ?? char);
}

/**
 * One element as AWS writes it: objects become child elements, an XmlList its named entries, a plain array `member`
 * entries, a Date an ISO-8601 instant; undefined and null members are left out.
 */
export function writeXml(name: string, value: unknown, attributes = ""): string {
  return `<${name}${attributes}>${content(value)}</${name}>`;
}

function content(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  if (value instanceof XmlList) return value.entries.map((entry) => writeXml(value.element, entry)).join("");
  if (Array.isArray(value)) return value.map((entry) => writeXml("member", entry)).join("");
  if (typeof value === "object" && value !== null) {
    return Object.entries(value)
      .filter(([, member]) => member !== undefined && member !== null)
      .map(([name, member]) => writeXml(name, member))
      .join("");
  }
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? escapeXml(String(value))
    : "";
}

const parser = new XMLParser({
  ignoreAttributes: true,
  ignoreDeclaration: true,
  removeNSPrefix: true,
  // Numbers stay text: an identifier such as "007" must survive, and the schemas of the operations coerce.
  parseTagValue: false,
  trimValues: true,
});

/** The document's root member by name, without attributes; undefined for an empty body. Throws on malformed XML. */
export function readXml(text: string): Record<string, unknown> | undefined {
  if (text.trim() === "") return undefined;
  const parsed: unknown = parser.parse(text, true);
  return typeof parsed === "object" && parsed !== null ? { ...parsed } : undefined;
}
