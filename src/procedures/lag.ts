import { settingsWith, spanIn } from "./facts.ts";
import { type Act, type Document, everySetting, type Procedure, type Setting, textOf } from "./procedure.ts";

/** When somebody is told that a copy is behind. */
export interface LagThreshold {
  readonly file: string;
  readonly line: number;
  readonly ms: number;
  /** From the moment at which the lag is that large until the alarm says so. */
  readonly noticedMs: number;
}

/** Lag metrics of CloudWatch, and the milliseconds in their unit. */
const METRICS: Readonly<Record<string, number>> = {
  ReplicaLag: 1_000,
  AuroraReplicaLag: 1,
  AuroraBinlogReplicaLag: 1_000,
  AuroraGlobalDBReplicationLag: 1,
  AuroraGlobalDBRPOLag: 1,
  ReplicationLatency: 1,
};

export function lagThresholds(document: Document): LagThreshold[] {
  const { file } = document;
  const found = [
    ...[...settingsWith(document, "threshold")].map(fromAlarm),
    ...document.procedures.flatMap(({ acts }) => acts.map(fromCall)),
    ...document.procedures.flatMap(compared),
    ...[...everySetting(document.settings)].map(fromSetting),
    ...document.prose.map(({ line, text }) => fromWords(line, text)),
  ];
  return found.flatMap((each) => (each ? [{ file, ...each }] : []));
}

type Threshold = Omit<LagThreshold, "file"> | undefined;

function fromAlarm(setting: Setting): Threshold {
  const metric = textOf(setting, "metric_name", "name");
  const threshold = textOf(setting, "threshold");
  const number = (...names: readonly string[]) => Number(textOf(setting, ...names)?.text ?? Number.NaN);
  return thresholdOf(metric?.text, threshold, { periods: number("evaluation_periods"), period: number("period") });
}

function fromCall({ name, options }: Act): Threshold {
  if (name !== "cloudwatch put-metric-alarm") return undefined;
  const number = (option: string) => Number(options.get(option)?.text ?? Number.NaN);
  const given = options.get("threshold");
  const counts = { periods: number("evaluationperiods"), period: number("period") };
  return thresholdOf(options.get("metricname")?.text, given, counts);
}

function thresholdOf(
  metric: string | undefined,
  threshold: { readonly line: number; readonly text: string | undefined } | undefined,
  { periods, period }: { readonly periods: number; readonly period: number },
): Threshold {
  const unit = metric !== undefined && Object.hasOwn(METRICS, metric) ? METRICS[metric] : undefined;
  const value = Number(threshold?.text ?? Number.NaN);
  if (unit === undefined || threshold === undefined || Number.isNaN(value)) return undefined;
  // CloudWatch looks once a minute where nothing else is said.
  const noticedMs = (periods || 1) * (period || 60) * 1_000;
  return { line: threshold.line, ms: value * unit, noticedMs };
}

/** `if lag > 300`, `[ "$LAG" -gt 300 ]`. Seconds, as ReplicaLag has them. */
function compared({ comparisons, acts }: Procedure): Threshold[] {
  const inProgram = comparisons.map(({ line, left, operator, right }) =>
    /lag/i.test(left) && /^>=?$/.test(operator) && /^\d+$/.test(right)
      ? { line, ms: Number(right) * 1_000, noticedMs: 0 }
      : undefined,
  );
  const inShell = acts.map(({ name, words, line }) => {
    const [left, operator, right] = words.slice(1).map(({ text }) => text);
    const isTest = /^\[|^test$/.test(name) && /lag/i.test(left ?? "") && /^-g[te]$/.test(operator ?? "");
    return isTest && /^\d+$/.test(right ?? "") && Number(right) > 0
      ? { line, ms: Number(right) * 1_000, noticedMs: 0 }
      : undefined;
  });
  return [...inProgram, ...inShell];
}

function fromSetting({ key, path, text, line }: Setting): Threshold {
  if (text === undefined || /description|summary|message/i.test(key)) return undefined;
  const isThreshold =
    /^(?:warning|critical|threshold|alert|max(?:imum)?)$/i.test(key) &&
    path.slice(0, -1).some((step) => /lag/i.test(step));
  const ms = isThreshold ? spanIn(text) : undefined;
  return ms === undefined ? fromWords(line, text) : { line, ms, noticedMs: 0 };
}

/** `replication lag > 5 seconds`. */
function fromWords(line: number, text: string): Threshold {
  const said = /\blag\b[^.;|]{0,20}?(?:>=?|above|over|exceeds)\s*(.*)$/i.exec(text)?.[1];
  const ms = said === undefined ? undefined : spanIn(said);
  return ms === undefined ? undefined : { line, ms, noticedMs: 0 };
}
