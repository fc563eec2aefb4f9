import { markdownTable } from "markdown-table";
import type { PeerProcess } from "../../../test/peers/peer-process.ts";
import { makeEnvironment } from "../../../test/peers/virtual-environment.ts";
import { machine, tellSection } from "../page.ts";
import { asBinary, asTensors, byName, type Request } from "./bodies.ts";
import { type Load, load } from "./load.ts";
import { processorSeconds } from "./processor-time.ts";
import {
  type DiamondRow,
  diamondRows,
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
