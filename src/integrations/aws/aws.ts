import { ConfirmSubscriptionCommand } from "@aws-sdk/client-sns";
import { UserError } from "../../domain/errors.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Guard } from "../../ports/guard.ts";
import type { Proof } from "../../ports/proof.ts";
import { type Access, type AccountAws, type OpenedAccount, openAccount, type Way } from "./account.ts";
import { Answers } from "./answers.ts";
import { type CredentialOptions, ownIdentity } from "./credentials.ts";
import { type AwsProofWish, awsProofs } from "./proofs.ts";
import { Reachability } from "./reachability.ts";
import { type Pace, ReadPace } from "./read-pace.ts";
import { clientSettings, PATIENCE, type Patience, type Through } from "./settings.ts";

export type { Access, AccountAws, AwsPorts, GuardedAws, Naming } from "./account.ts";

export interface AwsOptions extends Access, CredentialOptions, Pick<Way, "looks"> {
  readonly clock: Pick<Clock, "now" | "speed" | "sleep">;
  /** Where all APIs are, instead of at AWS. */
  readonly endpoint?: string | undefined;
  readonly patience?: Patience | undefined;
  /** Connections through a proxy; absent, or undefined: directly. */
  readonly agent?: Through | undefined;
  /** How long reads take an endpoint that did not answer as silent, machine time. */
  readonly rememberSilenceMs?: number | undefined;
  /** How many reads may leave, world time. */
  readonly pace?: Pace | undefined;
}

/** The ordinary account, and through it the others. */
export interface Aws extends AccountAws {
  /** Another account, entered by its own roles from the same credentials and the same STS. */
  inAccount(access: Access): AccountAws;
  /** Confirms a subscription of the topic, in the topic's region. Throws as mutations do. */
  confirmSnsSubscription(topicArn: string, token: string): Promise<void>;
  /** How AWS as a whole answers this process. */
  readonly reach: Pick<Answers, "sinceAnswerMs" | "sinceFailureMs" | "askAgain" | "cutOff">;
  /** What shows that credentials, roles and topics are as the file says. */
  proofs(wish: AwsProofWish): readonly Proof[];
  close(): void;
}

/** Longer than a call may take, so that the one look that goes through is over before the next one does. */
const REMEMBER_SILENCE_MS = 10_000;

/** The adapters to AWS. Nothing is asked before it is needed. */
export function createAws(options: AwsOptions): Aws {
  const { stsRegion, otherSts, clock, looks } = options;
  const settings = clientSettings(options.endpoint, options.patience ?? PATIENCE, options.agent);
  // A dark region is dark for every account.
  const reachability = new Reachability(options.rememberSilenceMs ?? REMEMBER_SILENCE_MS);
  const answers = new Answers(undefined, () => reachability.forget());
  const way: Way = {
    ...{ stsRegion, otherSts, clock, looks },
    own: ownIdentity(options, settings),
    settings,
    answers,
    pace: new ReadPace(clock, options.pace),
    reachability,
  };
  const own = openAccount(way, options);
  const others = new Map<string, OpenedAccount>();
  return {
    ...own.aws,
    inAccount(access) {
      const { role, executeRole, managedPolicy } = access;
      const key = [role?.arn, role?.externalId, role?.sessionName, executeRole, managedPolicy].join(" ");
      const account = others.get(key) ?? openAccount(way, access);
      others.set(key, account);
      return account.aws;
    },
    reach: answers,
    confirmSnsSubscription: (topicArn, token) => confirm(own, topicArn, token),
    proofs: (wish) => awsProofs(wish, { own, asking: { ...way, stsRegions: [stsRegion, ...(otherSts ?? [])] } }),
    close: () => {
      for (const account of [own, ...others.values()]) account.close();
    },
  };
}

/** No run asks for it and no key is for it: a door confirms what the topic's owner has subscribed, whenever that comes. */
const ANY_TIME: Guard = { prove: async () => ({ holds: () => true }) };

async function confirm({ caller, hand }: OpenedAccount, topicArn: string, token: string): Promise<void> {
  const region = /^arn:aws[a-z-]*:sns:([a-z0-9-]+):\d{12}:/.exec(topicArn)?.[1];
  if (region === undefined) throw new UserError("topic-arn", `${topicArn} is not the ARN of an SNS topic`);
  const ask = { api: "sns", region, doing: `confirm the subscription of ${topicArn}` };
  const confirming = caller.guardedBy(ANY_TIME, hand);
  await confirming.act(async (requestIds) => {
    const command = new ConfirmSubscriptionCommand({
      TopicArn: topicArn,
      Token: token,
      AuthenticateOnUnsubscribe: "true",
    });
    await confirming.write(ask, requestIds, (acting, sendOptions) => acting.sns.in(region).send(command, sendOptions));
    return {};
  });
}
