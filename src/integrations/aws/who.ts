import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { type Asking, type Identity, type IdentitySource, type Role, sessionIdentity } from "./credentials.ts";
import { classify } from "./errors.ts";
import { withoutLog } from "./without-log.ts";

/** What the session of a proof may do: nothing. Who it is nobody can be denied to ask. */
const NOTHING = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Deny", Action: "*", Resource: "*" }],
});

/** A new session of the role that may do nothing at all; every call asks STS again. Throws as STS does. */
export const sessionForNothing = (role: Role, asking: Asking): IdentitySource =>
  sessionIdentity({ ...role, policy: NOTHING }, asking);

/** The account that STS names for these credentials. The next region's STS is asked where one gives no answer. Throws as STS does. */
export async function accountOf(credentials: Identity, { settings, stsRegions }: Asking): Promise<string> {
  let silence: unknown;
  for (const region of stsRegions) {
    const client = withoutLog(new STSClient({ ...settings, region, credentials }));
    try {
      return (await client.send(new GetCallerIdentityCommand({}))).Account ?? "";
    } catch (error) {
      if (classify(error).met === "answer") throw error;
      silence = error;
    } finally {
      client.destroy();
    }
  }
  throw silence;
}
