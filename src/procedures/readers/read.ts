import {
  type Document,
  everySetting,
  NOTHING_READ,
  type Place,
  type Procedure,
  type Reading,
  type Sentence,
  type Setting,
} from "../procedure.ts";
import { readHcl } from "./hcl.ts";
import { listsOf } from "./lists.ts";
import { type Fenced, readMarkdown } from "./markdown.ts";
import { withParts } from "./parts.ts";
import { readPython } from "./python.ts";
import { readShell } from "./shell.ts";
import { readTree, type Tree } from "./tree.ts";

type Reader = (text: string, place: Place) => Reading;

const fromTree =
  (read: (text: string, before: number) => Tree): Reader =>
  (text, place) => {
    const tree = read(text, place.before);
    const lists = listsOf(tree.settings, place);
    const scripts = scriptsIn(tree.settings, place);
    return together([{ ...NOTHING_READ, ...tree }, { ...NOTHING_READ, procedures: lists }, ...scripts]);
  };

/** Words behind a fence, and ends of names. What is not here is text for people. */
const READERS: Readonly<Record<string, Reader>> = {
  ...Object.fromEntries(["bash", "sh", "shell", "zsh", "console"].map((name) => [name, readShell])),
  ...Object.fromEntries(["python", "py", "python3"].map((name) => [name, readPython])),
  ...Object.fromEntries(["yaml", "yml", "json"].map((name) => [name, fromTree(readTree)])),
  ...Object.fromEntries(["hcl", "terraform", "tf", "tfvars"].map((name) => [name, fromTree(readHcl)])),
};

/** All that a file says and does. A reader that fails is reported in place of what it did not read. */
export function readDocument(file: string, text: string): Document {
  const end = /\.(\w+)$/.exec(file)?.[1]?.toLowerCase() ?? "";
  const language = Object.hasOwn(READERS, end) ? end : languageOf(text);
  if (language !== undefined) return { file, ...attempt(READERS[language], text, { file, before: 0, title: "" }) };
  const { fenced, prose } = readMarkdown(text);
  const readings = fenced.map((each) => readFence(file, each));
  return joined(file, together([{ ...NOTHING_READ, prose }, ...readings.filter((each) => each !== undefined)]));
}

const joined = (file: string, { procedures, ...rest }: Reading): Document => ({
  ...{ file, ...rest },
  procedures: withParts(bySection(procedures)),
});

const languageOf = (text: string): string | undefined => {
  const [first = ""] = text.split("\n", 1);
  if (/^#!.*\b(?:ba|z|k|da)?sh\b/.test(first)) return "sh";
  return /^#!.*\bpython/.test(first) ? "py" : undefined;
};

function attempt(read: Reader | undefined, text: string, place: Place): Reading {
  try {
    return read ? read(text, place) : NOTHING_READ;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const why = "it is nested too deeply, or the reader has no way to take it";
    return { ...NOTHING_READ, unread: [{ line: place.before + 1, why }] };
  }
}

function readFence(file: string, { language, text, before, headings }: Fenced): Reading | undefined {
  const place: Place = { file, before, title: headings.filter((heading) => !isStep(heading)).join(" / ") };
  if (Object.hasOwn(READERS, language)) return attempt(READERS[language], text.replaceAll(TO_FILL_IN, "‹$1›"), place);
  const lines = text.split("\n");
  const prose = lines.map((line, at): Sentence => ({ line: before + 1 + at, text: line, headings }));
  return { ...NOTHING_READ, prose };
}

/** `--alarm-name <alarm>` leaves the name to its reader; a shell would take it for a file. */
const TO_FILL_IN = /(?<=[\s="'/:-])<([A-Za-z][\w.:/-]*(?: [\w.:/-]+)*)>(?=[\s"'/.:,-]|$)/gm;

/** `Step 2: DNS` is part of the procedure above it. */
const isStep = (heading: string): boolean => /^(?:(?:step|phase|part|stage)\s*\d+|\d+[.):]\s)/i.test(heading);

/** What stands under one heading is done together; a script of its own is not. */
function bySection(procedures: readonly Procedure[]): Procedure[] {
  const found: Procedure[] = [];
  const open = new Map<string, number>();
  for (const each of procedures) {
    const at = each.language === "shell" && !each.isScript ? open.get(each.title) : undefined;
    const earlier = at === undefined ? undefined : found[at];
    if (at === undefined || !earlier) {
      if (each.language === "shell" && !each.isScript) open.set(each.title, found.length);
      found.push(each);
    } else
      found[at] = {
        ...earlier,
        acts: [...earlier.acts, ...each.acts],
        traps: [...earlier.traps, ...each.traps],
        assigned: new Set([...earlier.assigned, ...each.assigned]),
        constants: new Map([...earlier.constants, ...each.constants]),
        stopsOnFailure: earlier.stopsOnFailure || each.stopsOnFailure,
        stopsOnUnset: earlier.stopsOnUnset || each.stopsOnUnset,
      };
  }
  return found;
}

/** Commands that a document holds as texts: the steps of a pipeline, the lines of a runbook. */
const HOLDS_COMMANDS = /^(?:run|script|command|commands|shell|by_?hand|user_?data)$/i;

function scriptsIn(settings: readonly Setting[], place: Place): Reading[] {
  const found: Reading[] = [];
  for (const { key, path, line, text } of everySetting(settings)) {
    const named = /^\d+$/.test(key) ? (path.at(-2) ?? "") : key;
    if (text === undefined || !HOLDS_COMMANDS.test(named) || !/\s/.test(text.trim())) continue;
    const isBlock = text.includes("\n");
    found.push(
      attempt(readShell, text, {
        ...place,
        before: isBlock ? line : line - 1,
        title: `${place.title} ${path.join(".")}`.trim(),
      }),
    );
  }
  return found;
}

const together = (readings: readonly Reading[]): Reading => ({
  procedures: readings.flatMap(({ procedures }) => procedures),
  settings: readings.flatMap(({ settings }) => settings),
  prose: readings.flatMap(({ prose }) => prose),
  unread: readings.flatMap(({ unread }) => unread),
});
