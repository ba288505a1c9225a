import { sayDuration } from "../../domain/duration.ts";
import type { Unchecked } from "../../domain/plan-run/plan.ts";
import type { FoundFact } from "../../domain/service/found.ts";
import { type PlacedResource, resourcesOf, type Service } from "../../domain/service/service.ts";
import type { Kind, Subject } from "./kind.ts";
import { settled, subjectKey, valueAt } from "./settle.ts";

type Json = Exclude<FoundFact["value"], undefined>;

/** One setting that the file may leave to AWS: what counts, and where it comes from. */
export interface Setting {
  /** `stores.stock.in.eu-west-1.endpoint`, as it would be written below the service. */
  readonly path: string;
  /** What it is a setting of: `database mycomputer-inventory-db in eu-west-1`. */
  readonly of: string;
  readonly from: "file" | "discovered" | "nowhere";
  readonly value: Json | undefined;
  /** What AWS said last, and when (world time). */
  readonly aws: FoundFact | undefined;
  /** False where the file says one thing and AWS another. */
  readonly agrees: boolean;
  /** True where a plan can do without it. */
  readonly isSpared: boolean;
}

export function settingsOf(service: Service): Setting[] {
  return resourcesOf(service).flatMap((placed) => {
    const { kind, resource } = settled(service, placed);
    return kind
      .subjects(resource, service.regions)
      .flatMap((subject) => subject.wants.map((name) => settingOf(service, placed, { kind, subject, name })));
  });
}

interface Wanted {
  readonly kind: Kind;
  readonly subject: Subject;
  readonly name: string;
}

function settingOf(service: Service, { path, resource }: PlacedResource, { kind, subject, name }: Wanted): Setting {
  const below = [...subject.path, ...name.split(".")];
  const isSaidOnce = subject.saidOnce?.includes(name) === true;
  const written = valueAt(resource, below) ?? (isSaidOnce ? valueAt(resource, name.split(".")) : undefined);
  const aws = service.found[subjectKey(kind, subject)]?.[name];
  const value = written ?? aws?.value;
  return {
    ...{ path: sayPath([...path, ...below]), of: subject.says, value, aws },
    from: written !== undefined ? "file" : value !== undefined ? "discovered" : "nowhere",
    isSpared: subject.spared?.includes(name) === true,
    agrees: written === undefined || aws === undefined || candidates(aws).some((each) => isSame(each, written)),
  };
}

const candidates = ({ value, choices = [] }: FoundFact): readonly unknown[] => [
  ...(value === undefined ? [] : [value]),
  ...choices,
];

/** Names in DNS know no capitals and may end in a dot. */
const isSame = (a: unknown, b: unknown): boolean => plain(a) === plain(b);
const plain = (value: unknown): string => String(value).toLowerCase().replace(/\.$/, "");

function sayPath(path: readonly (string | number)[]): string {
  return path.map((step, at) => (typeof step === "number" ? `[${step}]` : at === 0 ? step : `.${step}`)).join("");
}

/** Why no plan can be made of this service: what is not known, not decided, or contradicted. In words, each with what to do. */
export function openQuestions(service: Service, nowMs: number): string[] {
  return [
    ...settingsOf(service).flatMap((setting) => question(setting, service.name, nowMs)),
    ...resourcesOf(service).flatMap((placed) => contradictions(service, placed)),
  ];
}

function contradictions(service: Service, placed: PlacedResource): readonly string[] {
  const { kind, resource } = settled(service, placed);
  return kind.subjects(resource, service.regions).flatMap((subject) => {
    const facts = service.found[subjectKey(kind, subject)] ?? {};
    return kind.contradictions?.(resource, { ...subject, facts }) ?? [];
  });
}

