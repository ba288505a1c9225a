import type { z } from "zod";
import type { Finding, Path, ProblemSeverity } from "../../domain/service/finding.ts";
import type { FoundFact } from "../../domain/service/found.ts";
import type { Known } from "../../domain/service/observed.ts";
import type { Resource, Role } from "../../domain/service/resource.ts";
import type { Region, ServiceFile } from "../../domain/service/service.ts";
import type { ComputeSite, DatabaseRecord, DatabaseSite, LoadBalancer, Traffic } from "../../domain/service/site.ts";
import type { Discovery } from "../../ports/discovery.ts";
import type { TrafficControl } from "../../ports/traffic.ts";

/** One thing that AWS knows by an id, and the settings that AWS can fill in. */
export interface Subject {
  /** Tells it from every other thing of its kind: `eu-west-1/mycomputer-inventory-db`. */
  readonly key: string;
  /** In words: `database mycomputer-inventory-db in eu-west-1`. */
  readonly says: string;
  /** Region that is asked about it. */
  readonly region: Region;
  /** Where its settings stand, from the resource on. */
  readonly path: Path;
  /** Settings below that path that the file may leave to AWS, such as `load_balancer.zone`. */
  readonly wants: readonly string[];
  /** True for what no two services may share. */
  readonly isOwn: boolean;
}

/** A name in DNS that belongs to the resource. */
export interface NamedRecord {
  readonly name: string;
  readonly zone: string | undefined;
  /** Undefined where neither the file nor a fixed rule says it. */
  readonly ttlSeconds: number | undefined;
  /** Where the name is written, from the resource on; `zone` and `ttl_seconds` stand beside it. */
  readonly path: Path;
  /** False for an alias, whose TTL nobody can write down. */
  readonly hasOwnTtl: boolean;
}

/** One resource in the file, as a rule of its kind sees it. */
export interface LintPlace<Settings> {
  readonly resource: Settings;
  readonly path: Path;
  readonly service: ServiceFile;
  readonly name: string;
  /** Account of the resource in a region; undefined where the file's section could not be read. */
  readonly accountIn: (region: Region) => string | undefined;
  /** Names that users resolve. */
  readonly usersRecords: readonly NamedRecord[];
}

/** Something about one kind that makes no sense although the schema accepts it. */
export interface KindRule<Settings> {
  readonly name: string;
  readonly severity: ProblemSeverity;
  readonly because: string;
  readonly check: (place: LintPlace<Settings>) => readonly Finding[];
}

/** What the flows read of a resource, by role. Throws UserError where neither file nor memory has a value. */
interface Parts<Settings> {
  readonly database?: (settings: Settings, region: Region) => DatabaseSite;
  readonly databaseRecord?: (settings: Settings) => DatabaseRecord | undefined;
  readonly compute?: (settings: Settings, region: Region) => ComputeSite;
  readonly balancer?: (settings: Settings, region: Region) => LoadBalancer;
  readonly traffic?: (settings: Settings, regions: readonly Region[]) => Traffic;
}

/** One setting as AWS gave it, or several of which a person has to say which one is meant. */
export type Answer = Omit<FoundFact, "atMs">;
/** By the name of the setting, below the subject's path. What AWS could not say is left out. */
export type Answers = Readonly<Record<string, Answer>>;

export interface Asking {
  readonly discovery: Discovery;
  readonly traffic: Pick<TrafficControl, "records">;
  readonly regions: readonly Region[];
  /** What users of a region reach first, where that is known already. */
  readonly balancer: (region: Region) => LoadBalancer | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Asks AWS about one subject. `resource` has what the file says and what was found before. */
type Discover<Settings> = (resource: Settings, subject: Subject, asking: Asking) => Promise<Known<Answers>>;

interface KindFacts {
  readonly kind: string;
  readonly role: Role;
  /** One sentence for the reference page. */
  readonly about: string;
  /** True where `in` has to name every region of the service. */
  readonly isByRegion: boolean;
  /** The CloudWatch metric that says how far a copy is behind; alert rules on it are judged. */
  readonly lagMetric?: { readonly namespace: string; readonly metric: string };
}

/** A kind as its own folder writes it down. */
export interface KindDefinition<Settings extends Resource> extends KindFacts {
  readonly settings: z.ZodObject & z.ZodType<Settings>;
  readonly subjects: (resource: Settings, regions: readonly Region[]) => readonly Subject[];
  readonly records: (resource: Settings) => readonly NamedRecord[];
  readonly discover: Discover<Settings>;
  readonly lint: readonly KindRule<Settings>[];
  readonly parts: Parts<Settings>;
}

/** A kind as everybody else sees it: its settings are forgotten, and only resources of this kind may be handed in. */
export interface Kind extends KindFacts {
  readonly settings: z.ZodObject & z.ZodType<Resource>;
  readonly subjects: (resource: Resource, regions: readonly Region[]) => readonly Subject[];
  readonly records: (resource: Resource) => readonly NamedRecord[];
  readonly discover: Discover<Resource>;
  readonly lint: readonly KindRule<Resource>[];
  readonly parts: Parts<Resource>;
}

export function defineKind<Settings extends Resource>(definition: KindDefinition<Settings>): Kind {
  const { kind, subjects, records, discover, lint, parts } = definition;
  // A file is parsed by the schema of the kind that it names, so the name vouches for the settings.
  const isOwn = (resource: Resource): resource is Settings => resource.kind === kind;
  const own = (resource: Resource): Settings => {
    if (isOwn(resource)) return resource;
    throw new TypeError(`A resource of the kind ${resource.kind} was handed to ${kind}`);
  };
  return {
    ...definition,
    subjects: (resource, regions) => subjects(own(resource), regions),
    records: (resource) => records(own(resource)),
    discover: (resource, subject, asking) => discover(own(resource), subject, asking),
    lint: lint.map(({ check, ...rule }) => ({ ...rule, check: (at) => check({ ...at, resource: own(at.resource) }) })),
    parts: partsOf(parts, own),
  };
}

function partsOf<Settings>(parts: Parts<Settings>, own: (resource: Resource) => Settings): Parts<Resource> {
  const { database, databaseRecord, compute, balancer, traffic } = parts;
  return {
    ...(database && { database: (resource: Resource, region: Region) => database(own(resource), region) }),
    ...(databaseRecord && { databaseRecord: (resource: Resource) => databaseRecord(own(resource)) }),
    ...(compute && { compute: (resource: Resource, region: Region) => compute(own(resource), region) }),
    ...(balancer && { balancer: (resource: Resource, region: Region) => balancer(own(resource), region) }),
    ...(traffic && {
      traffic: (resource: Resource, regions: readonly Region[]) => traffic(own(resource), regions),
    }),
  };
}
