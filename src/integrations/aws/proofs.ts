import { ListSubscriptionsByTopicCommand } from "@aws-sdk/client-sns";
import { z } from "zod";
import { chainOf } from "../../domain/errors.ts";
import type { NeededBy, Proven } from "../../domain/proof.ts";
import { whyNoAnswer } from "../../domain/untrusted.ts";
import { OK, type Proof } from "../../ports/proof.ts";
import type { OpenedAccount } from "./account.ts";
import type { Asking, Role } from "./credentials.ts";
import { CallFailed, classify } from "./errors.ts";
import { whoseRole } from "./session-policy.ts";
import { accountOf, sessionForNothing } from "./who.ts";

export interface RoleProof {
  /** `role`, `observe-role`, or the ARN of a role in another account. */
  readonly id: string;
  readonly role: Role;
  readonly neededBy: NeededBy;
}

/** What the file says, as it is at this moment. */
export interface AwsProofWish {
  readonly account: string;
  /** The first one acts in the account of the file; none: TwoKey's own credentials do. */
  readonly roles: readonly RoleProof[];
  readonly topics: readonly string[];
}

export interface AwsProofSources {
  readonly asking: Asking;
  /** Looks in the ordinary account. */
  readonly own: OpenedAccount;
}

/** STS is asked who we are, each role is assumed for nothing, and each topic is asked in its region who is subscribed. */
export function awsProofs(wish: AwsProofWish, sources: AwsProofSources): readonly Proof[] {
  const { asking } = sources;
  return [
    {
      ...{ id: "aws-identity", proves: "STS takes TwoKey's own credentials", neededBy: "every move" },
      prove: () => judged(async () => void (await accountOf(await asking.own(), asking)), OWN),
    },
    ...wish.roles.map((each) => proofOfRole(each, asking)),
    {
      ...{ id: "aws-account", proves: "TwoKey acts in the account that aws.account names", neededBy: "every move" },
      prove: () => proveAccount(wish, asking),
    },
    ...wish.topics.map((topic) => proofOfTopic(topic, sources)),
  ];
}

interface Words {
  readonly what: string;
  readonly instead: string;
}

const OWN: Words = {
  what: "STS refuses the AWS credentials of this machine, or there are none.",
  instead: "Give this machine its role or keys again, as in “AWS permissions” of the operations manual.",
};

const proofOfRole = ({ id, role, neededBy }: RoleProof, asking: Asking): Proof => ({
  ...{ id: `aws-${id}`, proves: `STS lets TwoKey assume ${role.arn}`, neededBy },
  prove: () =>
    judged(async () => void (await sessionForNothing(role, asking)()), {
      what: `STS refuses the role ${role.arn}.`,
      instead: "Let its trust policy name the identity of this machine, or mend the ARN in twokey.yaml.",
    }),
});

/** A role that is refused is told of by its own proof; here nobody could be asked. */
async function proveAccount({ account, roles }: AwsProofWish, asking: Asking): Promise<Proven> {
  const [acting] = roles;
  try {
    const identity = await (acting ? sessionForNothing(acting.role, asking) : asking.own)();
    const named = await accountOf(identity, asking);
    if (named === account) return OK;
    return {
      kind: "wrong",
      what: `STS says that TwoKey acts in the account ${named}, and aws.account names ${account}.`,
      instead: "Mend aws.account and the roles in twokey.yaml, or give this machine the identity of that account.",
    };
  } catch (error) {
    const { kind, byAws } = classify(error);
    const isRefused = kind === "auth" || kind === "refused";
    const why = isRefused ? "STS lets nobody in who could be asked" : "STS gives no answer";
    return { kind: "unknown", why: whyNoAnswer(chainOf(error), why), ...ifAnswered(byAws) };
  }
}

