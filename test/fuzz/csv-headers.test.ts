import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { UserError } from "../../pipelines/errors/expected-error.ts";
import { featuresSqlText } from "../../pipelines/scaffold/draft-model.ts";
import { inferModel } from "../../pipelines/scaffold/infer-model.ts";
import { readTable } from "../../pipelines/scaffold/table/read-table.ts";
import { below, type Random } from "../../pipelines/statistics/random.ts";
import { build, scratchProject } from "../data/feature-project.ts";
import { edited, fuzz, fuzzTimeout, pick } from "./cases.ts";

const names = [
  ...["", " ", '""', '"a,b"', '"a""b"', "'", "`", "\\", "\ufeffx", "\u0000", "\u202e", "\u200b", "é", "e\u0301", "😀"],
  ...[
    "select",
    "y",
    "Y",
    "x",
    "mergeml_row",
    "__proto__",
    "constructor",
    "1",
    "-1",
    "NULL",
    "NaN",
    "a b",
    "a.b",
    "a\tb",
  ],
  ...["$start", "::error::", "~~~", "a;b", "a|b", '"a\nb"', "a\rb", "s".repeat(5_000)],
];

/** Twelve rows of an x, a category and a y below a header that is wrong somewhere. */
function table(random: Random): string {
  const header = edited(random, ["x", "c", "y"], (_random, columns) =>
    columns.map((name, at) => (at === below(random, columns.length) ? pick(random, names) : name)),
  );
  const wider = below(random, 10) === 0 ? [...header, ...header] : header;
  const line = (at: number) => [at * 2, ["a", "b", ""][at % 3], at % 5, ...Array(wider.length - 3).fill(at)].join(",");
  const rows = Array.from({ length: 12 }, (_, at) => line(at));
  const text = [wider.join(pick(random, [",", ",", ",", ";", "\t"])), ...rows].join(
    pick(random, ["\n", "\n", "\r\n", "\r"]),
  );
  const start = below(random, 30);
  return below(random, 4) === 0
    ? text.slice(0, start) + pick(random, names) + text.slice(start + below(random, 6))
    : text;
}

test("tables with mutated headers are read or explained", { timeout: fuzzTimeout }, async () => {
  await using project = await scratchProject();
  const file = join(project.root, "data/t.csv");
  let read = 0;
  await fuzz(0.01, async (random) => {
    await writeFile(file, table(random));
    for (const use of [
      () => build(project, "SELECT * FROM 't.csv'"),
      async () => {
        const found = await readTable(file, "t.csv");
        featuresSqlText(inferModel("t.csv", found, { name: "t" }), found.from("t.csv"));
      },
    ]) {
      try {
        await use();
        read += 1;
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
      }
    }
  });
  expect(read).toBeGreaterThan(0);
});
