import { beforeAll, describe, expect, test } from "@jest/globals";
import { Signal } from "../../../src/domain/incident/alert.ts";
import type { SnsOptions } from "../../../src/doors/webhooks/sns.ts";
import { alarmNotification } from "../../../src/simulators/aws/alarm-notification.ts";
import { MetricAlarmSpec } from "../../../src/simulators/aws/specs.ts";
import { triggerLines } from "../../../src/views/alarm-trigger.ts";
import {
  CERT_FILE,
  CERT_URL,
  confirmation,
  type Fields,
  ISSUER_URL,
  type Issued,
  issue,
  METRIC_ALARM,
  NOW_MS,
  notification,
  openSns,
  REGION,
  signed,
  TOPIC,
  without,
} from "./sns-world.ts";

const HOUR_MS = 3_600_000;
let authority: Issued;
let signer: Issued;
beforeAll(() => {
  authority = issue({ name: "Rehearsal CA", isAuthority: true });
  signer = issue({ name: "sns.amazonaws.com", issuer: authority });
});

/** The door that trusts the rehearsal's authority and finds the signer's certificate at its URL. */
const desk = (more: Partial<SnsOptions> = {}, served: Readonly<Record<string, string>> = { [CERT_URL]: signer.pem }) =>
  openSns(served, { authorities: [authority.pem], ...more });

const at = (ms: number) => new Date(ms).toISOString();

