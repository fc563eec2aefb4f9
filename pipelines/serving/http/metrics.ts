import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { Admission } from "./admission.ts";
import type { ServerContext } from "./server-context.ts";

/** What Prometheus reads. */
export interface Metrics {
  readonly contentType: string;
  text(): Promise<string>;
  /** Counts a request that was not answered with predictions. */
  refused(status: number): void;
  /** Counts a version that came into service, or could not. */
  changed(model: string, failed: boolean): void;
}

/** Numbers that the facts have are read from there when they are asked for: answering costs nothing. */
export function openMetrics(context: ServerContext, admission: Admission): Metrics {
  const register = new Registry();
  const registers = [register];
  collectDefaultMetrics({ register });
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name: `mergeml_${name}`, help, labelNames, registers });
  const version = ["model", "version", "arm"];
  const perVersion = {
    requests: gauge("requests_total", "Requests that were answered, or that the model failed", version),
    rows: gauge("rows_total", "Rows of these requests", version),
    failed: gauge("failed_requests_total", "Requests that the model failed", version),
    latency: gauge("latency_milliseconds", "Latency of the last 4,096 requests", [...version, "quantile"]),
    info: gauge("model_info", "1 for a version that answers", [...version, "since"]),
    failures: gauge("load_failed", "1 for a version that could not be brought into service", version),
  };
  const looked = gauge("registry_looked_timestamp_seconds", "When the registry last answered");
  const reachable = gauge("registry_reachable", "0 when the registry could not be read at the last look");
  const logged = gauge("log_rows_total", "Rows of the prediction log", ["outcome"]);
  const inFlight = gauge("in_flight_requests", "Requests that are read or scored now");
  const changes = new Counter({
    name: "mergeml_changes_total",
    help: "Changes of what is in service, and attempts that failed",
    labelNames: ["model", "outcome"],
    registers,
  });
  const refusals = new Counter({
    name: "mergeml_refused_requests_total",
    help: "Requests that were answered with an error, by its status",
    labelNames: ["status"],
    registers,
  });
  const fill = () => {
    const { models, registry, log } = context.facts();
    for (const each of Object.values(perVersion)) each.reset();
    for (const { name, versions, failures } of models) {
      for (const each of versions) {
        const labels = { model: name, version: each.version, arm: each.arm };
        perVersion.requests.set(labels, each.requests);
        perVersion.rows.set(labels, each.rows);
        perVersion.failed.set(labels, each.failed);
        perVersion.info.set({ ...labels, since: each.since }, 1);
        for (const [quantile, at] of Object.entries({ 0.5: "p50", 0.9: "p90", 0.99: "p99" } as const))
          if (each.latency) perVersion.latency.set({ ...labels, quantile }, each.latency[at]);
      }
      for (const each of failures)
        perVersion.failures.set({ model: name, version: each.version ?? "unknown", arm: each.arm }, 1);
    }
    reachable.set(registry.problem === null ? 1 : 0);
    if (registry.looked) looked.set(registry.looked.getTime() / 1000);
    logged.set({ outcome: "kept" }, log.kept);
    logged.set({ outcome: "dropped" }, log.dropped);
    inFlight.set(admission.inFlight());
  };
  return {
    contentType: register.contentType,
    text: () => {
      fill();
      return register.metrics();
    },
    refused: (status) => refusals.inc({ status }),
    changed: (model, failed) => changes.inc({ model, outcome: failed ? "failed" : "done" }),
  };
}
