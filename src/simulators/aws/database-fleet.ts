import type { World } from "../world/world.ts";
import { type Cluster, clusterNotFound, keyFor, newCluster } from "./database-cluster.ts";
import { catchUp, sourceCommits, type Upstream } from "./database-commits.ts";
import { engineOf, type Instance, isDownAt, newInstance, notFound } from "./database-instance.ts";
import { connectOrNot, newReplication } from "./database-links.ts";
import { type Door, interfaceOf, type NetworkAccess, type RdsDeps } from "./database-network.ts";
import { OpenSessions } from "./database-sessions.ts";
import { ParameterGroups } from "./rds-parameters.ts";
import type { Link, Replication } from "./replication.ts";
import type { Peer } from "./security-rules.ts";
import type {
  Connected,
  DatabaseEngine,
  DatabaseRef,
  DatabaseSession,
  OpenSession,
  Row,
  SessionOwner,
  WriteOutcome,
} from "./service.ts";
import { DEFAULT_VPC, type RdsSpec } from "./specs.ts";

type Refused = Exclude<WriteOutcome, { ok: true }>["reason"];

/** PostgreSQL's lag metric on an idle source: the age of the last commit, up to five minutes. */
const IDLE_LAG_LIMIT_SECONDS = 300;

/** All simulated databases with their rows: the data plane behind the RDS API. */
export class DatabaseFleet implements DatabaseEngine {
  readonly #world: World;
  readonly #network: NetworkAccess;
  readonly #idleSourceReadsAsLag: boolean;
  readonly #instances = new Map<string, Instance>();
  /** What stands behind the name of each instance of a region. */
  readonly #domains = new Map<string, string>();
  readonly #clusters = new Map<string, Cluster>();
  readonly #sessions: OpenSessions;
  readonly parameters: ParameterGroups;
  #readerTurn = 0;