describe("An authentic alarm", () => {
  test("is queued as a signal before it is answered 200", async () => {
    const place = desk();
    expect(await place.post(signed(notification(), signer))).toBe(200);
    expect(place.signals).toEqual([
      {
        ...{ id: "sns:m-1", source: "cloudwatch", fingerprint: METRIC_ALARM.AlarmArn, name: "inventory-5xx" },
        ...{ description: "Too many errors", reason: "Threshold Crossed: 3 > 1", account: "111122223333" },
        ...{ region: REGION, namespace: "AWS/ApplicationELB", metric: "HTTPCode_Target_5XX_Count" },
        dimensions: { LoadBalancer: "app/inventory/1" },
        trigger: {
          metrics: [
            {
              ...{ namespace: "AWS/ApplicationELB", name: "HTTPCode_Target_5XX_Count", statistic: "SUM" },
              dimensions: { LoadBalancer: "app/inventory/1" },
            },
          ],
          ...{ expressions: [], threshold: 1 },
        },
        ...{ state: "alarm", previousState: "ok", changedAtMs: Date.parse("2026-11-21T09:29:58.472Z") },
        ...{ publishedAtMs: Date.parse("2026-11-21T09:29:59Z"), receivedAtMs: NOW_MS, late: false },
      },
    ]);
    expect(Signal.safeParse(place.signals[0]).success).toBe(true);
  });

  test("of a composite alarm names the alarms that set it off", async () => {
    const alarm = {
      ...{
        ...METRIC_ALARM,
        Trigger: undefined,
        AlarmName: "inventory-down",
        AlarmDescription: null,
        AlarmRule: 'ALARM("inventory-5xx")',
      },
      TriggeringChildren: [{ Arn: METRIC_ALARM.AlarmArn, State: { Value: "ALARM", Timestamp: "x" } }],
    };
    const place = desk();
    await place.post(signed(notification({ Message: JSON.stringify(alarm) }), signer));
    expect(place.signals[0]).toMatchObject({
      ...{
        name: "inventory-down",
        description: "",
        setOffBy: ["inventory-5xx"],
        metric: "",
        namespace: "",
        dimensions: {},
      },
    });
  });

  test("of metric maths is about the first metric in it", async () => {
    const { MetricName, Namespace, Dimensions } = METRIC_ALARM.Trigger;
    const Metrics = [
      { Id: "e1", Expression: "m1*2" },
      { Id: "m1", MetricStat: { Metric: { MetricName, Namespace, Dimensions } } },
    ];
    const place = desk();
    await place.post(
      signed(notification({ Message: JSON.stringify({ ...METRIC_ALARM, Trigger: { Metrics } }) }), signer),
    );
    expect(place.signals[0]).toMatchObject({ metric: MetricName, dimensions: { LoadBalancer: "app/inventory/1" } });
  });

  test.each([
    [
      ...["metric maths", { maths: { expression: "m1*2", label: "twice" } }],
      [
        "Watches twice ≥ 1, 3 of 3 times in 1 min each",
        "e1 = m1*2",
        "m1 = ReplicaLag of inventory-db (AWS/RDS, average)",
      ],
    ],
    [
      ...["anomaly detection", { anomalyBand: 2 }],
      [
        "Watches ReplicaLag of inventory-db (AWS/RDS, average) outside its expected band, 3 of 3 times in 1 min each",
        "band = ANOMALY_DETECTION_BAND(m1, 2)",
        "m1 = ReplicaLag of inventory-db (AWS/RDS, average)",
      ],
    ],
    [
      ...["one metric", { threshold: 240 }],
      ["Watches ReplicaLag of inventory-db (AWS/RDS, average) ≥ 240, 3 of 3 times in 1 min each"],
    ],
  ] as [string, object, string[]][])(
    "of %s, as CloudWatch sends it, is about its metric and says what it watches",
    async (_what, made, words) => {
      const spec = MetricAlarmSpec.parse({
        ...{
          kind: "metric",
          name: "inventory-odd",
          region: "eu-west-1",
          namespace: "AWS/RDS",
          metricName: "ReplicaLag",
        },
        ...{ dimensions: { DBInstanceIdentifier: "inventory-db" }, ...made },
      });
      const alarm = {
        spec,
        configuredMs: NOW_MS,
        changedMs: NOW_MS,
        state: "ALARM",
        reason: "out of its band",
      } as const;
      const place = desk();
      await place.post(signed(notification({ Message: alarmNotification(alarm, "OK", []).message }), signer));
      expect(place.signals[0]).toMatchObject({
        ...{ name: "inventory-odd", region: "eu-west-1", state: "alarm", reason: "out of its band" },
        ...{ namespace: "AWS/RDS", metric: "ReplicaLag", dimensions: { DBInstanceIdentifier: "inventory-db" } },
      });
      const { trigger } = Signal.parse(place.signals[0]);
      expect(trigger && triggerLines(trigger)).toEqual(words);
    },
  );

  test("whose details have another shape than expected is an alarm all the same", async () => {
    const alarm = { ...METRIC_ALARM, Trigger: { ...METRIC_ALARM.Trigger, Threshold: "high", Period: {} } };
    const place = desk();
    await place.post(signed(notification({ Message: JSON.stringify(alarm) }), signer));
    expect(place.signals[0]).toMatchObject({ name: "inventory-5xx", state: "alarm" });
  });

  test.each([
    ["an hour old", NOW_MS - HOUR_MS + 1_000, false],
    ["older than SNS's own retries", NOW_MS - HOUR_MS - 1_000, true],
    ["nearly a day old", NOW_MS - 24 * HOUR_MS + 1_000, true],
    ["a little ahead of our clock", NOW_MS + 4 * 60_000, false],
  ])("that is %s is taken, marked late or not", async (_what, ms, late) => {
    const place = desk();
    expect(await place.post(signed(notification({ Timestamp: at(ms) }), signer))).toBe(200);
    expect(place.signals[0]?.late).toBe(late);
  });

  test("signed the old way is taken only where configuration says so", async () => {
    const message = signed(notification({ SignatureVersion: "1" }), signer);
    expect(await desk({ policy: () => ({ topics: [TOPIC], allowsVersion1: true }) }).post(message)).toBe(200);
    const strict = desk();
    expect(await strict.post(message)).toBe(403);
    expect(strict.signals).toEqual([]);
  });

  test("without a subject is signed without one", async () => {
    expect(await desk().post(signed(without(notification(), "Subject"), signer))).toBe(200);
  });

  test("that cannot be queued is asked for again", async () => {
    const place = desk({ enqueue: () => Promise.reject(new Error("no Redis")) });
    expect(await place.post(signed(notification(), signer))).toBe(503);
    expect(place.lines.at(-1)).toMatchObject({ level: "error", facts: { messageId: "m-1", error: "no Redis" } });
  });
});

