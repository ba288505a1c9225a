import type { Part } from "./fault-claims.ts";

const SESSIONS = "test/contracts/aws/sessions.test.ts";
const PROOFS = "test/contracts/aws/proofs.test.ts";
const WRONG_SECRETS = "test/scenarios/wrong-secrets.test.ts";
const REGIONS = "test/contracts/aws/regions.test.ts";
const ALARM_READER = "test/jobs/looks/alarm-reader.test.ts";
const SAID = "test/contracts/proofs-said.test.ts";
const STORE_PROOFS = "test/store/proofs.test.ts";

/** What AWS refuses TwoKey itself, and each proof, with the tests that make them fail. */
export const PROOF_FAULTS: Readonly<Record<string, Part>> = {
  "AWS, for TwoKey itself": {
    faults: {
      "STS of TwoKey's own region is dark": [[SESSIONS, "is stood in for by the next region's", "dark"]],
      "every STS is silent before the promotion": [
        [
          "test/engine/runs/credentials.test.ts",
          "that nobody hands out stop the run before it, and people are asked",
          "nobody hands out",
        ],
      ],
      "every STS is silent on a quiet day": [
        [
          PROOFS,
          "are asked for at the next region's STS where the first gives no answer, and with all of them silent nothing is known",
          "silent",
        ],
      ],
      "AccessDenied from STS: a role may not be assumed": [
        [SESSIONS, "of a role that may not be assumed are denied, not dark", "assumed"],
      ],
      "ExpiredToken: a session that ends": [
        [
          SESSIONS,
          "a session that soon ends is renewed, and the old one goes on counting while nobody hands out a new one",
          "renewed",
        ],
      ],
      "no credentials on this machine": [
        [WRONG_SECRETS, "is noticed within the hour and told to people, by the doctor too", "aws-identity"],
      ],
      "RequestTimeTooSkewed: the clock of the machine": [
        ["test/contracts/aws/judging.test.ts", "%s", "RequestTimeTooSkewed"],
      ],
      Throttling: [[REGIONS, "throttled and broken-off reads are repeated", "Throttling"]],
      "a dark region: nobody listens, or nobody answers": [
        [REGIONS, "a dark region is unreachable, at once the second time, and others are not touched", "dark"],
      ],
      "CloudWatch gives no answer": [
        [
          ALARM_READER,
          "guard dark alarms: while their region gives no answer they are unknown, people are told once",
          "gives no answer",
        ],
      ],
      "an SNS message is lost": [
        [
          ALARM_READER,
          "guard read again: an alarm whose message was lost opens its incident within five minutes, and pages once",
          "five minutes",
        ],
      ],
      "an SNS message is forged, replayed or a day old": [
        [
          "test/doors/webhooks/sns.test.ts",
          "$what has one line in the log and nothing in the queue",
          "line in the log",
        ],
      ],
      "wrong account or wrong region": [
        [WRONG_SECRETS, "is noticed within the hour and told to people, by the doctor too", "account"],
      ],
    },
  },
  "What is proven": {
    faults: {
      "redis-rights": [
        [
          STORE_PROOFS,
          "guard a right that is missing: are named where a user lacks them",
          "Redis does not let TwoKey use",
        ],
      ],
      "redis-sign-in": [
        [STORE_PROOFS, "are not known while Redis is away", "Redis gives no answer"],
        [
          "test/store/redis-password.test.ts",
          "guard next sign-in: a password that Redis refuses is wrong by its proof, though the open connection goes on",
          "Redis refuses the user or the password",
        ],
      ],
      "redis-settings": [
        [STORE_PROOFS, "a setting of Redis that somebody changes at run time is wrong from then on", "redis-settings"],
      ],
      "redis-scan": [
        [
          STORE_PROOFS,
          "guard scan alone: a user who may not SCAN lacks that alone, and it refuses no move",
          "Redis does not let TwoKey use",
        ],
        [STORE_PROOFS, "are not known while Redis is away", "Redis gives no answer"],
      ],
      "store-agrees": [
        [
          "test/store/ledger.test.ts",
          "the first to notice stops every other process, also one without a line",
          "it does not know this ledger",
        ],
        ["test/scenarios/redis-lost.test.ts", "Redis comes back empty in the middle of a run", "does not know this"],
      ],
      "ledger-disk": [
        [
          STORE_PROOFS,
          "a ledger's directory that is gone is wrong, in words of our own",
          "The ledger cannot be written to",
        ],
      ],
      "secret-files": [
        [
          "test/scenarios/changed-secrets.test.ts",
          "a new value that the vendor refuses is said at once, and what was there before goes on being used",
          "The value before it stays in use",
        ],
      ],
      "slack-bot-token": [
        [SAID, "%s: what people see of it is said word for word", "slack-bot-token"],
        [WRONG_SECRETS, "is noticed within the hour and told to people, by the doctor too", "token_revoked"],
      ],
      "slack-scopes": [
        [SAID, "%s: what people see of it is said word for word", "slack-scopes"],
        [WRONG_SECRETS, "is noticed within the hour and told to people, by the doctor too", "The bot token lacks"],
      ],
      "slack-alerts-channel": [
        [SAID, "%s: what people see of it is said word for word", "slack-alerts-channel"],
        [
          WRONG_SECRETS,
          "is found at the first post that Slack refuses, and people are woken for it, once",
          "slack-alerts-channel",
        ],
      ],
      "slack-app-token": [
        [SAID, "%s: what people see of it is said word for word", "slack-app-token"],
        [WRONG_SECRETS, "is noticed within the hour and told to people, by the doctor too", "slack-app-token"],
      ],
      "slack-signing-secret": [
        [
          SAID,
          "slack-signing-secret: no harmless call can show it, and people see that word for word",
          "slack-signing-secret",
        ],
      ],
      "pagerduty-routing-key": [
        [SAID, "%s: what people see of it is said word for word", "pagerduty-routing-key"],
        [WRONG_SECRETS, "is noticed within the hour and told to people, by the doctor too", "pagerduty-routing-key"],
      ],
      "pagerduty-api-token": [
        [SAID, "%s: what people see of it is said word for word", "pagerduty-api-token"],
        [WRONG_SECRETS, "is noticed within the hour and told to people, by the doctor too", "pagerduty-api-token"],
      ],
      "pagerduty-service": [
        [SAID, "%s: what people see of it is said word for word", "pagerduty-service"],
        [
          "test/contracts/pagerduty/service-proof.test.ts",
          "that rings nobody, or late, is wrong: %j",
          "pages with low urgency, which may ring nobody",
        ],
        [
          "test/contracts/pagerduty/service-proof.test.ts",
          "that rings nobody, or late, is wrong: %j",
          "is disabled: it rings nobody",
        ],
        [
          "test/contracts/pagerduty/service-proof.test.ts",
          "that rings nobody, or late, is wrong: %j",
          "may become part of an open incident and ring nobody",
        ],
      ],
      "pagerduty-webhooks": [
        [SAID, "%s: what people see of it is said word for word", "pagerduty-webhooks"],
        [
          "test/contracts/pagerduty/webhook-proof.test.ts",
          "that PagerDuty or somebody disabled is wrong until it is enabled again",
          "The webhook subscription",
        ],
      ],
      "mail-server": [
        [SAID, "mail-server: what people see of it is said word for word", "mail-server"],
        ["test/contracts/mail/mail.test.ts", "is wrong with another password, which nobody is told", "mail server"],
      ],
      "aws-identity": [
        [SAID, "%s: what people see of it is said word for word", "aws-identity"],
        [WRONG_SECRETS, "is noticed within the hour and told to people, by the doctor too", "aws-identity"],
      ],
      "aws-role": [
        [SAID, "%s: what people see of it is said word for word", "aws-role"],
        [WRONG_SECRETS, "is noticed within the hour and told to people, by the doctor too", "STS refuses the role"],
      ],
      "aws-observe-role": [
        [SAID, "%s: what people see of it is said word for word", "aws-observe-role"],
        [
          PROOFS,
          "each is told of by itself: the one that looks may be refused while the one that acts is taken",
          "aws-observe-role",
        ],
      ],
      "aws-role:…": [
        [SAID, "%s: what people see of it is said word for word", "aws-role:…"],
        [PROOFS, "of another account that is refused stops the moves of its services alone", "STS refuses the role"],
      ],
      "aws-account": [
        [SAID, "%s: what people see of it is said word for word", "aws-account"],
        [WRONG_SECRETS, "is noticed within the hour and told to people, by the doctor too", "aws-account"],
      ],
      "topic:…": [
        [SAID, "topic:…: what people see of it is said word for word", "topic:…"],
        [
          WRONG_SECRETS,
          "is noticed within the hour and told to people, by the doctor too",
          "TwoKey is not subscribed to",
        ],
      ],
      "write-check:…": [
        [
          WRONG_SECRETS,
          "is noticed within the hour and told to people, by the doctor too",
          "which is not one of the two agreed answers",
        ],
      ],
    },
  },
};