  constructor(world: World, { network, keys }: RdsDeps, spec: RdsSpec) {
    this.#world = world;
    this.#network = network;
    this.#sessions = new OpenSessions(world.clock);
    this.#idleSourceReadsAsLag = spec.idleSourceReadsAsLag;
    this.parameters = new ParameterGroups(spec.parameterGroups);
    const random = world.random.fork("rds-resources");
    const nowMs = world.clock.now();
    const birth = { createdMs: nowMs - 200 * 86_400_000, random, keys };
    for (const database of spec.databases) {
      const instance = newInstance(database, keyFor(database, keys), birth);
      if (instance.source) instance.replication = this.#follow(instance, nowMs, database.lagSeconds * 1_000);
      this.add(instance);
    }
    for (const { source } of this.#instances.values()) if (source) this.require(source);
    for (const described of spec.clusters) {
      const cluster = newCluster(described, birth);
      this.#clusters.set(`${cluster.region}/${cluster.identifier}`, cluster);
      for (const { instance } of cluster.members) this.add(instance);
    }
    network.attach?.(() => this.instances.map(interfaceOf));
    connectOrNot(this.#instances.values(), this.#world);
    world.regions.onChange(() => connectOrNot(this.#instances.values(), this.#world));
  }

  get instances(): Instance[] {
    return [...this.#instances.values()];
  }

  find({ region, instance }: DatabaseRef): Instance | undefined {
    return this.#instances.get(`${region}/${instance.toLowerCase()}`);
  }

  /** Throws DBInstanceNotFound. */
  require(ref: DatabaseRef): Instance {
    const instance = this.find(ref);
    if (!instance) throw notFound(ref.instance);
    return instance;
  }

  vpcOf({ region, securityGroups: [group = ""] }: Instance): string {
    return this.#network.vpcOf?.(region, group) ?? DEFAULT_VPC;
  }

  get clusters(): Cluster[] {
    return [...this.#clusters.values()];
  }

  /** Throws DBClusterNotFoundFault. */
  requireCluster(region: string, identifier: string): Cluster {
    const cluster = this.#clusters.get(`${region}/${identifier.toLowerCase()}`);
    if (!cluster) throw clusterNotFound(identifier);
    return cluster;
  }

  clusterOf({ region, cluster }: Instance): Cluster | undefined {
    return cluster === undefined ? undefined : this.#clusters.get(`${region}/${cluster}`);
  }

  add(instance: Instance): void {
    const { region, endpoint, identifier } = instance;
    if (!this.#domains.has(region) && endpoint.startsWith(`${identifier}.`))
      this.#domains.set(region, endpoint.slice(identifier.length + 1));
    this.#instances.set(`${instance.region}/${instance.identifier}`, instance);
  }

  /** All instances of an account in a region share what stands behind their name: one that is built anew is found where the old one was. */
  endpointFor(region: string, identifier: string, domain: string): string {
    return `${identifier}.${this.#domains.get(region) ?? domain}`;
  }

  remove({ region, identifier }: Instance): void {
    this.#instances.delete(`${region}/${identifier}`);
  }

  replicasOf({ region, identifier }: Instance): Instance[] {
    return this.instances.filter(({ source }) => source?.region === region && source.instance === identifier);
  }

  locate(endpoint: string): DatabaseRef | undefined {
    const found = this.instances.find((instance) => instance.endpoint === endpoint);
    return found && { region: found.region, instance: found.identifier };
  }

  leadsTo(endpoint: string): string | undefined {
    const cluster = this.clusters.find(({ endpoints }) => Object.values(endpoints).includes(endpoint));
    if (!cluster) return undefined;
    if (endpoint === cluster.endpoints.writer) return cluster.named.endpoint;
    const readers = cluster.members.map((member) => member.instance).filter((one) => one !== cluster.named);
    const running = readers.filter((one) => !isDownAt(one, this.#world.clock.now()));
    // In turn; the writer serves readers where nobody else does.
    this.#readerTurn += 1;
    return (running[this.#readerTurn % Math.max(1, running.length)] ?? cluster.named).endpoint;
  }

  connect(ref: DatabaseRef, from?: Peer, owner: SessionOwner = { user: "application" }): Connected {
    const reason = this.#cut(ref) ?? this.#shut(ref, from);
    if (reason) return { ok: false, reason };
    return { ok: true, session: this.#sessions.open(ref, from, owner) };
  }

  openOn(ref: DatabaseRef): readonly OpenSession[] {
    return this.#sessions.on(this.require(ref));
  }

  end(session: Pick<DatabaseSession, "ref" | "id">): void {
    this.#sessions.end(session);
  }

  writeOver(session: DatabaseSession, row: Row): WriteOutcome {
    const { ref } = session;
    const cut = this.#cut(ref);
    if (cut) return { ok: false, reason: cut };
    const instance = this.require(ref);
    const nowMs = this.#world.clock.now();
    if (!this.#sessions.isOpen(session, instance)) return { ok: false, reason: "session-lost" };
    if (this.#isReadOnly(instance)) return { ok: false, reason: "read-only" };
    instance.commits.push({ id: row.id, atMs: nowMs });
    instance.rows.add(row.id);
    return { ok: true };
  }

  write(ref: DatabaseRef, row: Row, from?: Peer): WriteOutcome {
    const connected = this.connect(ref, from);
    if (!connected.ok) return connected;
    const outcome = this.writeOver(connected.session, row);
    this.end(connected.session);
    return outcome;
  }

  /** Why a write over a new session would fail now; undefined where it would be committed. */
  refusal(ref: DatabaseRef): Refused | undefined {
    return this.#cut(ref) ?? this.#shut(ref) ?? (this.#isReadOnly(this.require(ref)) ? "read-only" : undefined);
  }

  /** Nobody gets there, with a session or without. */
  #cut(ref: DatabaseRef): Refused | undefined {
    const instance = this.find(ref);
    if (!instance || instance.status === "creating") return "no-such-host";
    return this.#world.regions.isUnreachable(ref.region) ? "unreachable" : undefined;
  }

  /** Nobody gets in who is not in already. */
  #shut(ref: DatabaseRef, from?: Peer): Refused | undefined {
    const instance = this.require(ref);
    const door: Door = { port: engineOf(instance).port, from };
    if (!this.#network.allows(ref.region, instance.securityGroups, door)) return "connect-timeout";
    return isDownAt(instance, this.#world.clock.now()) ? "restarting" : undefined;
  }

  #isReadOnly(instance: Instance): boolean {
    return instance.source !== undefined || (this.clusterOf(instance)?.writer ?? instance) !== instance;
  }

  /** One that was deleted has none. */
  rows(ref: DatabaseRef): ReadonlySet<string> {
    return this.find(ref) ? this.caughtUp(ref).rows : new Set();
  }

  caughtUp(ref: DatabaseRef): Instance {
    const instance = this.require(ref);
    catchUp(instance, this.#upstream());
    return instance;
  }

  setReplication(ref: DatabaseRef, lag: number | Exclude<Link, "up">): void {
    const { replication } = this.require(ref);
    if (!replication || replication.hasEnded) throw new Error(`${ref.instance} in ${ref.region} is not a read replica`);
    this.require(ref).linkSetTo = typeof lag === "number" ? "up" : lag;
    if (typeof lag === "number") replication.change(this.#world.clock.now(), { lagMs: lag * 1_000 });
    connectOrNot(this.#instances.values(), this.#world);
  }

  /** Ends a replica's replication for good and says what the replica will never have. */
  stopReplication(replica: Instance, atMs: number): { lostRows: number; lastReplicatedCommitMs: number | null } {
    replica.replication?.end(atMs);
    catchUp(replica, this.#upstream());
    const onSource = sourceCommits(replica, this.#upstream());
    return {
      lostRows: onSource.length - replica.appliedCommits,
      lastReplicatedCommitMs: onSource[replica.appliedCommits - 1]?.atMs ?? null,
    };
  }

  /** Makes the replica an exact copy of its source as of now, from which it then follows. */
  seed(replica: Instance, atMs: number, lagMs: number): void {
    const commits = sourceCommits(replica, this.#upstream());
    for (const commit of commits) replica.commits.push(commit);
    for (const { id } of commits) replica.rows.add(id);
    replica.appliedCommits = commits.length;
    replica.replication = this.#follow(replica, atMs, lagMs);
    connectOrNot(this.#instances.values(), this.#world);
  }

  /**
   * `ReplicaLag` as RDS would have published it at `atMs`: seconds, -1 where replication is broken, undefined where
   * there is no sample (no replica, or its engine did not run).
   */
  replicaLagAt(ref: DatabaseRef, atMs: number): number | undefined {
    const replica = this.find(ref);
    const seconds = replica?.replication?.lagSecondsAt(atMs);
    if (!replica?.replication || seconds === undefined || isDownAt(replica, atMs)) return undefined;
    if (seconds === "broken") return -1;
    if (!this.#idleSourceReadsAsLag) return seconds;
    const positionMs = replica.replication.positionAt(atMs);
    const lastReplayed = sourceCommits(replica, this.#upstream()).findLast((commit) => commit.atMs <= positionMs);
    const idleSeconds = lastReplayed ? (atMs - lastReplayed.atMs) / 1_000 : IDLE_LAG_LIMIT_SECONDS;
    return Math.max(seconds, Math.min(IDLE_LAG_LIMIT_SECONDS, idleSeconds));
  }

  #follow(instance: Instance, atMs: number, lagMs: number): Replication {
    const { region } = instance;
    return newReplication(instance, { atMs, lagMs }, () =>
      this.parameters.netTimeoutMs(region, instance.parametersInForce),
    );
  }

  #upstream(): Upstream {
    return { find: (ref) => this.find(ref), nowMs: this.#world.clock.now() };
  }
}
