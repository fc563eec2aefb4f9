import { spawnSync } from "node:child_process";
import { chmodSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { flatsCsv, makeScratch, modelYaml, type Scratch } from "../scratch.ts";

const classification = modelYaml({ thresholds: "  primary: log_loss\n  first_deploy: { accuracy: { min: 0.1 } }" })
  .replace("target: rent", "target: city")
  .replace("regression", "classification");
/** Every other flat of Bonn lies in a city whose name begins with a U+FEFF. */
const marked = flatsCsv().replaceAll(/,Bonn,/g, (found, at: number) => (at % 2 ? ",\ufeffBonn," : found));

it.each<[string, string]>([
  ["categories", modelYaml({ type: "linear", params: "{}" })],
  ["classes", classification],
])("trains on %s that differ by a leading U+FEFF alone", async (_title, config) => {
  using scratch = makeScratch();
  await scratch.facts(["init"]);
  scratch.write("data/flats.csv", marked);
  scratch.write("models/rent/model.yaml", config);
  await scratch.facts(["train", "rent"]);
});

const link = (scratch: Scratch, path: string) => symlinkSync(path.split("/").at(-1)!, join(scratch.root, path));

it.each<[string, (scratch: Scratch) => void, number, string]>([
  ["a link in data/ that leads to itself", (scratch) => link(scratch, "data/loop.csv"), 2, "leads to itself"],
  [
    "a store that is a link that leads to itself",
    (scratch) => {
      scratch.write("mergeml.yaml", "store: loop\n");
      link(scratch, "loop");
    },
    2,
    "leads to itself",
  ],
  [
    "a file in place of .mergeml",
    (scratch) => {
      rmSync(join(scratch.root, ".mergeml"), { recursive: true, force: true });
      scratch.write(".mergeml", "x");
    },
    2,
    "a file stands where a folder is needed",
  ],
  [
    "a list of 125,000 values",
    (scratch) => {
      const query = `SELECT id, size, rooms, city, rent FROM 'flats.csv' WHERE 1 IN (${"1,".repeat(125_000)}1)`;
      scratch.write("models/rent/features.sql", query);
    },
    0,
    "candidate",
  ],
  [
    "a column whose name has 100,000 characters",
    (scratch) => {
      scratch.write("data/flats.csv", flatsCsv().replace("size", "s".repeat(100_000)));
      scratch.write("models/rent/features.sql", "SELECT * FROM 'flats.csv'");
      scratch.write("models/rent/model.yaml", modelYaml({ features: " " }));
    },
    0,
    "candidate",
  ],
  [
    "a column whose name has three megabytes",
    (scratch) => {
      scratch.write("data/flats.csv", flatsCsv().replace("size", "s".repeat(3_000_000)));
      scratch.write("models/rent/features.sql", "SELECT * FROM 'flats.csv'");
    },
    2,
    "error",
  ],
])("ends %s without a stack", async (_title, prepare, code, text) => {
  using scratch = makeScratch();
  await scratch.facts(["init"]);
  prepare(scratch);
  const told = await scratch.mergeml("train", "rent");
  // Not the whole text: a failure would compare megabytes.
  const heard = told.stdout + told.stderr;
  expect([told.code, heard.includes(text), heard.slice(0, 300)]).toEqual([code, true, heard.slice(0, 300)]);
  expect(told.stderr.length).toBeLessThan(30_000);
});

/** As somebody who may read the checkout and nothing more: root is another user then, whom permissions bind. */
function asReader(scratch: Scratch, ...args: string[]) {
  const paths = readdirSync(scratch.root, { recursive: true }).map((path) => join(scratch.root, String(path)));
  chmodSync(scratch.folder, 0o755);
  for (const path of [scratch.root, ...paths]) chmodSync(path, 0o555);
  const isRoot = process.getuid?.() === 0;
  writeFileSync(join(scratch.folder, ".gitconfig"), "[safe]\n\tdirectory = *\n");
  try {
    return spawnSync(process.execPath, ["scripts/mergeml.ts", "-C", scratch.root, ...args], {
      env: scratch.env as NodeJS.ProcessEnv,
      encoding: "utf8",
      timeout: 120_000,
      ...(isRoot && { uid: 65_534, gid: 65_534 }),
    });
  } finally {
    for (const path of [scratch.root, ...paths]) chmodSync(path, 0o755);
  }
}

it("reads in a checkout that may only be read, and says of the rest that it cannot be written", async () => {
  using scratch = makeScratch();
  await scratch.facts(["init"]);
  const status = asReader(scratch, "status");
  expect(status).toMatchObject({ status: 0, stdout: expect.stringContaining("rent") });
  const train = asReader(scratch, "train", "rent");
  expect(train).toMatchObject({ status: 3, stderr: expect.stringMatching(/permission denied|no folder can be made/) });
  expect(train.stderr).toContain("the run is not written down");
  expect(train.stderr).not.toContain("bug in mergeml");
});
