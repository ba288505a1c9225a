import { sayDuration } from "../domain/duration.ts";
import { type PlacedResource, resourcesOf, type Service } from "../domain/service/service.ts";
import { openQuestions, type Setting, settingsOf, sparedContradictions } from "../flows/resources/settings-of.ts";

/** One service with every setting that a plan would use, where it comes from, and how old it is. */
export interface Explanation {
  readonly service: string;
  readonly regions: readonly string[];
  readonly resources: readonly {
    readonly id: string;
    readonly kind: string;
    readonly settings: readonly ExplainedSetting[];
  }[];
  /** Why no plan can be made of it now. */
  readonly open: readonly string[];
  /** What AWS contradicts and a plan can do without. */
  readonly spared: readonly string[];
}

interface ExplainedSetting {
  readonly path: string;
  readonly value: unknown;
  readonly from: Setting["from"];
  /** Seconds since AWS said so; absent: it never did. */
  readonly ageSeconds?: number;
  readonly agrees: boolean;
}

export function explainService(service: Service, nowMs: number): Explanation {
  const settings = settingsOf(service);
  return {
    service: service.name,
    regions: service.regions,
    resources: resourcesOf(service).map((placed) => ({
      ...{ id: placed.id, kind: placed.resource.kind },
      settings: settings.filter(({ path }) => isBelow(path, placed)).map((setting) => explained(setting, nowMs)),
    })),
    open: openQuestions(service, nowMs),
    spared: sparedContradictions(service, nowMs),
  };
}

function isBelow(path: string, { path: place }: PlacedResource): boolean {
  return path.startsWith(`${place.join(".")}.`);
}

function explained({ path, value, from, aws, agrees }: Setting, nowMs: number): ExplainedSetting {
  const age = aws ? { ageSeconds: Math.max(0, Math.round((nowMs - aws.atMs) / 1_000)) } : {};
  return { path, value: value ?? null, from, agrees, ...age };
}

/** The same for people: one line a setting. */
export function sayExplanation({ service, regions, resources, open, spared }: Explanation): string {
  return [
    `${service}: ${regions.join(" → ")}`,
    ...resources.flatMap(({ id, kind, settings }) => [
      `  ${id} (${kind})`,
      ...settings.map((setting) => `    ${setting.path.slice(id.length + 1)}: ${sayValue(setting)}`),
    ]),
    ...open.map((question) => `  ! ${question}`),
    ...spared.map((line) => `  note: ${line}`),
  ].join("\n");
}

function sayValue({ value, from, ageSeconds, agrees }: ExplainedSetting): string {
  const age = ageSeconds === undefined ? undefined : `${sayDuration(ageSeconds * 1_000)} ago`;
  switch (from) {
    case "discovered":
      return `${String(value)} (discovered ${age ?? "at a time unknown"})`;
    case "nowhere":
      return age === undefined ? "not known yet" : `not decided (asked ${age})`;
    case "file": {
      const seen = age === undefined ? "AWS not asked yet" : `AWS ${agrees ? "agreed" : "disagreed"} ${age}`;
      return `${String(value)} (file; ${seen})`;
    }
  }
}
