import { labelAt } from "./predicted-labels.ts";
import type { AnsweredRequest, Arm, RowColumn, ServedModel } from "./served-model.ts";
import type { LastPrediction, ServedVersion } from "./serving-facts.ts";

/** Latencies that percentiles are of. */
const mostLatencies = 4096;
const mostLast = 10;
const minute = 60_000;

type UsageFacts = Pick<ServedVersion, "requests" | "rows" | "failed" | "requestsPerMinute" | "latency">;

/** What a version answered; counters that Prometheus reads must not go when the version does. */
interface VersionTotals extends Pick<UsageFacts, "requests" | "rows" | "failed"> {
  version: number;
  arm: Arm;
}

/** What the versions of one model answered since the server's start; in bounded memory, whatever is answered. */
interface ModelUsage {
  count(answered: AnsweredRequest): void;
  of(version: number, arm: Arm, now: number): UsageFacts;
  /** Of every version that ever answered. */
  totals(): VersionTotals[];
  last(): LastPrediction[];
}

/** Counts for one model. */
function openModelUsage(): ModelUsage {
  const counters = new Map<string, Counter & Pick<VersionTotals, "version" | "arm">>();
  const last: AnsweredRequest[] = [];
  let next = 0;
  return {
    count(answered) {
      const { model, arm } = answered;
      const name = `${model.version} ${arm}`;
      let counter = counters.get(name);
      if (!counter) counters.set(name, (counter = { ...openCounter(), version: model.version, arm }));
      counter.add(answered);
      if (answered.predictions === null) return;
      last[next] = withoutOtherRows(answered);
      next = (next + 1) % mostLast;
    },
    of: (version, arm, now) => (counters.get(`${version} ${arm}`) ?? openCounter()).facts(now),
    totals: () => [...counters.values()].map(({ version, arm, totals }) => ({ version, arm, ...totals() })),
    last: () => [...last.slice(next), ...last.slice(0, next)].reverse().map(lastPrediction),
  };
}

interface Counter {
  add(answered: AnsweredRequest): void;
  totals(): Pick<UsageFacts, "requests" | "rows" | "failed">;
  facts(now: number): UsageFacts;
}

function openCounter(): Counter {
  let [requests, rows, failed] = [0, 0, 0];
  let latencies = new Float64Array(64);
  let minuteStart = 0;
  let [thisMinute, lastMinute] = [0, 0];
  const turn = (time: number) => {
    const start = Math.floor(time / minute) * minute;
    if (start === minuteStart) return;
    lastMinute = start - minuteStart === minute ? thisMinute : 0;
    [minuteStart, thisMinute] = [start, 0];
  };
  return {
    add({ batch, predictions, latency_ms, time }) {
      turn(time);
      thisMinute += 1;
      if (requests >= latencies.length && latencies.length < mostLatencies) {
        const longer = new Float64Array(latencies.length * 4);
        longer.set(latencies);
        latencies = longer;
      }
      latencies[requests % latencies.length] = latency_ms;
      requests += 1;
      rows += batch.rows;
      if (predictions === null) failed += 1;
    },
    totals: () => ({ requests, rows, failed }),
    facts(now) {
      turn(now);
      const known = latencies.slice(0, Math.min(requests, latencies.length)).sort();
      const at = (share: number) => known[Math.min(known.length - 1, Math.floor(share * known.length))]!;
      const latency = known.length === 0 ? null : { p50: at(0.5), p90: at(0.9), p99: at(0.99) };
      return { requests, rows, failed, requestsPerMinute: lastMinute, latency };
    },
  };
}

/** The first row alone, so that the rows of large requests are not held. */
function withoutOtherRows(answered: AnsweredRequest): AnsweredRequest {
  const { batch, predictions } = answered;
  if (batch.rows === 1 || predictions === null) return answered;
  const columns = batch.columns.map((column): RowColumn => {
    if (column.kind === "category") return firstText(column);
    return { ...column, values: column.values.slice(0, 1) };
  });
  const width = Math.max(1, predictions.classes.length);
  return {
    ...answered,
    batch: { rows: 1, columns, keys: batch.keys?.slice(0, 1) ?? null },
    predictions: { ...predictions, rows: 1, values: predictions.values.slice(0, width) },
  };
}

function lastPrediction({ model, arm, time, latency_ms, batch, predictions }: AnsweredRequest): LastPrediction {
  const { classes, values } = predictions!;
  const label = labelAt(predictions!, 0);
  return {
    time: new Date(time),
    version: model.version,
    arm,
    key: batch.keys?.[0] ?? null,
    features: Object.fromEntries(batch.columns.map((column) => [column.name, firstValue(column)])),
    prediction: classes.length === 0 ? values[0]! : classes[label]!,
    probability: classes.length === 0 ? null : values[label]!,
    latency_ms,
  };
}

/** Without the other levels. */
function firstText({ name, kind, codes, levels }: Extract<RowColumn, { kind: "category" }>): RowColumn {
  const text = levels[codes[0] ?? -1];
  return { name, kind, codes: Int32Array.of(text === undefined ? -1 : 0), levels: text === undefined ? [] : [text] };
}

function firstValue(column: RowColumn): number | string | null {
  if (column.kind === "category") return column.levels[column.codes[0] ?? -1] ?? null;
  const value = column.values[0] ?? Number.NaN;
  return Number.isNaN(value) ? null : value;
}

/** Usage of every model that answered. */
export interface UsageBook {
  count(answered: AnsweredRequest): void;
  of(model: Pick<ServedModel, "name">): ModelUsage;
  /** Requests since the start, whichever versions answered them; what shadows said is not counted. */
  answered(): number;
  totals(): (VersionTotals & { model: string })[];
}

/** Counts for all models. */
export function openUsageBook(): UsageBook {
  const models = new Map<string, ModelUsage>();
  const of: UsageBook["of"] = ({ name }) => {
    let usage = models.get(name);
    if (!usage) models.set(name, (usage = openModelUsage()));
    return usage;
  };
  let all = 0;
  return {
    count(answered) {
      if (answered.arm !== "shadow") all += 1;
      of(answered.model).count(answered);
    },
    of,
    answered: () => all,
    totals: () => [...models].flatMap(([model, usage]) => usage.totals().map((each) => ({ model, ...each }))),
  };
}