describe("Other authentic messages", () => {
  test.each(["{}", '{"AlarmName":"x"}', JSON.stringify({ ...METRIC_ALARM, StateChangeTime: "soon" })])(
    "that only look like an alarm (%s) are alerts too",
    async (Message) => {
      const place = desk();
      await place.post(signed(notification({ Message }), signer));
      expect(place.signals).toEqual([expect.objectContaining({ state: "message", reason: Message })]);
    },
  );

  test("guard no alarm: that are no alarm are alerts with their text as it came", async () => {
    const Message = "just words";
    const place = desk();
    expect(await place.post(signed(notification({ Message, Subject: "RDS event" }), signer))).toBe(200);
    expect(place.signals).toEqual([
      {
        ...{ id: "sns:m-1", source: "sns", fingerprint: `${TOPIC}/m-1`, name: "RDS event", reason: Message },
        ...{ description: "", account: "111122223333", region: REGION, namespace: "", metric: "", dimensions: {} },
        ...{ state: "message", previousState: "message", changedAtMs: Date.parse("2026-11-21T09:29:59Z") },
        ...{ publishedAtMs: Date.parse("2026-11-21T09:29:59Z"), receivedAtMs: NOW_MS, late: false },
      },
    ]);
    expect(Signal.safeParse(place.signals[0]).success).toBe(true);
  });

  test("without a subject are called by their topic, and a very long one says how much of it is missing", async () => {
    const place = desk();
    await place.post(signed(without(notification({ Message: "x".repeat(200_000) }), "Subject"), signer));
    expect(place.signals[0]?.name).toBe("A message to alarms");
    expect(place.signals[0]?.reason).toMatch(/^x{8000}\n… and 192000 more characters$/);
  });

  test("a subscription is confirmed by topic and token; its URL is never fetched", async () => {
    const place = desk();
    expect(await place.post(signed(confirmation(), signer))).toBe(200);
    expect(place.confirmed).toEqual([`${TOPIC} t-1`]);
    expect(place.fetched).toEqual([CERT_URL]);
  });

  test("a confirmation that fails is asked for again", async () => {
    const place = desk({ confirm: () => Promise.reject(new Error("AWS is away")) });
    expect(await place.post(signed(confirmation(), signer))).toBe(503);
  });

  test("the end of a subscription is an alert for people, and confirms nothing", async () => {
    const place = desk();
    expect(await place.post(signed(confirmation({ Type: "UnsubscribeConfirmation" }), signer))).toBe(200);
    expect(place.confirmed).toEqual([]);
    expect(place.lines).toEqual([expect.objectContaining({ level: "warn" })]);
    expect(place.signals.map(({ name, state }) => [name, state])).toEqual([
      ["SNS has ended our subscription: alarms of this topic arrive no more", "message"],
    ]);
  });
});

