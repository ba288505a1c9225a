import { NOT_TRIED, type Part } from "./fault-claims.ts";

const CHAT = "test/contracts/slack/chat.test.ts";
const LATE = "test/contracts/slack/late-cards.test.ts";
const ON_CARD = "test/contracts/pagers-on-card.test.ts";
const OUTBOX = "test/engine/delivery/outbox.test.ts";
const INCIDENT = "test/views/incident.test.ts";
const DOOR = "test/doors/slack/door.test.ts";
const LOST = "test/flows/incident/paging/lost-page.test.ts";
const PAGES = "test/flows/incident/paging/pages.test.ts";
const KEYS = "test/engine/approvals/keys.test.ts";
const PAGING = "test/contracts/pagerduty/paging.test.ts";
const MAIL = "test/flows/incident/paging/mail.test.ts";
const HINTS = "test/doors/webhooks/hints.test.ts";
const MAIL_MAIL = "test/contracts/mail/mail.test.ts";

/** What of the vendors can fail, each with the tests that make it happen. */
export const VENDOR_FAULTS: Readonly<Record<string, Part>> = {
  Slack: {
    judged: ["missing_scope"],
    faults: {
      "ratelimited: 429 with Retry-After": [
        [DOOR, "by itself is worth another try", "Not now: "],
        [LATE, "a card that Slack does not take is late, and the log says why: $what", "ratelimited"],
        [CHAT, "of Slack's rate limit carry its Retry-After", "ratelimited"],
      ],
      "more calls than Slack's limits leave room for": [
        [
          LATE,
          "more cards for one channel than Slack leaves room for are late, and the log says why",
          "Slack's rate limit leaves no room",
        ],
        [
          "test/integrations/slack/pacing.test.ts",
          "nobody waits longer than five seconds: the rest is told when to come again",
          "five seconds",
        ],
      ],
      "5xx, internal_error, fatal_error": [
        [LATE, "a card that Slack does not take is late, and the log says why: $what", "internal_error"],
        [CHAT, "of a post: %s", "internal_error"],
      ],
      "no answer in time, or a connection that is cut": [
        ["test/integrations/slack/classify.test.ts", "$what", "no answer in time"],
        [OUTBOX, "after a lost answer the message is found again, and shows what is true now", "one message"],
      ],
      "service_unavailable, request_timeout": [
        [LATE, "a card that Slack does not take is late, and the log says why: $what", "service_unavailable"],
        [CHAT, "of a post: %s", "service_unavailable"],
      ],
      "channel_not_found, not_in_channel": [
        [
          LATE,
          "a channel that TwoKey cannot see is named in the log, and after five tries in the alerts channel",
          "the bot cannot see this channel",
        ],
        [CHAT, "that cannot be invited to are an error, not a list of people", "channel_not_found"],
      ],
      is_archived: [
        [LATE, "a card that Slack does not take is late, and the log says why: $what", "is_archived"],
        [CHAT, "of a post: %s", "is_archived"],
        [
          OUTBOX,
          "guard refused card: a card that the chat refuses again and again is said once, with why, and goes out when it is taken",
          "the channel is archived",
        ],
      ],
      name_taken: [[CHAT, "whose name is somebody else's, or ours for another key, get a suffix", "suffix"]],
      "restricted_action: nobody lets TwoKey open a channel": [
        [
          "test/flows/incident/comms/no-channel.test.ts",
          "somebody who declared an incident is told, alone and before the room is",
          "restricted_action",
        ],
      ],
      "cant_invite and other refusals of one person": [
        [CHAT, "take everybody who can come in and tell why others cannot", "cant_invite"],
      ],
      missing_scope: [[INCIDENT, "shows what did not work", "missing_scope"]],
      "invalid_auth, token_revoked, account_inactive": [
        [
          LATE,
          "a token that Slack does not accept is named in the log, with what to mend",
          "the bot token is not accepted",
        ],
        [CHAT, "say which setting to mend", "invalid_auth"],
      ],
      "socket drop, or refresh_requested": [[DOOR, "is there again when it was %s", "refresh_requested"]],
      "whole outage: Slack dark": [
        ["test/scenarios/failover.test.ts", "with Slack dark after the second key the run finishes", "Slack dark"],
        [PAGES, "with Slack dark the pages go out all the same", "Slack dark"],
        [
          "test/jobs/looks/silence-guard.test.ts",
          "guard slack away: is told once by the pager, with where the truth is, and so is its end",
          "Rooms and cards stand still",
        ],
      ],
      "whole outage, then catch-up": [
        [
          "test/flows/incident/comms/updates.test.ts",
          "after two hours away one late update goes out at once",
          "late update",
        ],
        [OUTBOX, "many requests are one message with the newest state", "newest state"],
      ],
      "users.info silent while a key is turned": [[KEYS, "with Slack silent nobody's key is turned", "silent"]],
      "the user group of approvers cannot be read": [[KEYS, "a group that cannot be read lets nobody turn", "group"]],
      "an event that is delivered twice": [[DOOR, "pressed once but delivered twice turns one key", "delivered twice"]],
      "events that come late or out of order: a button that is too old": [
        [DOOR, "a button is answered to the presser alone, and asks for nothing", "too old"],
      ],
      "a command that takes longer than 3 s": [
        [DOOR, "that takes long is acknowledged in time, and its answer follows", "Working on it …"],
      ],
      "expired_trigger_id: a form that does not open any more": [
        [DOOR, "that Slack does not open any more is told to the asker", "not open"],
      ],
      "an answer that Slack takes neither by its response URL nor as a message": NOT_TRIED,
      "another team, or a stranger of a shared channel": [
        [DOOR, "of somebody in another team is turned away", "TwoKey answers only its own team."],
      ],
      "signed HTTP: a wrong signature, an old timestamp, a replay": [
        [
          "test/doors/slack/signed-http.test.ts",
          "an altered body, a missing or a malformed timestamp are refused",
          "timestamp",
        ],
      ],
    },
  },
  PagerDuty: {
    pager: "pagerduty",
    judged: ["PagerDuty is away while a run needs people"],
    faults: {
      "429 with headers": [
        [ON_CARD, "PagerDuty, $fault: the incident's card and channel say it word for word", "429 with headers"],
        [PAGING, "a 429 is retried when its headers say so", "429"],
      ],
      "429 without headers": [
        [PAGING, "a REST 429 with neither headers nor body is retried after half a minute", "429"],
      ],
      "our own limit below PagerDuty's": [
        [
          ON_CARD,
          "PagerDuty, $fault: the incident's card and channel say it word for word",
          "our own limit below PagerDuty's",
        ],
        [PAGING, "a storm stays below PagerDuty's limit, and the last fifth is kept for sev1", "the last fifth"],
      ],
      "400 and other refusals of a page": [
        [
          ON_CARD,
          "PagerDuty, $fault: the incident's card and channel say it word for word",
          "400 and other refusals of a page",
        ],
        [
          PAGES,
          "a refused trigger is written to the people directly, told in the channel and tried again",
          "accepted nothing",
        ],
        [PAGING, "wrong credentials are a refusal", "400"],
      ],
      "5xx in the middle of a list": [
        [
          INCIDENT,
          "an on-call answer that is missing is not made up, and an empty rotation is said loudly",
          "Who is on call is not known: ",
        ],
        [PAGING, "is not told in part when a later page fails with %i", "on call"],
      ],
      "reset in the middle of an answer (drop-after)": [
        [
          ON_CARD,
          "PagerDuty, $fault: the incident's card and channel say it word for word",
          "reset in the middle of an answer (drop-after)",
        ],
        [PAGING, "a lost answer is unknown, and the same page again changes nothing", "drop-after"],
      ],
      hang: [
        [ON_CARD, "PagerDuty, $fault: the incident's card and channel say it word for word", "hang"],
        [PAGING, "%s ends by itself: a page is unknown, a read may be repeated", "no answer from PagerDuty in time"],
      ],
      "HTML body of a gateway, status 502": [
        [
          ON_CARD,
          "PagerDuty, $fault: the incident's card and channel say it word for word",
          "HTML body of a gateway, status 502",
        ],
        [PAGING, "%s leaves a page unknown and a read to be repeated", "502"],
      ],
      "an answer of an unknown shape": [
        [
          ON_CARD,
          "PagerDuty, an answer of an unknown shape: where the answer was needed it is said what was not known of it",
          "an answer of an unknown shape",
        ],
      ],
      "nobody listens: DNS or network": [
        [
          ON_CARD,
          "PagerDuty, nobody listens: DNS or network: the incident's card and channel say it word for word",
          "nobody listens: DNS or network",
        ],
        [PAGING, "where nobody listens, nothing was sent: again soon", "nobody listens"],
        [MAIL, "has its people told by mail as well, after 30 s, whatever Slack does", "told by mail as well"],
      ],
      "202, and no incident of it": [
        [
          ON_CARD,
          "PagerDuty, $fault: the incident's card and channel say it word for word",
          "202, and no incident of it",
        ],
        [PAGING, "an accepted page that reached nobody shows no evidence", "shows no"],
        [
          LOST,
          "is said in the room once, and its people are written to directly, with %s as the driver",
          "took the page",
        ],
        [LOST, "is not called paged: its page is unclear until PagerDuty shows it", "shows no incident"],
      ],
      "202, an incident, and no telephone rings": [
        [LOST, "guard nobody rung: is said in the room after a minute", "whom it has rung"],
      ],
      "202, and rings two hours late": NOT_TRIED,
      "duplicate webhooks": [
        [
          "test/app/doors.test.ts",
          "a webhook of a pager has its incident read once, however often it comes, and one from before our memory not at all",
          "webhook",
        ],
      ],
      "acknowledge and resolve in another order": [
        [
          PAGES,
          "guard both directions: what the pager shows as triggered again, without a word of why, is answered by nobody any more",
          "acknowledge",
        ],
      ],
      "webhooks disabled": [
        [
          PAGES,
          "guard pager read: how it stands at the pager is read every ten seconds until somebody answers, and then every minute",
          "every ten seconds until somebody answers",
        ],
      ],
      "the secret of the webhooks is another one": [
        [
          "test/app/doors.test.ts",
          "a webhook of a pager that another secret has signed is refused, and the log says which variable to check",
          "was not signed with our secret",
        ],
        [HINTS, "that is not signed by us is refused with one line and raises the alarm", "not signed"],
      ],
      "a webhook that cannot be kept": [[HINTS, "that cannot be kept is asked for again", "that cannot be kept"]],
      "EU account, US host": NOT_TRIED,
      "the acknowledgement or the end is not taken": [
        [PAGES, "a pager that still has the incident open a minute after is told again", "still has the incident open"],
      ],
      "an acknowledgement that PagerDuty takes back": [
        [
          PAGES,
          "an answer that the pager takes back is none: everybody is paged again, until somebody answers again",
          "takes back",
        ],
      ],
      "acknowledged at PagerDuty by somebody who is no responder of the file": [
        [PAGES, "an answer at the pager counts from a listed responder, and only from one", "responder"],
      ],
      "closed at PagerDuty, open here": [
        [PAGES, "closed at the pager but open here: what is paged next uses a key of its own", "open here"],
      ],
      "nobody is on call": [
        [
          "test/views/status.test.ts",
          "says that nobody answers for the on-call list, and never that nobody is on call",
          "On call: nobody.",
        ],
        [
          INCIDENT,
          "an on-call answer that is missing is not made up, and an empty rotation is said loudly",
          "Nobody is on call for",
        ],
      ],
      "a person who is no responder there, or an account without responders": [
        [
          ON_CARD,
          "PagerDuty, $fault: the incident's card and channel say it word for word",
          "a person who is no responder there, or an account without responders",
        ],
        [PAGING, "who do not exist are refused with PagerDuty's code", "refused"],
      ],
      "PagerDuty is away while a run needs people": [
        [
          "test/jobs/looks/store-guard.test.ts",
          "guard lost store called again: a call that the pager refused is made again, until it is accepted",
          "a call that the pager refused",
        ],
      ],
    },
  },
  Mail: {
    pager: "mail",
    faults: {
      "421, 450: busy, or greylisting": [
        [ON_CARD, "Mail, $fault: the incident's card says it word for word", "421, 450: busy, or greylisting"],
        [MAIL_MAIL, "that $what", "450"],
      ],
      "550, 554: no such person, refused text": [
        [ON_CARD, "Mail, $fault: the incident's card says it word for word", "550, 554: no such person, refused text"],
        [MAIL_MAIL, "that $what", "550"],
      ],
      "EAUTH: user or password": [
        [ON_CARD, "Mail, $fault: the incident's card says it word for word", "EAUTH: user or password"],
        [MAIL_MAIL, "is wrong with another password, which nobody is told", "password"],
      ],
      "silence or a cut after the text (hang-after)": [
        [
          ON_CARD,
          "Mail, $fault: the incident's card says it word for word",
          "silence or a cut after the text (hang-after)",
        ],
        [MAIL_MAIL, "that $what", "hang-after"],
      ],
      "no connection: nothing was sent": [
        [ON_CARD, "Mail, $fault: the incident's card says it word for word", "no connection: nothing was sent"],
        [MAIL_MAIL, "that is not there: nothing was sent, again soon", "nothing was sent"],
      ],
      "no STARTTLS, or a certificate that nobody trusts": [
        [MAIL_MAIL, "is never made without encryption where the file asks for it", "STARTTLS"],
      ],
      "every pager refuses, and mail alone is left": [
        [
          MAIL,
          "has its people told by mail as well, after 30 s, whatever Slack does",
          "told; it cannot be answered there",
        ],
      ],
    },
  },
};
