import type { EndpointConfig } from "./route53-health-spec.ts";
import { XmlList } from "./service.ts";

export interface Probed {
  readonly status: number;
  /** As text. */
  readonly body: string;
}

/** Fetches a path from outside every region; undefined where nobody answers in time. */
export type OutsideProbe = (host: string, path: string) => Probed | undefined;

const CHECKER_REGIONS = ["us-east-1", "us-west-1", "us-west-2", "eu-west-1", "ap-southeast-1", "ap-northeast-1"];

interface Observed {
  readonly config: EndpointConfig;
  readonly last: Probed | undefined;
  readonly isPassing: boolean;
  readonly isObserved: boolean;
  readonly checkedMs: number;
}

/** What each checker says of it. */
export function observations({ config, last, isPassing, isObserved, checkedMs }: Observed): Record<string, unknown> {
  const StatusReport = {
    Status: reportOf(config, isObserved ? last : isPassing ? ANSWERED : undefined),
    CheckedTime: new Date(checkedMs).toISOString(),
  };
  const entries = CHECKER_REGIONS.map((Region, index) => ({ Region, IPAddress: `192.0.2.${index + 1}`, StatusReport }));
  return { HealthCheckObservations: new XmlList("HealthCheckObservation", entries) };
}

/** Before anybody has asked. */
const ANSWERED: Probed = { status: 200, body: "" };

function reportOf(config: EndpointConfig, last: Probed | undefined): string {
  if (last === undefined) return "Failure: Connection timed out. The endpoint or the internet connection is down.";
  if (config.Type === "TCP") return "Success: TCP connection was established.";
  const { status } = last;
  const isFound = last === ANSWERED || isGood(config, last);
  const missing = hasGoodStatus(last) && !isFound ? ". The response body does not have the search string" : "";
  return `${isFound ? "Success" : "Failure"}: HTTP Status Code ${status}${status === 200 ? ", OK" : ""}${missing}`;
}

/** How much of a body is looked through. */
const SEARCHED_BYTES = 5_120;

export function isGood(config: EndpointConfig, last: Probed | undefined): boolean {
  if (last === undefined || config.Type === "TCP") return last !== undefined;
  if (!("SearchString" in config)) return hasGoodStatus(last);
  const searched = Buffer.from(last.body).subarray(0, SEARCHED_BYTES).toString();
  return hasGoodStatus(last) && searched.includes(config.SearchString);
}

const hasGoodStatus = ({ status }: Probed): boolean => status >= 200 && status < 400;
