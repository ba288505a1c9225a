import type { IncomingHttpHeaders } from "node:http";
import { decodeQuery } from "./query-protocol.ts";
import { AwsError, type AwsService, type RestRequest, XmlList } from "./service.ts";
import { readXml, writeXml } from "./xml.ts";

export interface WireRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface WireAnswer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

export interface Decoded {
  readonly operation: string;
  readonly input: Record<string, unknown>;
}

/** One wire protocol, bound to the service that is spoken to. `decode` throws AwsError for what it cannot read. */
export interface Protocol {
  decode(request: WireRequest): Decoded;
  answer(operation: string, output: Readonly<Record<string, unknown>>, requestId: string): WireAnswer;
  refuse(error: AwsError, requestId: string): WireAnswer;
}

/** The protocol of this request: the service's own, but Query where an old client sends a JSON service a form. */
export function protocolFor(service: AwsService, headers: IncomingHttpHeaders): Protocol {
  switch (service.protocol) {
    case "json-1.0":
    case "json-1.1":
      return isForm(headers) ? query(service) : json(service.protocol, headers["x-amzn-query-mode"] === "true");
    case "query":
      return query(service);
    case "ec2":
      return ec2(service);
    case "rest-xml":
      return restXml(service);
    case "rest-json":
      return { ...json("json-1.1", false), decode: (request) => routed(service, request, undefined) };
  }
}

/** How to refuse before the service is known: unsigned requests and unknown services. */
export function anonymousProtocol(headers: IncomingHttpHeaders): Pick<Protocol, "refuse"> {
  if (headers["x-amz-target"] !== undefined) return json("json-1.1", false);
  return { refuse: (error, requestId) => errorResponse(error, requestId, "") };
}

function isForm(headers: IncomingHttpHeaders): boolean {
  return headers["content-type"]?.startsWith("application/x-www-form-urlencoded") ?? false;
}

function query(service: AwsService): Protocol {
  const xmlns = namespaceOf(service);
  return {
    decode: ({ body }) => actionOf(decodeQuery(body, "query")),
    answer: (operation, output, requestId) =>
      xml(
        200,
        requestId,
        `<${operation}Response${xmlns}>${writeXml(`${operation}Result`, output)}` +
          `${writeXml("ResponseMetadata", { RequestId: requestId })}</${operation}Response>`,
      ),
    refuse: (error, requestId) => errorResponse(error, requestId, xmlns),
  };
}

function ec2(service: AwsService): Protocol {
  return {
    decode: ({ body }) => actionOf(decodeQuery(body, "ec2")),
    answer: (operation, output, requestId) =>
      xml(200, requestId, writeXml(`${operation}Response`, { requestId, ...output }, namespaceOf(service))),
    refuse: (error, requestId) =>
      xml(
        error.status,
        requestId,
        writeXml("Response", {
          Errors: { Error: { Code: error.code, Message: error.message } },
          RequestID: requestId,
        }),
      ),
  };
}

function restXml(service: AwsService): Protocol {
  const xmlns = namespaceOf(service);
  return {
    decode: (request) => routed(service, request, parseBody(request.body)),
    // What is made is told with its place, in a header.
    answer: (operation, { Location, ...output }, requestId) => {
      const made = typeof Location === "string" ? { location: Location } : undefined;
      const answer = xml(made ? 201 : 200, requestId, writeXml(`${operation}Response`, output, xmlns));
      return { ...answer, headers: { ...answer.headers, ...made } };
    },
    refuse: (error, requestId) => errorResponse(error, requestId, xmlns),
  };
}

function routed(service: AwsService, request: WireRequest, body: RestRequest["body"]): Decoded {
  const found = service.route?.({
    method: request.method,
    // Route 53 answers both `/rrset` and `/rrset/`; routes only know the first.
    path: request.url.pathname.replace(/(?<=.)\/+$/, ""),
    query: request.url.searchParams,
    body,
  });
  if (!found) throw new AwsError("UnknownOperationException", `No ${request.method} ${request.url.pathname}`, 404);
  return found;
}

function json(version: "json-1.0" | "json-1.1", isQueryMode: boolean): Protocol {
  const headersOf = (requestId: string) => ({
    "content-type": `application/x-amz-${version}`,
    "x-amzn-requestid": requestId,
  });
  return {
    decode: ({ headers, body }) => {
      const operation = String(headers["x-amz-target"] ?? "").split(".")[1];
      if (!operation) throw new AwsError("UnknownOperationException", "The request has no X-Amz-Target");
      return { operation, input: parseJson(body) };
    },
    answer: (_operation, output, requestId) => ({
      status: 200,
      headers: headersOf(requestId),
      body: JSON.stringify(toJson(output)),
    }),
    refuse: (error, requestId) => ({
      status: error.status,
      headers: {
        ...headersOf(requestId),
        ...(isQueryMode ? { "x-amzn-query-error": `${error.code};${faultOf(error)}` } : {}),
      },
      body: JSON.stringify({ __type: error.code, message: error.message }),
    }),
  };
}

function actionOf(fields: Record<string, unknown>): Decoded {
  const { Action: action, Version: _version, ...input } = fields;
  if (typeof action !== "string") throw new AwsError("MissingAction", "The request has no Action");
  return { operation: action, input };
}

function parseBody(body: string): Record<string, unknown> | undefined {
  try {
    return readXml(body);
  } catch (cause) {
    throw new AwsError("InvalidInput", `Invalid XML: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

function parseJson(body: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(body === "" ? "{}" : body);
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return { ...parsed };
  } catch {
    // Falls through to the vendor's own answer.
  }
  throw new AwsError("SerializationException", "The body is not a JSON object");
}

/** Output members as JSON 1.0 and 1.1 carry them: lists as arrays, timestamps as epoch seconds. */
function toJson(value: unknown): unknown {
  if (value instanceof Date) return value.getTime() / 1000;
  if (value instanceof XmlList) return value.entries.map(toJson);
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, toJson(member)]));
}

function errorResponse(error: AwsError, requestId: string, xmlns: string): WireAnswer {
  const detail = { Type: faultOf(error), Code: error.code, Message: error.message };
  return xml(error.status, requestId, writeXml("ErrorResponse", { Error: detail, RequestId: requestId }, xmlns));
}

function faultOf(error: AwsError): "Sender" | "Receiver" {
  return error.status >= 500 ? "Receiver" : "Sender";
}

function namespaceOf(service: AwsService): string {
  return service.namespace === undefined ? "" : ` xmlns="${service.namespace}"`;
}

function xml(status: number, requestId: string, body: string): WireAnswer {
  return {
    status,
    headers: { "content-type": "text/xml", "x-amzn-requestid": requestId },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}`,
  };
}
