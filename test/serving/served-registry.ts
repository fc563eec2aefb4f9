import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Clock, type Log, silentLog } from "../../pipelines/ports/host.ts";
import { type ServeOptions, type Serving, startServing } from "../../pipelines/serve.ts";
import { openRegistryMirror } from "../../pipelines/serving/following/registry-mirror.ts";
import { attr, OnnxGraph, regressionHead } from "../../pipelines/training/onnx/graph.ts";
import { one } from "../../pipelines/training/onnx/nodes.ts";
import { deploy, makeSandbox, type Sandbox, sandboxIn, ticking } from "../registry/builders.ts";
import { fromSlowTemplate } from "../templates.ts";

const systemClock: Clock = { now: () => new Date() };

/** A model of the sandbox's features: size + level, and 1,000 more in Bonn. So an answer tells which version gave it. */
export function rentModel(level: number): Uint8Array {
  const graph = new OnnxGraph("rent");
  const size = graph.input({ name: "size", kind: "number" });
  const city = graph.input({ name: "city", kind: "category" });
  const float = (value: number) => graph.constant("number", { type: "float", dims: [1], data: [value] });
  const missing = one(graph.node("IsNaN", [size]));
  const known = one(graph.node("Where", [missing, float(0), size]));
  const codes = {
    keys_strings: attr.strings(["Bonn"]),
    values_floats: attr.floats([1000]),
    default_float: attr.float(0),
  };
  const extra = one(graph.node("LabelEncoder", [city], codes, { domain: "ai.onnx.ml" }));
  const sum = one(graph.node("Add", [known, extra]));
  regressionHead(graph, one(graph.node("Add", [sum, float(level)])));
  return graph.serialize();
}

/** A registry with models that can be served, and servers that follow it. */
export interface ServedRegistry extends AsyncDisposable {
  sandbox: Sandbox;
  /** Registers and promotes the next version of a model, whose answers are `level` and the size. */
  promote(level: number, model?: string, bytes?: Uint8Array): Promise<void>;
  serve(options?: Partial<ServeOptions>): Promise<Serving>;
  /** What the servers said. */
  said: string[];
}

/** With version 1 of rent in production, whose level is 100. */
export async function servedRegistry(): Promise<ServedRegistry> {
  const folder = await fromSlowTemplate("served", async (made) => {
    using first = makeSandbox();
    await first.registry.init();
    await deploy(first.registry, { tag: "rent 100", rmse: 900, bytes: rentModel(100) });
    cpSync(first.folder, made, { recursive: true });
  });
  const sandbox = sandboxIn(folder, { clock: ticking(Date.UTC(2026, 1, 1)) });
  const running: Serving[] = [];
  const said: string[] = [];
  let better = 900;
  const log: Log = { ...silentLog, info: (text) => said.push(text), warn: (text) => said.push(text) };
  return {
    sandbox,
    said,
    async promote(level, model = "rent", bytes = rentModel(level)) {
      better -= 1;
      await deploy(sandbox.registry, { model, tag: `${model} ${level}`, rmse: better, bytes });
    },
    async serve(options = {}) {
      const { env, store, origin, folder } = sandbox;
      const clock = options.clock ?? systemClock;
      const place = {
        address: origin,
        branch: "registry",
        environment: "production",
        cache: join(folder, "cache"),
        env,
        clock,
        store,
      };
      const serving = await startServing({
        source: await openRegistryMirror({ ...place, log }),
        models: null,
        host: "127.0.0.1",
        port: 0,
        poll: 600_000,
        token: null,
        webhookSecret: null,
        clock,
        log,
        tool: "0.0.0",
        random: () => 0.5,
        ...options,
      });
      running.push(serving);
      return serving;
    },
    async [Symbol.asyncDispose]() {
      for (const serving of running) await serving.drain(1);
      rmSync(sandbox.folder, { recursive: true, force: true });
    },
  };
}

/** Sends JSON and gives status and JSON. */
export async function post(url: string, body: unknown, headers: Record<string, string> = {}) {
  const sent = typeof body === "string" || body instanceof Uint8Array ? (body as string) : JSON.stringify(body);
  const response = await fetch(url, {
    method: "POST",
    body: sent,
    headers: { "content-type": "application/json", ...headers },
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === "" ? null : JSON.parse(text) };
}

/** Waits until something holds; a test's own time limit ends it. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10));
}
