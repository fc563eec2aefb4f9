import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, expect, it } from "vitest";
import { silentLog } from "../../../pipelines/ports/host.ts";
import { openScoringThreads, type ScoringThreads } from "../../../pipelines/serving/threads/scoring-threads.ts";
import { openLevelModel } from "../../../pipelines/training/onnx/session.ts";
import { categories, numbers } from "../../training/tables.ts";
import { rentModel } from "../served-registry.ts";

const signature = {
  features: [
    { name: "size", kind: "number" as const },
    { name: "city", kind: "category" as const },
  ],
  classes: [],
};
const folder = mkdtempSync(join(tmpdir(), "mergeml-threads-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const said: string[] = [];
const opened: ScoringThreads[] = [];
function threads(most: number, program?: URL): ScoringThreads {
  const log = { ...silentLog, warn: (text: string) => said.push(text) };
  const made = openScoringThreads({ most, log, ...(program ? { program } : {}) });
  opened.push(made);
  return made;
}
afterEach(async () => {
  said.length = 0;
  for (const each of opened.splice(0)) await each[Symbol.asyncDispose]();
});

const rows = (count: number) => [
  numbers(
    "size",
    Array.from({ length: count }, (_, row) => row),
  ),
  categories(
    "city",
    Array.from({ length: count }, (_, row) => (row % 2 === 0 ? "Bonn" : `city ${row % 5}`)),
  ),
];

it("scores what the thread that answers would say, several batches and models at once", async () => {
  const pool = threads(2);
  const models = [100, 200].map((level) => pool.model(rentModel(level), signature));
  const counts = [5, 600, 5000, 1];
  const said = await Promise.all(models.flatMap((model) => counts.map((count) => model.score(rows(count)))));
  for (const [at, level] of [100, 200].entries()) {
    const alone = await openLevelModel(rentModel(level), signature);
    for (const [place, count] of counts.entries())
      expect(said[at * counts.length + place]).toEqual(await alone.predict(rows(count)));
    await alone.close();
  }
});

it("tells why rows or a model cannot be scored, and goes on", async () => {
  const pool = threads(1);
  const [good, broken] = [pool.model(rentModel(100), signature), pool.model(Buffer.from("no model"), signature)];
  await expect(broken.score(rows(3))).rejects.toThrow("cannot be used");
  await expect(good.score([numbers("size", [1])])).rejects.toThrow('needs the column "city"');
  expect([...(await good.score(rows(2))).values]).toEqual([1100, 101]);
  good.close();
  broken.close();
  expect(said).toEqual([]);
});

/** A thread that ends by itself at the first batch with 13 rows. */
function fragileProgram(): URL {
  const file = join(folder, "thread.ts");
  const real = new URL("../../../pipelines/serving/threads/scoring-thread.ts", import.meta.url);
  writeFileSync(
    file,
    `import { parentPort } from "node:worker_threads";
await import(${JSON.stringify(real.href)});
parentPort.on("message", ({ features }) => {
  if (features?.[0].values.length === 13) throw new Error("thirteen");
});
`,
  );
  return pathToFileURL(file);
}

it("batches of a thread that dies fail in words, and the next ones are scored by another", async () => {
  const pool = threads(1, fragileProgram());
  const model = pool.model(rentModel(100), signature);
  expect([...(await model.score(rows(2))).values]).toEqual([1100, 101]);
  const both = await Promise.allSettled([model.score(rows(13)), model.score(rows(4))]);
  expect(both.map((each) => (each as PromiseRejectedResult).reason.message)).toEqual(
    Array.from({ length: 2 }, () => "the thread that scored them ended: thirteen"),
  );
  expect([...(await model.score(rows(2))).values]).toEqual([1100, 101]);
  expect(said).toEqual([expect.stringContaining("a thread that scores large batches ended")]);
});