describe("A refused message", () => {
  const url = (text: string) => notification({ SigningCertURL: text });
  const host = `sns.${REGION}.amazonaws.com`;
  const LOOK_ALIKES = [
    `http://${host}/${CERT_FILE}`,
    `https://${host}:443/${CERT_FILE}`,
    `https://${host}:8443/${CERT_FILE}`,
    `https://user@${host}/${CERT_FILE}`,
    `https://${host}@evil.example/${CERT_FILE}`,
    `https://${host}.evil.example/${CERT_FILE}`,
    `https://evil-${host}/${CERT_FILE}`,
    `https://sns.eu-west-1.amazonaws.com/${CERT_FILE}`,
    `https://sns.${REGION}.amazonaws.com.cn/${CERT_FILE}`,
    `https://sns.${REGION}.s3.amazonaws.com/${CERT_FILE}`,
    `https://s3.amazonaws.com/sns.${REGION}.amazonaws.com/${CERT_FILE}`,
    `https://snsx${REGION}.amazonaws.com/${CERT_FILE}`,
    `https://SNS.${REGION}.amazonaws.com/${CERT_FILE}`,
    `https://${host}/x/../${CERT_FILE}`,
    `https://${host}/%2e/${CERT_FILE}`,
    `https://${host}//${CERT_FILE}`,
    `https://${host}/${CERT_FILE}?x=1`,
    `https://${host}/${CERT_FILE}#x`,
    `https://${host}/${CERT_FILE}\n`,
    ` https://${host}/${CERT_FILE}`,
    `https://${host}\\@evil.example/${CERT_FILE}`,
    `https://${host}/SimpleNotificationService-0123.pem`,
    `https://${host}/SimpleNotificationService-${"Z".repeat(32)}.pem`,
    "https://169.254.169.254/latest/meta-data/",
    `https://[::1]/${CERT_FILE}`,
    "file:///etc/passwd",
    "",
  ];
  test.each(LOOK_ALIKES)("whose certificate lies at %j makes us fetch nothing", async (text) => {
    const place = desk({}, Object.fromEntries(LOOK_ALIKES.map((each) => [each, signer.pem])));
    expect(await place.post(signed(url(text), signer))).toBe(403);
    expect(place.fetched).toEqual([]);
    expect(place.lines).toEqual([
      expect.objectContaining({ facts: expect.objectContaining({ reason: "certificate-url" }) }),
    ]);
  });

  const ROWS: { what: string; change: (fields: Fields) => Fields; status: number; reason: string }[] = [
    {
      what: "of a topic that is not listed",
      change: (f) => ({ ...f, TopicArn: `${TOPIC}-other` }),
      status: 403,
      reason: "topic-not-allowed",
    },
    {
      what: "of our topic's name elsewhere",
      change: (f) => ({ ...f, TopicArn: TOPIC.replace("1111", "9999") }),
      status: 403,
      reason: "topic-not-allowed",
    },
    {
      what: "with signature version 3",
      change: (f) => ({ ...f, SignatureVersion: "3" }),
      status: 403,
      reason: "signature-version",
    },
    {
      what: "from the future",
      change: (f) => ({ ...f, Timestamp: at(NOW_MS + 6 * 60_000) }),
      status: 403,
      reason: "from-the-future",
    },
    {
      what: "older than a day",
      change: (f) => ({ ...f, Timestamp: at(NOW_MS - 24 * HOUR_MS - 1_000) }),
      status: 403,
      reason: "stale",
    },
    { what: "of an unknown type", change: (f) => ({ ...f, Type: "Surprise" }), status: 400, reason: "not-sns" },
    { what: "without a message id", change: (f) => without(f, "MessageId"), status: 400, reason: "not-sns" },
    {
      what: "with a time that is none",
      change: (f) => ({ ...f, Timestamp: "yesterday" }),
      status: 400,
      reason: "not-sns",
    },
  ];
  test.each(ROWS)("$what has one line in the log and nothing in the queue", async ({ change, status, reason }) => {
    const place = desk();
    expect(await place.post(signed(change(notification()), signer))).toBe(status);
    expect(place.signals).toEqual([]);
    expect(place.fetched).toEqual([]);
    expect(place.lines).toEqual([
      expect.objectContaining({ level: "warn", facts: expect.objectContaining({ reason }) }),
    ]);
    expect(JSON.stringify(place.lines)).not.toContain("Threshold");
  });

  test.each(["Message", "MessageId", "Subject", "Timestamp", "Type", "Signature"])(
    "is one whose %s was altered after signing",
    async (name) => {
      const place = desk();
      const message: Fields = { ...signed(notification(), signer) };
      const altered: Readonly<Record<string, string>> = {
        Timestamp: "2026-11-21T09:29:58.000Z",
        Type: "SubscriptionConfirmation",
        Signature: `AAAA${String(message["Signature"]).slice(4)}`,
      };
      const extra = name === "Type" ? { Token: "t", SubscribeURL: "https://x" } : {};
      const falsified = { ...message, ...extra, [name]: altered[name] ?? `${message[name]} ` };
      expect(await place.post(falsified)).toBe(403);
      expect([...place.signals, ...place.confirmed]).toEqual([]);
      expect(place.lines).toEqual([
        expect.objectContaining({ facts: expect.objectContaining({ reason: "signature-wrong" }) }),
      ]);
    },
  );

  test("is one whose subject was taken away or added after signing", async () => {
    expect(await desk().post(without(signed(notification(), signer), "Subject"))).toBe(403);
    const bare = without(notification(), "Subject");
    expect(await desk().post({ ...signed(bare, signer), Subject: "more" })).toBe(403);
  });

  test("is one delivered raw, and anything that is not JSON", async () => {
    expect(await desk().post(METRIC_ALARM, { "x-amz-sns-rawdelivery": "true" })).toBe(400);
    for (const text of ["", "{", "[]", "null", "\u0000", "a=b"]) expect(await desk().post(text)).toBe(400);
  });
});

