import { machine, tellSection } from "../page.ts";
import { multiplyModel } from "../synthetic-registry.ts";
import { byNameRow, servingStage } from "./stage.ts";

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