const HTTP = /^https?$/;
/** Where TwoKey takes in what SNS sends. */
const DOOR = /\/webhooks\/sns$/;
const Subscriptions = z.object({
  NextToken: z.string().optional(),
  Subscriptions: z
    .array(z.object({ SubscriptionArn: z.string(), Protocol: z.string(), Endpoint: z.string().default("") }))
    .default([]),
});
type Subscription = z.output<typeof Subscriptions>["Subscriptions"][number];

function proofOfTopic(topic: string, sources: AwsProofSources): Proof {
  const [, , , region = ""] = topic.split(":");
  return {
    ...{ id: `topic:${topic}`, proves: `alarms of ${topic} come to TwoKey`, neededBy: "no move" },
    prove: (signal) => proveTopic({ topic, region, signal }, sources),
  };
}

interface Topical {
  readonly topic: string;
  readonly region: string;
  readonly signal: AbortSignal;
}

async function proveTopic(about: Topical, { own }: AwsProofSources): Promise<Proven> {
  const { topic, region } = about;
  try {
    const ours = (await subscriptionsOf(about, own)).filter(
      ({ Protocol, Endpoint }) => HTTP.test(Protocol) && DOOR.test(Endpoint),
    );
    if (ours.some(({ SubscriptionArn }) => SubscriptionArn.startsWith("arn:"))) return OK;
    return ours.length > 0 ? unconfirmed(topic) : unsubscribed(topic);
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error;
    const { kind, met } = error.failure;
    if (met !== "answer")
      return { kind: "unknown", why: whyNoAnswer(chainOf(error), `SNS in ${region} gives no answer`) };
    if (kind === "absent") return gone(topic);
    const isAnswered = ifAnswered(error.failure.byAws);
    return kind === "auth" ? hidden(topic) : { kind: "unknown", why: `SNS in ${region} could not say`, ...isAnswered };
  }
}

async function subscriptionsOf({ topic, region, signal }: Topical, { caller, clients }: OpenedAccount) {
  const all: Subscription[] = [];
  const ask = { api: "sns", region, doing: `see who is subscribed to ${topic}`, signal };
  let NextToken: string | undefined;
  do {
    const command = new ListSubscriptionsByTopicCommand({ TopicArn: topic, ...(NextToken && { NextToken }) });
    const page = Subscriptions.parse(
      await caller.read(ask, (options) => clients.sns.in(region).send(command, options)),
    );
    all.push(...page.Subscriptions);
    ({ NextToken } = page);
  } while (NextToken !== undefined);
  return all;
}

const wrong = (what: string, instead: string): Proven => ({ kind: "wrong", what, instead });
const unsubscribed = (topic: string) =>
  wrong(
    `TwoKey is not subscribed to ${topic}: its alarms reach nobody here.`,
    "Subscribe https://<host>/webhooks/sns to it, with the protocol HTTPS.",
  );
const unconfirmed = (topic: string) =>
  wrong(
    `The subscription to ${topic} waits for its confirmation: its alarms reach nobody here.`,
    "Let SNS reach https://<host>/webhooks/sns from outside, then request the confirmation again.",
  );
const gone = (topic: string) =>
  wrong(`There is no topic ${topic}.`, "Make the topic, or take it out of alerts.topics.");
const hidden = (topic: string) =>
  wrong(
    `The role that looks may not see who is subscribed to ${topic}.`,
    "Print its policy again with twokey policy observe, and put that on the role.",
  );

const ifAnswered = (byAws: boolean | undefined) => (byAws === true ? ({ isAnswered: true } as const) : {});

/** Only an answer can be wrong. */
async function judged(ask: () => Promise<void>, words: Words): Promise<Proven> {
  try {
    await ask();
    return OK;
  } catch (error) {
    const { kind, byAws } = classify(error);
    if (kind === "auth" || kind === "refused") return { kind: "wrong", ...words };
    return { kind: "unknown", why: whyNoAnswer(chainOf(error), "STS gives no answer"), ...ifAnswered(byAws) };
  }
}

/** Roles of other accounts are told apart by their account. */
export const idOfRole = (arn: string): string => `role:${whoseRole(arn).account}:${arn.split("/").at(-1)}`;
