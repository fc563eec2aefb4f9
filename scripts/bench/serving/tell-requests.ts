import { readdirSync, readFileSync } from "node:fs";
import { markdownTable } from "markdown-table";
import type { PeerProcess } from "../../../test/peers/peer-process.ts";
import { makeEnvironment } from "../../../test/peers/virtual-environment.ts";
import { machine, tellSection } from "../page.ts";
import { multiplyModel } from "../synthetic-registry.ts";
import {
  asBinary,
  asTensors,
  byName,
  byNameRow,
  type DiamondRow,
  diamondRows,
  type Load,
  load,
  type Request,
  type ServingStage,
  servingStage,
  startMlflowScoring,
  startMlserver,
} from "./stage.ts";

/** A server and how rows are sent to it. */
interface Contestant {
  name: string;
  start(stage: ServingStage): Promise<PeerProcess>;
  request(columns: readonly string[], rows: readonly DiamondRow[]): Request;
}

const contestants: readonly Contestant[] = [
  { name: "mergeml, rows as JSON", start: (stage) => stage.serve({ logged: true }), request: byName },
  { name: "mergeml, /v2 JSON", start: (stage) => stage.serve({ logged: true }), request: asTensors },
  { name: "mergeml, /v2 binary", start: (stage) => stage.serve({ logged: true }), request: asBinary },
  { name: "MLServer 1.7, /v2 JSON", start: startMlserver, request: asTensors },
  {
    name: "mlflow models serve",
    start: startMlflowScoring,
    request: (columns, data) => ({
      path: "/invocations",
      body: JSON.stringify({ dataframe_split: { columns, data } }),
    }),
  },
];

/** Requests a second beside the servers that MLflow's users have, on the same ONNX file, the load generator on the same machine. */
export async function tellRequests(seconds: number): Promise<void> {
  await Promise.all([makeEnvironment("peers"), makeEnvironment("peer-mlserver")]);
  using stage = await servingStage();
  const measured: { name: string; single: Load; batch: Load; processor: number }[] = [];
  for (const { name, start, request } of contestants) {
    await using server = await start(stage);
    const { columns, rows } = diamondRows(1000);
    const of = async (count: number, connections: number): Promise<Load> => {
      const job = { url: server.url, ...request(columns, rows.slice(0, count)), connections };
      await load({ ...job, seconds: Math.max(1, seconds / 5) });
      return load({ ...job, seconds });
    };
    const single = await of(1, 32);
    const before = processorSeconds(server.pid);
    const batch = await of(1000, 4);
    // The warm-up is a sixth of the requests.
    const microseconds = ((processorSeconds(server.pid) - before) * 1e6) / (1.2 * batch.answered * 1000);
    measured.push({ name, single, batch, processor: microseconds });
  }
  const table = markdownTable(
    [
      [
        "server",
        "single rows/s",
        "p50",
        "p99",
        "rows/s in batches of 1,000",
        "p99 of a batch",
        "processor time a row",
        "failed",
      ],
      ...measured.map(({ name, single, batch, processor }) => [
        ...[name, single.perSecond.toFixed(0), `${single.p50} ms`, `${single.p99} ms`],
        ...[
          (batch.perSecond * 1000).toFixed(0),
          `${batch.p99} ms`,
          `${processor.toFixed(1)} µs`,
          String(single.failed + batch.failed),
        ],
      ]),
    ],
    { align: ["l", "r", "r", "r", "r", "r", "r", "r"] },
  );
  const at = (name: string) => measured.find((each) => each.name.startsWith(name))!.single.perSecond;
  const times = ["MLServer", "mlflow"].map((peer) => `${(at("mergeml, rows") / at(peer)).toFixed(1)} × ${peer}`);
  const lead = `\`npm run bench:serving -- requests --write\`: diamond-price (60 trees), single rows over 32 connections, batches over 4, our prediction log on, the load generator on the same machine. Single rows: **${times.join(", ")}** (goal: 10 ×; 4,000/s with p99 ≤ 15 ms, 300,000 rows/s in batches).`;
  tellSection("Serving: requests a second", `${lead}\n\n${table}\n\n${machine()}`);
}

/** How long a server takes until it is ready: one model, with a copy of the registry and without; and two hundred. */
export async function tellStart(models: number): Promise<void> {
  using stage = await servingStage();
  const lines: string[] = [];
  for (const what of ["without a copy of the registry", "with one"]) {
    const started = performance.now();
    await using server = await stage.serve();
    await fetch(`${server.url}/models/diamond-price/predict`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: byNameRow(),
    });
    lines.push(
      `- one model, ${what}: first answer after ${(performance.now() - started).toFixed(0)} ms (goal 1,000 ms)`,
    );
  }
  await multiplyModel({ root: stage.repository, origin: stage.origin }, "diamond-price", models - 1, 1);
  const started = performance.now();
  await using server = await stage.serve();
  const seconds = (performance.now() - started) / 1000;
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  const resident = Number(/^process_resident_memory_bytes (\S+)/m.exec(metrics)?.[1]) / 2 ** 20;
  const served = metrics.match(/^mergeml_model_info/gm)?.length ?? 0;
  lines.push(
    `- ${served} models: ready after ${seconds.toFixed(1)} s (goal 10 s), ${resident.toFixed(0)} MiB (goal 1,536 MiB)`,
  );
  tellSection("Serving: start", `\`npm run bench:serving -- start --write\`\n\n${lines.join("\n")}\n\n${machine()}`);
}

/** Of the kernel's clock in /proc, on every Linux that runs Node. */
const ticksPerSecond = 100;

/** Seconds of processor time that the processes of a group have taken: unlike a rate, it hardly depends on what others do meanwhile. */
function processorSeconds(group: number): number {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .reduce((sum, pid) => sum + secondsOf(pid, group), 0);
}

function secondsOf(pid: string, group: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return Number(fields[2]) === group ? (Number(fields[11]) + Number(fields[12])) / ticksPerSecond : 0;
  } catch {
    return 0; // it has ended
  }
}
