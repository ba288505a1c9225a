import { settingsWith } from "../facts.ts";
import { plainName, textOf } from "../procedure.ts";
import type { Found, ProcedureRule } from "../rule.ts";

/** Metrics of which little is bad, and metrics of which much is. */
const LITTLE_IS_BAD =
  /^(?:Free(?:ableMemory|StorageSpace|LocalStorage)|HealthCheckStatus|HealthyHostCount|RunningTaskCount|(?:CPUCredit|Burst|EBSByte)Balance|SuccessPercent)$/;
const MUCH_IS_BAD =
  /^(?:\w*Replica(?:tion)?Lag|ReplicationLatency|DatabaseConnections|(?:CPU|Memory)Utilization|UnHealthyHostCount|HTTPCode_\w*5XX\w*|DiskQueueDepth)$/;

/** An alarm in a command, a program or a template: what it says, by plain names. */
interface Alarm {
  readonly file: string;
  readonly line: number;
  readonly said: ReadonlyMap<string, string>;
}

const RULE = {
  reason: "Such an alarm never goes off, or always: nobody is woken on the day.",
  instead:
    "Write metric, dimensions, threshold and comparison operator together, and test it with set-alarm-state and with a real value.",
};

/** An alarm has to watch one thing, in the direction in which it is bad. */
export const ALARM_RULES: readonly ProcedureRule[] = [
  {
    id: "alarm-watches-something",
    ...RULE,
    finds: ({ documents }) =>
      documents
        .flatMap((document) => [
          ...document.procedures.flatMap(({ acts }) =>
            acts.flatMap(({ name, line, options, isOpen }): Alarm[] =>
              name === "cloudwatch put-metric-alarm" && !isOpen && !options.has("cliinputjson")
                ? [{ file: document.file, line, said: new Map([...options].map(([key, { text }]) => [key, text])) }]
                : [],
            ),
          ),
          ...[...settingsWith(document, "metric_name", "threshold", "evaluation_periods")].map(
            (setting): Alarm => ({
              ...{ file: document.file, line: setting.line },
              said: new Map(setting.children.map(({ key }) => [plainName(key), textOf(setting, key)?.text ?? ""])),
            }),
          ),
        ])
        .flatMap((alarm) => faultsOf(alarm)),
  },
];

function faultsOf({ file, line, said }: Alarm): Found[] {
  // Metric math and anomaly detection have a form of their own.
  if (said.has("metrics") || said.has("metricquery") || said.has("thresholdmetricid")) return [];
  const metric = said.get("metricname") ?? "";
  const missing = [
    ...(said.has("comparisonoperator") ? [] : ["no comparison operator, so it has no direction"]),
    ...(said.has("dimensions") || !/^AWS\//.test(said.get("namespace") ?? "")
      ? []
      : ["no dimensions, so it watches no database or service"]),
  ];
  const operator = said.get("comparisonoperator") ?? "";
  const turned =
    (LITTLE_IS_BAD.test(metric) && operator.startsWith("GreaterThan")) ||
    (MUCH_IS_BAD.test(metric) && operator.startsWith("LessThan"));
  return [
    ...(missing.length > 0 ? [{ file, line, what: `the alarm has ${missing.join(", and ")}` }] : []),
    ...(turned
      ? [{ file, line, what: `the alarm goes off while ${metric} is well: ${operator} is the wrong direction` }]
      : []),
  ];
}
