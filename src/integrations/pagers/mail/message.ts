import type { CallRequest } from "../../../ports/pager.ts";

const LONGEST_SUBJECT = 200;

export function subjectOf({ message }: CallRequest): string {
  const line = message.replaceAll(/\s+/g, " ").trim();
  return line.length <= LONGEST_SUBJECT ? line : `${line.slice(0, LONGEST_SUBJECT - 1)}…`;
}

/** Plain text: what it is about, how it stood when this was written, and where to go. It may be read hours later. */
export function bodyOf(request: CallRequest): string {
  const { message, state, atMs, details, links } = request;
  const written = `${new Date(atMs).toISOString().slice(0, 19).replace("T", " ")} UTC`;
  const facts = Object.entries(details).filter(([, value]) => value !== "");
  return [
    message,
    "",
    `State: ${state}.`,
    `As of: ${written}.`,
    ...facts.map(([name, value]) => `${name[0]?.toUpperCase()}${name.slice(1)}: ${value}`),
    ...links.map(({ text, href }) => `${text}: ${href}`),
    "",
    "A mail cannot be acknowledged. Acknowledge in Slack, or on the page that your telephone shows.",
    "",
  ].join("\n");
}
