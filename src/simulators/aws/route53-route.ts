import { AwsError, type AwsService, type RestRequest } from "./service.ts";

type Routed = ReturnType<NonNullable<AwsService["route"]>>;
type Fields = Readonly<Record<string, unknown>>;

interface Route {
  readonly method: string;
  readonly path: RegExp;
  readonly operation: string;
  readonly input: (id: string, request: RestRequest) => Record<string, unknown>;
}

const ROUTES: readonly Route[] = [
  { method: "POST", path: /^hostedzone\/([^/]+)\/rrset$/, operation: "ChangeResourceRecordSets", input: changeInput },
  { method: "GET", path: /^hostedzone\/([^/]+)\/rrset$/, operation: "ListResourceRecordSets", input: listInput },
  { method: "GET", path: /^change\/([^/]+)$/, operation: "GetChange", input: (Id) => ({ Id }) },
  { method: "GET", path: /^hostedzone$/, operation: "ListHostedZones", input: pageInput },
  { method: "GET", path: /^hostedzonesbyname$/, operation: "ListHostedZonesByName", input: byNameInput },
  { method: "GET", path: /^hostedzone\/([^/]+)$/, operation: "GetHostedZone", input: (Id) => ({ Id }) },
  { method: "DELETE", path: /^hostedzone\/([^/]+)$/, operation: "DeleteHostedZone", input: (Id) => ({ Id }) },
  {
    method: "DELETE",
    path: /^healthcheck\/([^/]+)$/,
    operation: "DeleteHealthCheck",
    input: (id) => ({ HealthCheckId: id }),
  },
  {
    method: "POST",
    path: /^healthcheck$/,
    operation: "CreateHealthCheck",
    input: (_id, { body }) => {
      const wanted = content(body, "CreateHealthCheckRequest");
      return { ...wanted, HealthCheckConfig: withChildren(fields(wanted["HealthCheckConfig"])) };
    },
  },
  { method: "GET", path: /^healthcheck$/, operation: "ListHealthChecks", input: pageInput },
  {
    method: "GET",
    path: /^healthcheck\/([^/]+)$/,
    operation: "GetHealthCheck",
    input: (id) => ({ HealthCheckId: id }),
  },
  {
    method: "GET",
    path: /^healthcheck\/([^/]+)\/status$/,
    operation: "GetHealthCheckStatus",
    input: (id) => ({ HealthCheckId: id }),
  },
  {
    method: "POST",
    path: /^healthcheck\/([^/]+)$/,
    operation: "UpdateHealthCheck",
    input: (id, request) => ({
      ...withChildren(content(request.body, "UpdateHealthCheckRequest")),
      HealthCheckId: id,
    }),
  },
];

/** Both `/rrset` (JavaScript SDK) and `/rrset/` (boto, CLI) reach the same operation. */
export function routeRequest(request: RestRequest): Routed {
  const path = request.path.replace(/^\/2013-04-01\//, "").replace(/\/$/, "");
  for (const route of ROUTES) {
    const match = route.method === request.method ? route.path.exec(path) : null;
    if (match) return { operation: route.operation, input: route.input(decoded(match[1] ?? ""), request) };
  }
  return undefined;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new AwsError("InvalidInput", `The path is not percent-encoded: ${part}`);
  }
}

function pageInput(_id: string, { query }: RestRequest): Record<string, unknown> {
  return fromQuery(query, { marker: "Marker", maxitems: "MaxItems" });
}

function byNameInput(_id: string, { query }: RestRequest): Record<string, unknown> {
  return fromQuery(query, { dnsname: "DNSName", hostedzoneid: "HostedZoneId", maxitems: "MaxItems" });
}

function listInput(id: string, { query }: RestRequest): Record<string, unknown> {
  const members = { name: "StartRecordName", type: "StartRecordType", identifier: "StartRecordIdentifier" };
  return { HostedZoneId: id, ...fromQuery(query, { ...members, maxitems: "MaxItems" }) };
}

function fromQuery(query: URLSearchParams, members: Readonly<Record<string, string>>): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (const [parameter, member] of Object.entries(members)) {
    const value = query.get(parameter);
    if (value !== null) input[member] = value;
  }
  return input;
}

function changeInput(id: string, { body }: RestRequest): Record<string, unknown> {
  const batch = fields(content(body, "ChangeResourceRecordSetsRequest")["ChangeBatch"]);
  const changes = list(batch["Changes"], "Change").map((change) => ({
    ...change,
    ResourceRecordSet: recordSet(fields(change["ResourceRecordSet"])),
  }));
  return { HostedZoneId: id, ChangeBatch: { ...batch, Changes: changes } };
}

function recordSet(set: Fields): Fields {
  return set["ResourceRecords"] === undefined
    ? set
    : { ...set, ResourceRecords: list(set["ResourceRecords"], "ResourceRecord") };
}

/** The checks that a calculated one counts, as a plain list. */
function withChildren(settings: Fields): Fields {
  const { ChildHealthChecks: children, ...others } = settings;
  if (children === undefined) return settings;
  const inner = Array.isArray(children) ? children : fields(children)["ChildHealthCheck"];
  return { ...others, ChildHealthChecks: [inner ?? []].flat() };
}

/** The members inside the root element, whether or not the parser kept the root. */
function content(body: Fields | undefined, root: string): Fields {
  return body && root in body ? fields(body[root]) : (body ?? {});
}

/** XML does not tell a list of one from a single element. */
function list(wrapper: unknown, element: string): Fields[] {
  if (Array.isArray(wrapper)) return wrapper.map(fields);
  const inner = fields(wrapper)[element];
  if (inner === undefined) return [];
  return (Array.isArray(inner) ? inner : [inner]).map(fields);
}

function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}