function question(setting: Setting, service: string, nowMs: number): string[] {
  const { path, of, from, aws, isSpared } = setting;
  if (isSpared) return [];
  const both = sayBoth(setting, service, nowMs);
  if (both !== undefined) return [`${both} Correct the one that is wrong.`];
  if (from !== "nowhere") return [];
  const place = `services.${service}.${path}`;
  const name = path.split(".").at(-1) ?? path;
  if (aws?.choices)
    return [`AWS has ${aws.choices.map(String).join(" and ")} for ${name} of ${of}. Write the right one as ${place}.`];
  return [`${name} of ${of} is not discovered yet. Wait for it, or write it as ${place}.`];
}

const written = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

/** What file and AWS say where they differ; undefined: they do not. */
function sayBoth({ path, value, aws, agrees }: Setting, service: string, nowMs: number): string | undefined {
  if (agrees || !aws) return undefined;
  const age = sayDuration(nowMs - aws.atMs);
  return `services.${service}.${path} is ${written(value)} in twokey.yaml, but AWS says ${saySeen(aws)} (seen ${age} ago).`;
}

const saySeen = (aws: FoundFact): string => candidates(aws).map(String).join(" or ");

/** What AWS contradicts, and no plan needs to be refused for: people and scheduled actions change it between two looks. */
export const sparedContradictions = (service: Service, nowMs: number): string[] =>
  settingsOf(service).flatMap((setting) => {
    const both = setting.isSpared ? sayBoth(setting, service.name, nowMs) : undefined;
    return both === undefined ? [] : [`${both} A plan takes that of the file.`];
  });

/** Names of settings, as in `stores.stock.in.eu-west-1.endpoint`. */
export interface LeftToAws {
  readonly known: readonly string[];
  /** Without them there is no plan. */
  readonly open: readonly string[];
  /** A plan can do without them. */
  readonly spared: readonly string[];
}

/** The settings that the file leaves to AWS: those that are remembered, and those that have to be asked for. */
export function leftToAws(service: Service): LeftToAws {
  const left = settingsOf({ ...service, found: {} }).filter(({ from }) => from === "nowhere");
  const known = new Set(settingsOf(service).flatMap(({ from, path }) => (from === "discovered" ? [path] : [])));
  const named = (is: (setting: Setting) => boolean) => [...new Set(left.filter(is).map(({ path }) => path))];
  return {
    known: named(({ path }) => known.has(path)),
    open: named(({ path, isSpared }) => !known.has(path) && !isSpared),
    spared: named(({ path, isSpared }) => !known.has(path) && isSpared),
  };
}

/** What a plan does without, or takes from the file although AWS says otherwise, in words. */
export const sparedSettings = (service: Service): Unchecked[] =>
  settingsOf(service).flatMap(({ path, of, from, value, aws, agrees, isSpared }): Unchecked[] => {
    const name = `${path.split(".").at(-1)} of ${of}`;
    if (!isSpared) return [];
    if (from === "nowhere") return [`${name}: neither in twokey.yaml nor discovered yet`];
    if (agrees || !aws) return [];
    const says = `${name}: ${written(value)} in twokey.yaml, which counts; AWS said ${saySeen(aws)}`;
    return [{ says, saidAtMs: aws.atMs }];
  });

/** AWS is asked every hour: what it has not said again for so long may have changed. World time. */
const AGED_MS = 86_400_000;

/** What a plan takes from such an old answer, in words: one line for each thing that it is a setting of. */
export function agedSettings(service: Service, nowMs: number): Unchecked[] {
  const aged = settingsOf(service).filter(
    ({ from, aws }) => from === "discovered" && aws !== undefined && nowMs - aws.atMs > AGED_MS,
  );
  return [...new Set(aged.map(({ of }) => of))].map((of) => {
    const theirs = aged.filter((setting) => setting.of === of);
    const names = theirs.map(({ path }) => path.split(".").at(-1)).join(", ");
    const oldest = Math.min(...theirs.map(({ aws }) => aws?.atMs ?? nowMs));
    return { says: `${names} of ${of}: AWS has not said it again since`, saidAtMs: oldest };
  });
}
