import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import type { PipelineAnswer, PipelineAsk } from "../../commands/pipeline.ts";
import { chainOf, UserError } from "../../domain/errors.ts";
import type { Secret } from "../../domain/secret.ts";
import type { SignedRequest } from "../../ports/hints.ts";
import type { Logger } from "../../ports/logger.ts";
import { signatureFault } from "./pipeline-signature.ts";

const Body = z.strictObject({
  id: z.string().regex(/^[A-Za-z0-9._:/-]{1,128}$/, "must be 1 to 128 letters, digits or . _ : / -"),
  runbook: z.string().min(1).max(64),
  service: z.string().min(1).max(64),
  reason: z.string().trim().min(1, "must say why").max(300),
});

/** What only may be better next time is a 5xx. Everything that is not in the table is a conflict with how things stand. */
const STATUS_OF: Readonly<Record<string, number>> = {
  "service-unknown": 404,
  "runbook-unknown": 404,
  "runbook-needs-keys": 403,
  "store-lost": 503,
};
const CONFLICT = 409;

export interface PipelineOptions {
  /** Keys of that pipeline, asked for each request; none: there is no such pipeline. */
  readonly keysOf: (pipeline: string) => readonly Secret[];
  readonly ask: (ask: PipelineAsk) => Promise<PipelineAnswer>;
  /** Machine time. */
  readonly nowMs: () => number;
  readonly logger: Logger;
}

export interface PipelineReply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export type PipelineDoor = (pipeline: string, request: SignedRequest) => Promise<PipelineReply>;

/**
 * POST /webhooks/pipelines/<pipeline>. 202: its run, begun or found. 401: not signed by one of its keys, or not now. 400: the
 * body is not understood. 403, 404: not for pipelines, or not for this one. 409: something is in the way. 503: come again.
 */
export function createPipelineDoor({ keysOf, ask, nowMs, logger }: PipelineOptions): PipelineDoor {
  return async (pipeline, { headers, body }) => {
    const timestamp = headers["x-twokey-timestamp"];
    const signature = headers["x-twokey-signature"];
    const fault = signatureFault({ pipeline, timestamp, signature, body }, keysOf(pipeline), nowMs());
    if (fault !== undefined) {
      logger.warn({ pipeline: pipeline.slice(0, 64), reason: fault }, "Refused a request of a pipeline");
      return refusal(401, { error: "not-signed", says: "The signature or its time is not right." });
    }
    const read = Body.safeParse(jsonOf(body));
    if (!read.success) {
      const [issue] = read.error.issues;
      const says = `${issue?.path.join(".") || "body"}: ${issue?.message ?? "not understood"}`;
      return refusal(400, { error: "body-unclear", says });
    }
    try {
      const answer = await ask({ pipeline, ...read.data });
      logger.info({ pipeline, request: read.data.id, run: answer.plan }, "Took a request of a pipeline");
      return { status: 202, body: { ...answer } };
    } catch (error) {
      return refused(error, { pipeline, request: read.data.id }, logger);
    }
  };
}

function refused(error: unknown, about: Readonly<Record<string, string>>, logger: Logger): PipelineReply {
  if (error instanceof UserError) {
    logger.info({ ...about, code: error.code }, "Refused what a pipeline asked for");
    const { code, message, facts } = error;
    return refusal(STATUS_OF[code] ?? CONFLICT, { error: code, says: message, ...facts });
  }
  logger.error({ ...about, error: chainOf(error) }, "Could not take a request of a pipeline");
  return refusal(503, { error: "not-taken", says: "It could not be taken. Come again with the same id." });
}

interface Refusal {
  /** Stable. */
  readonly error: string;
  readonly says: string;
  /** What is in the way. */
  readonly run?: unknown;
}

const refusal = (status: number, refused: Refusal): PipelineReply => ({ status, body: { ...refused } });

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}

export const pipelineRoute =
  (door: PipelineDoor) =>
  (server: FastifyInstance): void => {
    server.post<{ Params: { pipeline: string } }>("/webhooks/pipelines/:pipeline", async (request, reply) => {
      const { status, body } = await door(request.params.pipeline, signedRequest(request));
      return reply.code(status).header("cache-control", "no-store").send(body);
    });
  };

const signedRequest = ({ headers, body }: Pick<FastifyRequest, "headers" | "body">): SignedRequest => ({
  headers,
  body: Buffer.isBuffer(body) ? body : Buffer.alloc(0),
});