describe("The signing certificate", () => {
  const refusalOf = async (served: Readonly<Record<string, string>>, by: Issued, more: Partial<SnsOptions> = {}) => {
    const place = desk(more, served);
    const status = await place.post(signed(notification(), by));
    expect(status === 200 ? [] : place.signals).toEqual([]);
    return [status, place.lines.find(({ level }) => level === "warn")?.facts] as const;
  };
  const because = (status: number, reason: string) => [status, expect.objectContaining({ reason })];

  test("has to be valid now", async () => {
    const expired = issue({ name: "sns.amazonaws.com", issuer: authority, toMs: NOW_MS - 1_000 });
    const early = issue({ name: "sns.amazonaws.com", issuer: authority, fromMs: NOW_MS + 60_000 });
    for (const one of [expired, early])
      expect(await refusalOf({ [CERT_URL]: one.pem }, one)).toEqual(because(403, "certificate-expired"));
  });

  test("expires also while it is remembered", async () => {
    let nowMs = NOW_MS;
    const place = desk({ clock: { now: () => nowMs } });
    expect(await place.post(signed(notification(), signer))).toBe(200);
    nowMs = NOW_MS + 2 * 86_400_000;
    expect(await place.post(signed(notification({ Timestamp: at(nowMs) }), signer))).toBe(403);
  });

  test("has to come from an authority that is trusted", async () => {
    const other = issue({ name: "Rehearsal CA", isAuthority: true });
    const foreign = issue({ name: "sns.amazonaws.com", issuer: other });
    const itself = issue({ name: "sns.amazonaws.com" });
    for (const one of [foreign, itself])
      expect(await refusalOf({ [CERT_URL]: one.pem }, one)).toEqual(because(403, "certificate-untrusted"));
    expect(await refusalOf({ [CERT_URL]: foreign.pem + other.pem }, foreign)).toEqual(
      because(403, "certificate-untrusted"),
    );
  });

  test("is not believed by Amazon's roots when it is a rehearsal's", async () => {
    const place = openSns({ [CERT_URL]: signer.pem });
    expect(await place.post(signed(notification(), signer))).toBe(403);
  });

  test("has to be issued by something that may issue", async () => {
    const leaf = issue({ name: "sns.amazonaws.com", issuer: authority });
    const child = issue({ name: "sns.amazonaws.com", issuer: leaf });
    expect(await refusalOf({ [CERT_URL]: child.pem + leaf.pem }, child)).toEqual(because(403, "certificate-untrusted"));
  });

  test("has to be SNS's own: the authority signs for others as well", async () => {
    for (const name of ["evil.example", "sns.amazonaws.com.evil.example", "mysns.amazonaws.com"]) {
      const one = issue({ name, issuer: authority });
      expect(await refusalOf({ [CERT_URL]: one.pem }, one)).toEqual(because(403, "certificate-subject"));
    }
  });

  test("without its intermediate has it fetched from Amazon's publishing host, once", async () => {
    const middle = issue({ name: "Middle", issuer: authority, isAuthority: true });
    const leaf = issue({ name: "sns.amazonaws.com", issuer: middle, issuerUrl: ISSUER_URL });
    const place = desk({}, { [CERT_URL]: leaf.pem, [ISSUER_URL]: middle.pem });
    for (const MessageId of ["m-1", "m-2"])
      expect(await place.post(signed(notification({ MessageId }), leaf))).toBe(200);
    expect(place.fetched).toEqual([CERT_URL, ISSUER_URL]);
    expect(await refusalOf({ [CERT_URL]: leaf.pem }, leaf)).toEqual(because(503, "certificate-unavailable"));
    expect(await refusalOf({ [CERT_URL]: leaf.pem, [ISSUER_URL]: signer.pem }, leaf)).toEqual(
      because(403, "certificate-untrusted"),
    );
  });

  test.each([
    "http://crt.r2m01.amazontrust.com.evil.example/r2m01.cer",
    "http://169.254.169.254/latest/meta-data/",
    "http://crt.r2m01.amazontrust.com:8080/r2m01.cer",
    "http://crt.r2m01.amazontrust.com/other.cer",
  ])("never makes us fetch an issuer from %s", async (issuerUrl) => {
    const middle = issue({ name: "Middle", issuer: authority, isAuthority: true });
    const leaf = issue({ name: "sns.amazonaws.com", issuer: middle, issuerUrl });
    const place = desk({}, { [CERT_URL]: leaf.pem, [issuerUrl]: middle.pem });
    expect(await place.post(signed(notification(), leaf))).toBe(403);
    expect(place.fetched).toEqual([CERT_URL]);
  });

  test("that cannot be had is asked for again; one that cannot be read is refused", async () => {
    expect(await refusalOf({}, signer)).toEqual(because(503, "certificate-unavailable"));
    for (const pem of ["<html>", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"])
      expect(await refusalOf({ [CERT_URL]: pem }, signer)).toEqual(because(403, "certificate-invalid"));
  });

  test("is fetched once for a storm of messages", async () => {
    const place = desk();
    const storm = Array.from({ length: 50 }, (_, n) =>
      place.post(signed(notification({ MessageId: `m-${n}` }), signer)),
    );
    expect(new Set(await Promise.all(storm))).toEqual(new Set([200]));
    expect(place.fetched).toEqual([CERT_URL]);
    expect(place.signals).toHaveLength(50);
  });
});
