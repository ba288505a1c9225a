/** Node's codes and sentences for a certificate whose authority is not known here. */
const UNTRUSTED =
  /\b(?:SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT(?:_LOCALLY)?)\b|self-signed certificate|unable to (?:verify the first|get (?:local )?issuer) certificate/;

/** Why there was no answer, of what was said of a failure: that the certificate is not trusted, or else `otherwise`. */
export const whyNoAnswer = (said: string, otherwise: string): string =>
  UNTRUSTED.test(said)
    ? `the certificate that answers is not trusted here: name the file of your certificate authority in NODE_EXTRA_CA_CERTS, and restart TwoKey`
    : otherwise;
