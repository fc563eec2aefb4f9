import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { Admission, ServerContext } from "./server-context.ts";
import type { Tally } from "./tally.ts";

/** What Prometheus reads. */
export interface Metrics {
  readonly contentType: string;
  text(): Promise<string>;
}

/** Numbers that the facts have are read from there when they are asked for: answering costs nothing. */
export function openMetrics(context: ServerContext, admission: Admission, tally: Tally): Metrics {
  const register = new Registry();
  const registers = [register];
  collectDefaultMetrics({ register });
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name: `mergeml_${name}`, help, labelNames, registers });
  const counter = (name: string, help: string, labelNames: string[]) =>
    new Counter({ name: `mergeml_${name}`, help, labelNames, registers });
  const version = ["model", "version", "arm"];
  const perVersion = {
    requests: counter("requests_total", "Requests that were answered, or that the model failed", version),
    rows: counter("rows_total", "Rows of these requests", version),
    failed: counter("failed_requests_total", "Requests that the model failed", version),
    latency: gauge("latency_milliseconds", "Latency of the last 4,096 requests", [...version, "quantile"]),
    info: gauge("model_info", "1 for a version that answers", [...version, "since"]),
    failures: gauge("load_failed", "1 for a version that could not be brought into service", version),
  };
  const drifting = gauge("log_drifting", "1 when rows of the log drift from the training's, 0 when they do not", [
    "model",
    "version",
  ]);
  const looked = gauge("registry_looked_timestamp_seconds", "When the registry last answered");
  const reachable = gauge("registry_reachable", "0 when the registry could not be read at the last look");
  const logged = counter("log_rows_total", "Rows of the prediction log", ["outcome"]);
  const inFlight = gauge("in_flight_requests", "Requests that are read or scored now");
  const lost = counter("scoring_threads_lost_total", "Threads for large batches that died and were replaced", []);
  const changes = counter("changes_total", "Changes of what is in service, and attempts that failed", [
    "model",
    "outcome",
  ]);
  const refusals = counter("refused_requests_total", "Requests that were answered with an error, by its status", [
    "status",
  ]);
  const fill = () => {
    const { models, registry, log } = context.facts();
    drifting.reset(); // of a version that is gone, or has too few rows, nothing is said
    // Counters are set to what the facts say.
    for (const each of [...Object.values(perVersion), logged, refusals, changes, lost]) each.reset();
    for (const { name, versions, failures, live } of models) {
      const version = versions[0]?.version ?? 0;
      if (live?.drift && live.drift.outcome !== "too few rows")
        drifting.set({ model: name, version }, Number(live.drift.outcome === "drift"));
      for (const each of versions) {
        const labels = { model: name, version: each.version, arm: each.arm };
        for (const total of [perVersion.requests, perVersion.rows, perVersion.failed]) total.inc(labels, 0);
        perVersion.info.set({ ...labels, since: each.since }, 1);
        for (const [quantile, at] of Object.entries({ 0.5: "p50", 0.9: "p90", 0.99: "p99" } as const))
          if (each.latency) perVersion.latency.set({ ...labels, quantile }, each.latency[at]);
      }
      for (const each of failures)
        perVersion.failures.set({ model: name, version: each.version ?? "unknown", arm: each.arm }, 1);
    }
    for (const { requests, rows, failed, ...labels } of context.usage.totals()) {
      perVersion.requests.inc(labels, requests);
      perVersion.rows.inc(labels, rows);
      perVersion.failed.inc(labels, failed);
    }
    reachable.set(registry.problem === null ? 1 : 0);
    if (registry.looked) looked.set(registry.looked.getTime() / 1000);
    logged.inc({ outcome: "kept" }, log.kept);
    logged.inc({ outcome: "dropped" }, log.dropped);
    lost.inc(context.threads.lost());
    inFlight.set(admission.inFlight());
    for (const [status, count] of tally.refused) refusals.inc({ status }, count);
    for (const [model, counts] of tally.changes)
      for (const outcome of ["done", "failed"] as const) changes.inc({ model, outcome }, counts[outcome]);
  };
  return {
    contentType: register.contentType,
    text: () => {
      fill();
      return register.metrics();
    },
  };
}
