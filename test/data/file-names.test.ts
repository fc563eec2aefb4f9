import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildFeatures } from "../../pipelines/data/build-features.ts";
import { openDataFolders } from "../../pipelines/data/data-folders.ts";
import { resolveFiles } from "../../pipelines/data/engines/duckdb/file-names.ts";
import { sqlText } from "../../pipelines/data/engines/engine.ts";
import { failure, featureJob, type Project, scratchProject } from "./feature-project.ts";

const csv = `x,y\n${Array.from({ length: 40 }, (_, i) => `${i},${i}`).join("\n")}\n`;

let project: Project;

beforeAll(async () => {
  const files = [
    "data/a.csv",
    "data/part/b.csv",
    "data/data/c.csv",
    "data/data/twice.csv",
    "data/twice.csv",
    "data/d[1].csv",
  ];
  project = await scratchProject({
    ...Object.fromEntries(files.map((file) => [file, csv])),
    "more/deep/e.csv": csv,
    "secret.csv": csv,
  });
  await mkdir(join(project.root, "linked"));
  await symlink(join(project.root, "data/a.csv"), join(project.root, "linked/a.csv"));
});

afterAll(() => project[Symbol.asyncDispose]());

/** What names become, from the project's root. */
async function resolved(
  names: readonly string[],
  data: readonly string[] = ["data", "./more/deep/"],
): Promise<string[]> {
  const sql = sqlText("q.sql", names.map((name) => `'${name}'`).join(""));
  const mentions = names.map((name, at) => ({ name, offset: names.slice(0, at).join("''").length + (at > 0 ? 2 : 0) }));
  const { files } = await resolveFiles(sql, mentions, await openDataFolders(project.root, data));
  return files.map(({ path }) => path.slice(path.indexOf(project.root) + project.root.length + 1));
}

describe("a file may be written from its folder or from the root", () => {
  test.each([
    ["a.csv", "data/a.csv"],
    ["data/a.csv", "data/a.csv"],
    ["./data/a.csv", "data/a.csv"],
    ["data//a.csv", "data/a.csv"],
    ["data/part/b.csv", "data/part/b.csv"],
    ["part/b.csv", "data/part/b.csv"],
    ["data/*.csv", null],
    ["data/part/*.csv", "data/part/*.csv"],
    ["data/**/b.csv", "data/**/b.csv"],
    ["data/c.csv", "data/data/c.csv"],
    ["data/data/c.csv", "data/data/c.csv"],
    ["more/deep/e.csv", "more/deep/e.csv"],
    ["e.csv", "more/deep/e.csv"],
    ["d[1].csv", "data/d[1].csv"],
  ])("%s", async (name, path) => {
    if (path === null) await expect(resolved([name])).rejects.toThrow("stands for");
    else expect(await resolved([name])).toEqual([path]);
  });

  test("a link between data folders is one file, whichever way it is written", async () => {
    expect(await resolved(["linked/a.csv"], ["data", "linked"])).toEqual(["linked/a.csv"]);
  });

  test("a name of two files is refused", async () => {
    const error = await failure(resolved(["data/twice.csv"]));
    expect(error.message).toBe("the file name data/twice.csv stands for data/data/twice.csv and for data/twice.csv");
    expect(error.problems[0]?.hint).toBe("write 'data/data/twice.csv', or rename one");
  });

  test.each([
    ["secret.csv", "no file secret.csv in the data folders"],
    ["data/../secret.csv", "leaves its folder"],
    ["more/e.csv", "no file more/e.csv"],
    ["/etc/passwd", "is an absolute path"],
    ["database/a.csv", "no file database/a.csv"],
  ])("%s is not", async (name, message) => {
    expect((await failure(resolved([name]))).message).toContain(message);
  });
});

test.each([
  ["FROM", "SELECT x, y FROM 'data/a.csv'"],
  ["a list", "SELECT x, y FROM read_csv(['data/a.csv', 'part/b.csv'], header = true)"],
  [
    "options",
    "SELECT x, y FROM read_csv('data/a.csv', columns = {'x': 'INTEGER', 'y': 'DOUBLE'}, delim = ',', nullstr = 'NA')",
  ],
  ["a pattern", "SELECT x, y FROM read_csv_auto('data/part/*.csv')"],
])("a query reads it: %s", async (_title, query) => {
  expect(await buildFeatures(featureJob(project, query))).toMatchObject({ ok: true });
});

test("a column that is not there is told with the name as it is written", async () => {
  const error = await failure(buildFeatures(featureJob(project, "SELECT z AS y FROM 'data/a.csv'")));
  expect(error.message).toBe('no column "z" in data/a.csv');
});

test("a misspelt name gets a suggestion", async () => {
  const { problems } = await failure(resolved(["data/part/c.csv"]));
  expect(problems[0]?.hint).toContain("did you mean 'data/c.csv'?");
});
