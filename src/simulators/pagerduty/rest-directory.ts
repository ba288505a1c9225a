import type { Directory } from "./directory.ts";
import { notificationJson, onCallJson, policyJson, serviceJson, userJson } from "./render.ts";
import {
  listParameter,
  notFound,
  page,
  type RestAnswer,
  type RestCall,
  RestError,
  type RestRoute,
} from "./rest-call.ts";
import type { Subscription } from "./webhooks.ts";

function listOnCalls(directory: Directory, call: RestCall): RestAnswer {
  const policies = listParameter(call, "escalation_policy_ids");
  const users = listParameter(call, "user_ids");
  const schedules = listParameter(call, "schedule_ids");
  const rows = directory.account.escalationPolicies
    .filter((policy) => policies.length === 0 || policies.includes(policy.id))
    .flatMap((policy) => directory.onCall(policy).map((row) => ({ policy, row })))
    .filter(({ row }) => users.length === 0 || users.includes(row.userId))
    .filter(({ row }) => schedules.length === 0 || schedules.includes(row.scheduleId ?? ""));
  const withUsers = listParameter(call, "include").includes("users");
  return page(call, "oncalls", {
    rows,
    render: ({ policy, row }) => onCallJson(directory, policy, { row, withUsers }),
  });
}

/** Needs `since` and `until`; there is no filter by incident. */
function listNotifications(directory: Directory, call: RestCall): RestAnswer {
  const since = Date.parse(call.query.get("since") ?? "");
  const until = Date.parse(call.query.get("until") ?? "");
  if (Number.isNaN(since) || Number.isNaN(until)) {
    throw new RestError({
      status: 400,
      code: 2004,
      message: "Invalid time values in 'since' and/or 'until' parameters",
    });
  }
  const rows = directory.notifications.filter(({ atMs }) => since <= atMs && atMs < until);
  return page(call, "notifications", { rows, render: (notification) => notificationJson(directory, notification) });
}

const listUsers = (directory: Directory, call: RestCall): RestAnswer => {
  const query = (call.query.get("query") ?? "").toLowerCase();
  const rows = directory.account.users.filter((user) => `${user.name} ${user.email}`.toLowerCase().includes(query));
  return page(call, "users", { rows, render: userJson });
};

const found = <T>(value: T | undefined): T => {
  if (value === undefined) throw notFound();
  return value;
};

const getUser = (directory: Directory, call: RestCall): RestAnswer => ({
  status: 200,
  body: { user: userJson(found(directory.user(call.id))) },
});

const getService = (directory: Directory, call: RestCall): RestAnswer => ({
  status: 200,
  body: { service: serviceJson(directory, found(directory.service(call.id))) },
});

const getPolicy = (directory: Directory, call: RestCall): RestAnswer => ({
  status: 200,
  body: { escalation_policy: policyJson(directory, found(directory.policy(call.id))) },
});

const listAbilities = (directory: Directory): RestAnswer => ({
  status: 200,
  body: { abilities: directory.account.abilities },
});

const subscriptionOf = (directory: Directory, call: RestCall): Subscription =>
  found(directory.webhooks.subscriptions.find((subscription) => subscription.id === call.id));

/** The secret is shown on creation only, never here. */
function subscriptionJson(directory: Directory, subscription: Subscription): Record<string, unknown> {
  const { service } = subscription;
  return {
    id: subscription.id,
    type: "webhook_subscription",
    active: subscription.isActive,
    delivery_method: {
      id: `${subscription.id}D`,
      type: "http_delivery_method",
      url: subscription.url,
      secret: null,
      temporarily_disabled: directory.webhooks.isDisabled(subscription),
      custom_headers: [],
    },
    description: "",
    events: subscription.events ?? [],
    filter: service === undefined ? { type: "account_reference" } : { type: "service_reference", id: service },
  };
}

/** Of one service, or of the whole account where no service is named. */
function listSubscriptions(directory: Directory, call: RestCall): RestAnswer {
  const service = call.query.get("filter_type") === "service" ? (call.query.get("filter_id") ?? "") : undefined;
  const rows = directory.webhooks.subscriptions.filter((each) => service === undefined || each.service === service);
  return page(call, "webhook_subscriptions", { rows, render: (each) => subscriptionJson(directory, each) });
}

const getSubscription = (directory: Directory, call: RestCall): RestAnswer => ({
  status: 200,
  body: { webhook_subscription: subscriptionJson(directory, subscriptionOf(directory, call)) },
});

function enableSubscription(directory: Directory, call: RestCall): RestAnswer {
  directory.webhooks.enable(subscriptionOf(directory, call));
  return getSubscription(directory, call);
}

function pingSubscription(directory: Directory, call: RestCall): RestAnswer {
  directory.webhooks.ping(subscriptionOf(directory, call));
  return { status: 202, body: {} };
}

const SUBSCRIPTION = "/webhook_subscriptions/:id";

export const DIRECTORY_ROUTES: readonly RestRoute[] = [
  { operation: "oncalls.list", method: "GET", pattern: "/oncalls", handle: listOnCalls },
  { operation: "notifications.list", method: "GET", pattern: "/notifications", handle: listNotifications },
  { operation: "users.list", method: "GET", pattern: "/users", handle: listUsers },
  { operation: "users.get", method: "GET", pattern: "/users/:id", handle: getUser },
  { operation: "services.get", method: "GET", pattern: "/services/:id", handle: getService },
  { operation: "escalation-policies.get", method: "GET", pattern: "/escalation_policies/:id", handle: getPolicy },
  { operation: "abilities.list", method: "GET", pattern: "/abilities", handle: listAbilities },
  {
    operation: "webhook-subscriptions.list",
    method: "GET",
    pattern: "/webhook_subscriptions",
    handle: listSubscriptions,
  },
  { operation: "webhook-subscriptions.get", method: "GET", pattern: SUBSCRIPTION, handle: getSubscription },
  {
    operation: "webhook-subscriptions.enable",
    method: "POST",
    pattern: `${SUBSCRIPTION}/enable`,
    handle: enableSubscription,
  },
  {
    operation: "webhook-subscriptions.ping",
    method: "POST",
    pattern: `${SUBSCRIPTION}/ping`,
    handle: pingSubscription,
  },
];
