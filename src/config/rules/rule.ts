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
  /** Undefined when a section that the rule reads could not be read. */
  readonly check: (file: ReadableFile) => readonly Finding[] | undefined;
}

interface RuleFor<Needed extends Section> extends Omit<Rule, "check"> {
  readonly needs: readonly Needed[];
  readonly check: (file: Pick<TwoKeyFile, Needed>, names: Names) => readonly Finding[];
}

export function rule<Needed extends Section>({ needs, check, ...facts }: RuleFor<Needed>): Rule {
  const isReadable = (sections: object): sections is Pick<TwoKeyFile, Needed> =>
    needs.every((name) => Reflect.get(sections, name) !== undefined);
  return { ...facts, check: ({ sections, names }) => (isReadable(sections) ? check(sections, names) : undefined) };
}

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
