import { createHmac } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { machine, tellSection } from "../page.ts";
import { byNameRow, load, type ServingStage, servingStage } from "./stage.ts";

/** Of the webhook. */
export const secret = "bench";

/** Sends a push as a forge does. */
export async function deliver(url: string): Promise<void> {
  const body = JSON.stringify({ ref: "refs/heads/registry" });
  const headers = {
    ...{ "content-type": "application/json", "x-github-event": "push" },
    "x-hub-signature-256": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
  };
  await fetch(`${url}/webhook`, { method: "POST", body, headers });
}

const path = "/models/diamond-price/predict";

async function versionOf(url: string): Promise<number> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${url}${path}`, { method: "POST", headers, body: byNameRow() });
  return ((await response.json()) as { version: number }).version;
}

/** Alternates between two versions with one commit a time, as plain pushes: what is timed is the server. */
export function switcher(stage: ServingStage): () => number {
  const versions = [2, 1];
  let turn = 0;
  return () => {
    const version = versions[turn++ % 2]!;
    stage.point(version);
    return version;
  };
}

/** Milliseconds from a push until the new version answers. */
async function swapTimes(
  stage: ServingStage,
  url: string,
  times: number,
  told: () => Promise<void>,
): Promise<number[]> {
  const next = switcher(stage);
  const measured: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const version = next();
    const started = performance.now();
    await told();
    while ((await versionOf(url)) !== version) await sleep(2);
    measured.push(performance.now() - started);
  }
  return measured.sort((a, b) => a - b);
}

/** From `git push` to the first new answer, by webhook and by polling. */
export async function tellSwaps(times: number): Promise<void> {
  using stage = await servingStage({ versions: 2 });
  const lines: string[] = [];
  {
    await using server = await stage.serve({ env: { MERGEML_WEBHOOK_SECRET: secret }, args: ["--poll", "600"] });
    const all = await swapTimes(stage, server.url, times, () => deliver(server.url));
    lines.push(
      `- by webhook: median ${median(all)} ms, longest ${all.at(-1)!.toFixed(0)} ms of ${times} (goal 1,000 ms)`,
    );
  }
  {
    await using server = await stage.serve({ args: ["--poll", "2"] });
    const all = await swapTimes(stage, server.url, times, async () => undefined);
    lines.push(
      `- by looking every 2 s: median ${median(all)} ms, longest ${all.at(-1)!.toFixed(0)} ms (goal 3,000 ms)`,
    );
  }
  tellSection(
    "Serving: from push to answer",
    `\`npm run bench:serving -- swaps --write\`\n\n${lines.join("\n")}\n\n${machine()}`,
  );
}

function median(sorted: readonly number[]): string {
  return sorted[Math.floor(sorted.length / 2)]!.toFixed(0);
}

/** So many requests while versions are swapped under them, and the server's memory as it goes. */
export async function tellLongRun(requests: number): Promise<void> {
  using stage = await servingStage({ versions: 2 });
  await using server = await stage.serve({ env: { MERGEML_WEBHOOK_SECRET: secret }, logged: true });
  const parts = 100;
  const next = switcher(stage);
  const memory: number[] = [];
  let [answered, failed] = [0, 0];
  for (let part = 0; part < parts; part += 1) {
    const job = {
      url: server.url,
      path,
      body: byNameRow(),
      connections: 32,
      seconds: 0,
      requests: Math.ceil(requests / parts),
    };
    const running = load(job);
    next();
    await deliver(server.url);
    const result = await running;
    answered += result.answered;
    failed += result.failed;
    memory.push(await residentMebibytes(server.url));
  }
  const at = (share: number) => memory[Math.min(parts - 1, Math.floor(share * parts))]!.toFixed(0);
  const text = `\`npm run bench:serving -- long --write\`: **${failed} failed** of ${answered + failed} requests over ${parts} swaps, 32 connections. Resident memory after a tenth, a half and all of them: ${at(0.1)}, ${at(0.5)} and ${at(1)} MiB.`;
  tellSection("Serving: swaps under load", `${text}\n\n${machine()}`);
}

/** What the server says that it takes. */
export async function residentMebibytes(url: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return Number(/^process_resident_memory_bytes (\S+)/m.exec(metrics)?.[1] ?? Number.NaN) / 2 ** 20;
}
