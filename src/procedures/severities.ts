import { type Document, everySetting } from "./procedure.ts";
import type { Found, Plan } from "./rule.ts";

interface Use {
  readonly file: string;
  readonly line: number;
  readonly scale: string;
  readonly said: string;
}

/** Scales that people use, each as its words are written. */
const SCALES: readonly (readonly [scale: string, pattern: RegExp])[] = [
  ["P1 to P4", /\bP[1-5]\b(?!-)/],
  ["severity 1, 2, 3", /\bsev(?:erity)?[-_ ]?[1-5]\b/i],
  ["critical, high, low", /\b(?:critical|high|medium|low)\b/i],
];
const WORDS = SCALES[2]?.[0];

/** The first use of each scale beyond the first, where nothing says what the one means in the other. */
export function severityScales({ documents }: Plan): Found[] {
  const uses = documents.flatMap((document) => [...usesIn(document)]);
  const aliases = documents.flatMap((document) => [...aliasesIn(document)]);
  const known = new Set<string>();
  const first = uses[0];
  return uses.flatMap(({ file, line, scale, said }) => {
    if (!first || known.has(scale) || scale === first.scale) return [];
    known.add(scale);
    if (aliases.some((pair) => pair.includes(scale) && pair.includes(first.scale))) return [];
    return [
      { file, line, what: `“${said}” is of the scale ${scale}, and ${first.file}:${first.line} has ${first.scale}` },
    ];
  });
}

/** A severity is where somebody calls it that. */
function* usesIn({ file, prose, settings, procedures }: Document): Generator<Use> {
  for (const { key, text, line } of everySetting(settings)) {
    const [scale] = scaleOf(key) ?? [];
    if (scale !== undefined && scale !== WORDS) yield { file, line, scale, said: key };
    const use = /^(?:severity|priority)$/i.test(key) && text !== undefined ? scaleOf(text) : undefined;
    if (use) yield { file, line, scale: use[0], said: use[1] };
  }
  for (const { acts } of procedures)
    for (const { options } of acts) {
      const severity = options.get("severity");
      const use = severity && scaleOf(severity.text);
      if (severity && use) yield { file, line: severity.line, scale: use[0], said: use[1] };
    }
  for (const { line, text } of prose) {
    const use = scaleOf(text);
    const isSaid =
      /\bsev(?:erity)?\b|\bincident\b|^\W*(?:\*\*)?P[1-5]\b/i.test(text) || (use !== undefined && use[0] !== WORDS);
    if (use && isSaid && !(use[0] === WORDS && !/severity\s*[:=]?\s*(?:critical|high|medium|low)\b/i.test(text)))
      yield { file, line, scale: use[0], said: use[1] };
  }
}

/** Two scales in one line, such as `P1 (Critical)`. */
function* aliasesIn({ prose, settings }: Document): Generator<string[]> {
  const texts = [
    ...prose.map(({ text }) => text),
    ...[...everySetting(settings)].map(({ key, text }) => `${key} ${text ?? ""}`),
  ];
  for (const text of texts) {
    const scales = SCALES.filter(([, pattern]) => pattern.test(text)).map(([scale]) => scale);
    if (scales.length > 1) yield scales;
  }
}

function scaleOf(text: string): [scale: string, said: string] | undefined {
  for (const [scale, pattern] of SCALES) {
    const said = pattern.exec(text.replaceAll("_", " "))?.[0];
    if (said !== undefined) return [scale, said];
  }
  return undefined;
}
