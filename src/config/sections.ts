import type { z } from "zod";
import type { TwoKeyFile } from "../domain/service/twokey-file.ts";
import { SERVICE, TWOKEY_FILE } from "./file-schema.ts";
import { childOf } from "./json-schema.ts";

export type Section = keyof TwoKeyFile;

/** Names that are defined, also by entries that the schema refuses: naming one of those is no mistake of its own. */
export interface Names {
  readonly people: readonly string[];
  readonly audiences: readonly string[];
  readonly pagers: readonly string[];
  readonly services: readonly string[];
  /** Every region that a service names. */
  readonly regions: readonly string[];
}

/** The parts of a file that could be read, each by itself, so that one bad line does not hide what is wrong elsewhere. */
export interface ReadableFile {
  readonly sections: { readonly [Name in Section]: TwoKeyFile[Name] | undefined };
  /** Undefined: the section is no block of named entries, so that nobody knows what it names. */
  readonly names: { readonly [Kind in keyof Names]: Names[Kind] | undefined };
}

export function readSections(value: unknown): ReadableFile {
  const read = <S extends z.ZodType>(name: Section, schema: S): z.infer<S> | undefined =>
    schema.safeParse(childOf(value, name)).data;
  const { shape } = TWOKEY_FILE;
  return {
    sections: {
      version: read("version", shape.version),
      organisation: read("organisation", shape.organisation),
      environment: read("environment", shape.environment),
      slack: read("slack", shape.slack),
      pagers: read("pagers", shape.pagers),
      aws: read("aws", shape.aws),
      redis: read("redis", shape.redis),
      people: read("people", shape.people),
      pipelines: read("pipelines", shape.pipelines),
      audiences: read("audiences", shape.audiences),
      approvals: read("approvals", shape.approvals),
      escalation: read("escalation", shape.escalation),
      alerts: read("alerts", shape.alerts),
      incidents: read("incidents", shape.incidents),
      services: readServices(childOf(value, "services")),
    },
    names: {
      people: keysOf(childOf(value, "people")),
      audiences: keysOf(childOf(value, "audiences")),
      pagers: keysOf(childOf(value, "pagers")),
      services: keysOf(childOf(value, "services")),
      regions: regionsIn(childOf(value, "services")),
    },
  };
}

/** Services are judged one by one: those that cannot be read are left out. */
function readServices(value: unknown): TwoKeyFile["services"] | undefined {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return undefined;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, service]) => {
      const read = SERVICE.safeParse(service);
      return read.success ? [[name, read.data] as const] : [];
    }),
  );
}

function regionsIn(services: unknown): readonly string[] | undefined {
  const named = keysOf(services)?.flatMap((name) => {
    const regions = childOf(childOf(services, name), "regions");
    return Array.isArray(regions) ? regions : [];
  });
  return named && [...new Set(named.filter((region): region is string => typeof region === "string"))];
}

function keysOf(value: unknown): readonly string[] | undefined {
  if (value === undefined) return [];
  return value !== null && typeof value === "object" && !Array.isArray(value) ? Object.keys(value) : undefined;
}
