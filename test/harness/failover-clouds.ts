import { cloudsOf, rolesOf } from "../../src/app/clouds.ts";
import { otherSts } from "../../src/app/sts-order.ts";
import type { Settings } from "../../src/config/environment.ts";
import type { Inventory } from "../../src/domain/service/inventory.ts";
import type { Region } from "../../src/domain/service/service.ts";
import { LOOK_ACTIONS } from "../../src/flows/resources/looks.ts";
import { createAws } from "../../src/integrations/aws/aws.ts";
import { databaseSessions } from "../../src/integrations/databases/sessions.ts";
import { createProbe } from "../../src/integrations/network/probe.ts";
import type { StampedClock } from "../../src/ports/clock.ts";
import type { WholeWorld } from "../../src/simulators/whole-world.ts";
import type { FailoverWorldOptions } from "./failover-spec.ts";
import { UNASKED } from "./fakes/index.ts";

/** Machine time that an endpoint is given, unless a test waits for silent ones: long enough for a busy machine. */
const ANSWER_WITHIN_MS = 4_000;

interface CloudSources extends Pick<FailoverWorldOptions, "answerWithinMs"> {
  readonly whole: WholeWorld;
  readonly settings: Settings;
  readonly inventory: Inventory;
  readonly clock: StampedClock;
}

/** As `app/clouds` composes it for a run, with the world's own credentials instead of those of this process. */
export function cloudsIn({ whole, settings, inventory, clock, answerWithinMs = ANSWER_WITHIN_MS }: CloudSources) {
  const { sandbox } = settings;
  if (!sandbox) throw new Error("the environment leads into a world");
  const { AWS_ACCESS_KEY_ID: accessKeyId = "", AWS_SECRET_ACCESS_KEY: secretAccessKey = "" } = whole.env;
  const way = {
    ...{ stsRegion: inventory.file.aws.sts, otherSts: otherSts(inventory), clock, endpoint: sandbox.awsEndpointUrl },
    credentials: { accessKeyId, secretAccessKey },
    looks: LOOK_ACTIONS,
    patience: { connectMs: 1_000, answerMs: answerWithinMs },
    rememberSilenceMs: answerWithinMs,
  };
  const aws = createAws({ ...way, ...rolesOf(inventory.file, "test") });
  const elsewhere = createAws({ ...way, ...rolesOf(inventory.file, "test") });
  // Somebody with administrator's keys.
  const anybody = createAws(way);
  const addresses = (servers: readonly { host: string; port: number }[]) =>
    servers.map(({ host, port }) => `${host}:${port}`);
  const probe = createProbe({
    dnsServers: addresses(sandbox.dnsServers),
    authoritativeServers: addresses(sandbox.nameServers),
    connect: sandbox.connectMap,
  });
  const { databases: passwords } = settings;
  const sessions = databaseSessions({ passwords, connect: sandbox.connectMap, now: () => clock.now() });
  return {
    reach: aws.reach,
    cloudOf: (stsRegions?: readonly Region[]) =>
      cloudsOf({ open: () => aws, probe, clock, sessions })({ sessionName: "dr-F-1", stsRegions }),
    elsewhere: cloudsOf({ open: () => elsewhere, probe, clock, sessions })({ sessionName: "dr-F-1" }),
    others: cloudsOf({ open: () => anybody, probe, clock, sessions })(undefined).guardedBy(UNASKED, []),
    close: () => {
      aws.close();
      elsewhere.close();
      anybody.close();
      void sessions.close();
    },
  };
}
