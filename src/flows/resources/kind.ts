import type { z } from "zod";
import type { Finding, Path, ProblemSeverity } from "../../domain/service/finding.ts";
import type { Found, FoundFact } from "../../domain/service/found.ts";
import type { Known } from "../../domain/service/observed.ts";
import type { Resource, Role } from "../../domain/service/resource.ts";
import type { Region, ServiceFile } from "../../domain/service/service.ts";
import type { ComputeSite } from "../../ports/compute.ts";
import type { Discovery } from "../../ports/discovery.ts";
import type { Permission, Thing } from "../../ports/permission.ts";
import type { StoredStep } from "../../ports/stored-step.ts";
import type { TrafficControl } from "../../ports/traffic.ts";
import type { ComputeAbilities, EntranceAbilities, StoreAbilities } from "./abilities.ts";
import type { Fence } from "./fence.ts";
import type { ClusterSite, DatabaseRecord, DatabaseSite, FixedName, LoadBalancer, Traffic } from "./parts.ts";
import type { IdentityFact, KindTold, Looking, Place, Seen } from "./place.ts";

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
  /** Of those what the file may also say once for all regions, directly below the resource. */
  readonly saidOnce?: readonly string[];
  /** Of those what a plan can do without. */
  readonly spared?: readonly string[];
  /** True for what no two services may share. */
  readonly isOwn: boolean;
}

/** A thing that two services can have in common, and that a move of the one touches for the other. */
export interface SharedThing {
  readonly what: "security-group" | "database-record" | "cluster" | "load-balancer";
  /** Tells it from every other one of its sort. */
  readonly key: string;
  readonly says: string;
  /** Where it is written, from the resource on. */
  readonly path: Path;
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
  check(place: LintPlace<Settings>): readonly Finding[];
}

/** One setting as AWS gave it, or several of which a person has to say which one is meant. */
export type Answer = Omit<FoundFact, "atMs">;
/** By the name of the setting, below the subject's path. What AWS could not say is left out. */
export type Answers = Readonly<Record<string, Answer>>;

/** A subject, and what AWS said of it last. */
export interface KnownOf extends Subject {
  readonly facts: Found[string];
}

export interface Asking {
  readonly discovery: Discovery;
  readonly traffic: Pick<TrafficControl, "records">;
  readonly regions: readonly Region[];
  /** What users of a region reach first, where that is known already. */
  readonly balancer: (region: Region) => LoadBalancer | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Calls of AWS that change nothing, and what of it they are made on. */
export interface LookRule<Settings> {
  readonly actions: readonly string[];
  /** Absent: no policy can name it, so it is whatever there is in the regions of the service. */
  on?(settings: Settings, regions: readonly Region[]): readonly Thing[];
  /** Key of a condition, where that alone names the things: `ecs:cluster`. */
  readonly by?: string;
  /** True where no policy can name what it is about, and that lies in whatever region, or in none. */
  readonly isGlobal?: boolean;
}

/** What stands in a region, to build a world like it from. Throws UserError where neither file nor memory has a value. */
export interface Parts<Settings> {
  /** Undefined: it has none there. */
  database?(settings: Settings, region: Region): DatabaseSite | undefined;
  databaseRecord?(settings: Settings): DatabaseRecord | undefined;
  compute?(settings: Settings, region: Region): ComputeSite;
  /** Undefined for a compute that users do not reach. */
  balancer?(settings: Settings, region: Region): LoadBalancer | undefined;
  names?(settings: Settings, regions: readonly Region[]): readonly Traffic[];
  /** Names outside Route 53. */
  fixedNames?(settings: Settings): readonly FixedName[];
  cluster?(settings: Settings, region: Region): ClusterSite | undefined;
}

/** A kind as its own folder writes it down, and as the table holds it. */
export interface KindDefinition<Settings extends Resource, Facts extends object> {
  readonly kind: string;
  readonly role: Role;
  /** One sentence for the reference page. */
  readonly about: string;
  /** True where `in` has to name every region of the service. */
  readonly isByRegion: boolean;
  /** The CloudWatch metric that says how far a copy is behind; alert rules on it are judged. */
  readonly lagMetric?: { readonly namespace: string; readonly metric: string };
  readonly settings: z.ZodObject & z.ZodType<Settings>;
  subjects(resource: Settings, regions: readonly Region[]): readonly Subject[];
  records(resource: Settings): readonly NamedRecord[];
  /** What the file says of things that other services may have as well. What AWS is asked for is not seen here. */
  shares?(resource: Settings, regions: readonly Region[]): readonly SharedThing[];
  /** Asks AWS about one subject. `resource` has what the file says and what was found before. Absent: it leaves nothing to AWS. */
  discover?(resource: Settings, subject: Subject, asking: Asking): Promise<Known<Answers>>;
  /** Where AWS contradicts what the file says of a subject, beyond single settings: sentences, each with what to do. */
  contradictions?(resource: Settings, known: KnownOf): readonly string[];
  readonly lint: readonly KindRule<Settings>[];
  readonly parts: Parts<Settings>;
  /** All that its steps may ever need in these regions: what a role has to allow. A thing that nobody knows yet is `*`. */
  permits(resource: Settings, regions: readonly Region[]): readonly Permission[];
  /** All that is asked of AWS where nothing is changed: by its look, its discovery, its fence and its steps. */
  readonly looks: readonly LookRule<Settings>[];

  /** Looks at it; `before` is what the newest stored look has seen. Never throws for what does not answer. */
  look(place: Place<Settings>, looking: Looking, before: Facts | undefined): Promise<Facts>;
  tell(at: Seen<Settings, Facts>): KindTold;
  /** Why it could not take over in that region; undefined: nothing that was seen speaks against it. Asked of each region that it tells of. */
  readiness(at: Seen<Settings, Facts>, region: Region): string | undefined;
  /** What a move to that region rests on. */
  identity(at: Seen<Settings, Facts>, region: Region): readonly IdentityFact[];
  /** Steps of its own. */
  readonly steps: readonly StoredStep[];
  /** How its writers are stopped; absent: it has none, or they cannot be stopped. */
  readonly fence?: Fence<Settings, Facts, object, object>;
  /** What it can do in its role. */
  readonly store?: StoreAbilities<Settings, Facts>;
  readonly compute?: ComputeAbilities<Settings, Facts>;
  readonly entrance?: EntranceAbilities<Settings, Facts>;
}

/** A kind whose settings and facts are forgotten. A file is parsed by the schema of the kind that it names: the name vouches for both. */
export type Kind = KindDefinition<Resource, object>;

export const defineKind = <Settings extends Resource, Facts extends object>(
  definition: KindDefinition<Settings, Facts>,
): Kind => definition;
