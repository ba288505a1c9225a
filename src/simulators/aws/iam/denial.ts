import { AwsError, type AwsService } from "../service.ts";
import type { Access, Judgement } from "./policy.ts";

export type Layer = "identity-based" | "session";

/** How each service says that somebody may not: code and HTTP status. */
const CODES: Readonly<Record<string, readonly [code: string, status: number]>> = {
  ec2: ["UnauthorizedOperation", 403],
  sns: ["AuthorizationError", 403],
};
const BY_PROTOCOL: Readonly<Record<AwsService["protocol"], readonly [code: string, status: number]>> = {
  query: ["AccessDenied", 403],
  ec2: ["UnauthorizedOperation", 403],
  "json-1.0": ["AccessDenied", 403],
  "json-1.1": ["AccessDeniedException", 400],
  "rest-xml": ["AccessDenied", 403],
  "rest-json": ["AccessDeniedException", 403],
};

export interface Denial {
  readonly who: string;
  readonly access: Access;
  readonly judgement: Exclude<Judgement, "allowed">;
  readonly layer: Layer;
}

/** In AWS's own words, which name action, resource and which policy it was. */
export function denialOf(service: Pick<AwsService, "name" | "protocol">, denial: Denial): AwsError {
  const [code, status] = CODES[service.name] ?? BY_PROTOCOL[service.protocol];
  const { who, access, judgement, layer } = denial;
  const { action, resource } = access;
  const because =
    judgement === "denied"
      ? `with an explicit deny in ${layer === "session" ? "a session" : "an identity-based"} policy`
      : `because no ${layer} policy allows the ${action} action`;
  const said = `User: ${who} is not authorized to perform: ${action} on resource: ${resource} ${because}`;
  return new AwsError(
    code,
    service.name === "ec2" ? `You are not authorized to perform this operation. ${said}` : said,
    status,
  );
}
