/** Node's codes and sentences for a certificate whose authority is not known here. */
export const UNTRUSTED =
  /\b(?:SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT(?:_LOCALLY)?)\b|self-signed certificate|its certificate is not trusted here|unable to (?:verify the first|get (?:local )?issuer) certificate/;

/** Our own words for a connection that a proxy did not make. */
const BY_PROXY = /\bthe proxy (?:answered \d+ to CONNECT|did not answer CONNECT in [\d.]+ s|cannot be reached)/;

/** Why there was no answer, of what was said of a failure: a certificate that is not trusted, the proxy, or else `otherwise`. */
export function whyNoAnswer(said: string, otherwise: string): string {
  if (UNTRUSTED.test(said))
    return `the certificate that answers is not trusted here: name the file of your certificate authority in NODE_EXTRA_CA_CERTS, and restart TwoKey`;
  const ofProxy = proxyIn(said);
  return ofProxy === undefined ? otherwise : `${ofProxy}: check HTTPS_PROXY and HTTP_PROXY, and what the proxy allows`;
}

/** What a failure says of the proxy; undefined: nothing. */
export const proxyIn = (said: string): string | undefined => BY_PROXY.exec(said)?.[0];
