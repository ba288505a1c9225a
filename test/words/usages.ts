/** How each verb is written, by verb. */
export type Usages = Readonly<Record<string, string>>;

/** What is typed, in a span of code; a placeholder in the verb's own place names no verb. */
const TYPED = /`\/dr ([^`]+)`/g;
const NAMED = /\/dr ([a-z][a-z-]*)/g;

/** Verbs that a document names and that do not exist, and usages that say something else than the table of verbs. */
export function usageProblems(document: string, text: string, usages: Usages): string[] {
  const unknown = [...text.matchAll(NAMED)].flatMap(([, verb = ""]) =>
    Object.hasOwn(usages, verb) ? [] : [`${document}: there is no verb “${verb}”`],
  );
  const typed = [...text.matchAll(TYPED)].flatMap(([, said = ""]) => wrongUsage(said, usages) ?? []);
  return [...unknown, ...typed.map((said) => `${document}: “${said}” is not how it is written`)];
}

/** The usage as it was said, where the table of verbs has another one. One with fewer of its arguments is right as well. */
export function wrongUsage(said: string, usages: Usages): string | undefined {
  const [verb = "", ...words] = said.split(/\s+/);
  const usage = usages[verb];
  if (usage === undefined) return /^[a-z]/.test(verb) ? said : undefined;
  if (!/[<[]/.test(said)) return undefined;
  const [, ...all] = partsOf(usage);
  let from = 0;
  for (const part of partsOf(words.join(" "))) {
    const at = all.indexOf(part, from);
    if (at === -1) return said;
    from = at + 1;
  }
  return undefined;
}

/** Its words without the brackets that say what may be left out: a document may speak of an argument that is given. */
const partsOf = (usage: string): string[] =>
  usage
    .replaceAll(/[<>[\]\\]/g, "")
    .split(/\s+/)
    .filter((word) => word !== "");
