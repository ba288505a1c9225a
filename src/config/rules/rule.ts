import type { ServiceFile } from "../../domain/service/service.ts";
import type { TwoKeyFile } from "../../domain/service/twokey-file.ts";
import type { Finding, Path, ProblemSeverity } from "../problem.ts";
import type { Names, ReadableFile, Section } from "../sections.ts";

/** One thing that makes no sense although the schema accepts it. */
export interface Rule {
  readonly name: string;
  readonly severity: ProblemSeverity;
  /** The reason in one sentence; printed on the reference page. */
  readonly because: string;
  /** Sections that it reads, or whose names it knows. */
  readonly reads: readonly Section[];
  /** Undefined when one of them could not be read. */
  readonly check: (file: ReadableFile) => readonly Finding[] | undefined;
}

interface RuleFor<Needed extends Section, Known extends keyof Names> extends Omit<Rule, "check" | "reads"> {
  readonly needs: readonly Needed[];
  /** Names that count also where the schema refuses the entry that bears them. */
  readonly knows?: readonly Known[];
  readonly check: (file: Pick<TwoKeyFile, Needed>, names: Pick<Names, Known>) => readonly Finding[];
}

export function rule<Needed extends Section, Known extends keyof Names = never>({
  needs,
  knows = [],
  check,
  ...facts
}: RuleFor<Needed, Known>): Rule {
  const isReadable = (sections: object): sections is Pick<TwoKeyFile, Needed> => areIn(sections, needs);
  const isKnown = (names: object): names is Pick<Names, Known> => areIn(names, knows);
  return {
    ...facts,
    reads: [...needs, ...knows.map(sectionOf)],
    check: ({ sections, names }) => (isReadable(sections) && isKnown(names) ? check(sections, names) : undefined),
  };
}

/** Regions are named by services. */
const sectionOf = (name: keyof Names): Section => (name === "regions" ? "services" : name);
const areIn = (found: object, wanted: readonly string[]): boolean =>
  wanted.every((name) => Reflect.get(found, name) !== undefined);

type Services = Readonly<Record<string, ServiceFile>>;

export function eachService(
  services: Services,
  check: (service: ServiceFile, path: Path, name: string) => readonly Finding[],
): Finding[] {
  return Object.entries(services).flatMap(([name, service]) => check(service, ["services", name], name));
}

/** Reports the second and every later holder of something that only one may hold. */
export function sharedBetween<T>(
  holders: readonly (T & { readonly key: string; readonly path: Path })[],
  say: (later: T, first: T) => Omit<Finding, "path">,
): Finding[] {
  const first = new Map<string, T>();
  return holders.flatMap((holder) => {
    const earlier = first.get(holder.key);
    if (earlier !== undefined) return [{ path: holder.path, ...say(holder, earlier) }];
    first.set(holder.key, holder);
    return [];
  });
}
