/** What a signed request says about itself. The signature is not recomputed: the simulator holds no real secret. */
export interface CredentialScope {
  readonly accessKeyId: string;
  readonly region: string;
  /** Signing name: `rds`, `monitoring`, `elasticloadbalancing` … */
  readonly service: string;
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/,\s]+)\/\d{8}\/([a-z0-9-]+)\/([a-z0-9-]+)\/aws4_request,\s*SignedHeaders=[^,]+,\s*Signature=[0-9a-f]{64}$/;

/** The credential scope of a SigV4 `Authorization` header, or undefined where the request is not signed. */
export function readCredentialScope(authorization: string | undefined): CredentialScope | undefined {
  const [, accessKeyId, region, service] = AUTHORIZATION.exec(authorization ?? "") ?? [];
  if (accessKeyId === undefined || region === undefined || service === undefined) return undefined;
  return { accessKeyId, region, service };
}
