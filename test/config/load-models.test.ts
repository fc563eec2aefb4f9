import { once } from "node:events";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { plainBytes } from "../../pipelines/config/line-ends.ts";
import { loadModels } from "../../pipelines/config/load-models.ts";
import { exampleParts, smallText } from "./example-model.ts";

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "mergeml-models-"));
});

afterEach(async () => {
  await rm(root, { recursive: true });
});

async function write(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), content);
}

async function writeModel(name: string, edit = (text: string) => text): Promise<void> {
  await write(`models/${name}/model.yaml`, edit(smallText.replace("tiny", name)));
  await write(`models/${name}/features.sql`, "SELECT 1\n");
}

const load = (only?: string[]) => loadModels(root, exampleParts, only);

async function said(only?: string[]): Promise<string[]> {
  const { problems } = await load(only);
  return problems.map(({ message, where }) =>
    where ? `${where.file}:${where.line}:${where.column} ${message}` : message,
  );
}

test("reads every model with its query, in the order of names", async () => {
  await writeModel("zebra");
  await writeModel("ant");
  const { models, names, problems } = await load();
  expect(problems).toEqual([]);
  expect(names).toEqual(["ant", "zebra"]);
  expect(models.map(({ config, file, query }) => [config.name, file, query])).toEqual([
    ["ant", "models/ant/model.yaml", { path: "models/ant/features.sql", text: "SELECT 1\n" }],
    ["zebra", "models/zebra/model.yaml", { path: "models/zebra/features.sql", text: "SELECT 1\n" }],
  ]);
  expect(models[1]?.locate(["features", "target"])).toMatchObject({
    file: "models/zebra/model.yaml",
    line: 5,
    column: 11,
  });
});

test("a monitoring query must be there", async () => {
  await writeModel("ant", (text) => `${text}\ndrift: { query: monitoring.sql }\n`);
  expect(await said()).toEqual([
    expect.stringMatching(/^models\/ant\/model\.yaml:\d+:17 models\/ant\/monitoring\.sql is not there$/),
  ]);
  await write("models/ant/monitoring.sql", "SELECT 1\n");
  expect(await said()).toEqual([]);
});

test("a repository without models has none", async () => {
  expect(await load()).toEqual({ models: [], problems: [], names: [] });
});

test("folders without a model.yaml and the examples are passed over", async () => {
  await writeModel("ant");
  await write("models/notes/readme.md", "hello");
  await write("models/examples/model.yaml", "nonsense");
  await write("models/model.schema.json", "{}");
  const { names, problems } = await load();
  expect({ names, problems }).toEqual({ names: ["ant"], problems: [] });
});

test("the sound models come along with the problems of the others", async () => {
  await writeModel("ant");
  await writeModel("bee", (text) => text.replace("log_loss", "logloss"));
  await writeModel("cat", (text) => text.replace("task: classification", "task: both"));
  const { models, names } = await load();
  expect(models.map(({ config }) => config.name)).toEqual(["ant"]);
  expect(names).toEqual(["ant", "bee", "cat"]);
  expect(await said()).toEqual([
    expect.stringMatching(/^models\/bee\/model\.yaml:7:12 thresholds\.primary must be /),
    'models/cat/model.yaml:2:7 task must be regression or classification, not "both"',
  ]);
});

test("reads only what is asked for, and says what there is instead", async () => {
  await writeModel("flight-delay");
  await writeModel("broken", () => "");
  const { models, problems, names } = await load(["flight-delay", "flightdelay", "whale"]);
  expect(models.map(({ config }) => config.name)).toEqual(["flight-delay"]);
  expect(names).toEqual(["broken", "flight-delay"]);
  expect(problems).toEqual([
    {
      message: 'there is no model "flightdelay"',
      hint: "did you mean flight-delay?  Models: broken, flight-delay",
      severity: "error",
    },
    { message: 'there is no model "whale"', hint: "Models: broken, flight-delay", severity: "error" },
  ]);
});

test.each([
  ["a name with a slash", "../secret"],
  ["an empty name", ""],
  ["the examples", "examples"],
])("%s is no model", async (_title, name) => {
  await write("secret/model.yaml", smallText);
  expect((await load([name])).problems.map(({ message }) => message)).toEqual([`there is no model "${name}"`]);
});

test("the name in the file is the folder's", async () => {
  await writeModel("ant", (text) => text.replace("name: ant", "name: bee"));
  expect(await said()).toEqual(['models/ant/model.yaml:1:7 name is "bee" but the folder is "ant"']);
});

test("a missing query is told at the key that names it", async () => {
  await writeModel("ant", (text) => text.replace("features:", "features:\n  query: other.sql"));
  expect(await said()).toEqual(["models/ant/model.yaml:5:10 models/ant/other.sql is not there"]);
});

const where = "models/ant/model.yaml:4:1 models/ant/features.sql";

test.each([
  ["empty", " \n\t\n", `${where} is empty`],
  [
    "too large",
    "x".repeat(256 * 1024 + 1),
    `${where} cannot be used: models/ant/features.sql has 262,145 bytes; at most 262,144 are allowed`,
  ],
  [
    "not UTF-8",
    Buffer.from([0x61, 0x0a, 0xff]),
    `${where} cannot be used: line 2 is not UTF-8 text; save the file as UTF-8`,
  ],
  ["not text", "a\0b", `${where} cannot be used: it is not a text file`],
])("a query that is %s is refused", async (_title, content, message) => {
  await writeModel("ant");
  await write("models/ant/features.sql", content);
  expect(await said()).toEqual([message]);
});

test("a model.yaml that is not UTF-8 is refused", async () => {
  await write("models/ant/model.yaml", Buffer.from([0x61, 0x3a, 0x20, 0xc3, 0x28]));
  expect(await said()).toEqual(["models/ant/model.yaml:1:1 line 1 is not UTF-8 text; save the file as UTF-8"]);
});

test("links are refused wherever they are", async () => {
  await writeModel("ant");
  await rm(join(root, "models/ant/features.sql"));
  await symlink("/etc/hostname", join(root, "models/ant/features.sql"));
  await mkdir(join(root, "models/bee"));
  await symlink("/etc/hostname", join(root, "models/bee/model.yaml"));
  await symlink("/etc", join(root, "models/cat"));
  await writeModel("dog", (text) => text.replace("features:", "features:\n  query: sql/features.sql"));
  await symlink("..", join(root, "models/dog/sql"));
  expect(await said()).toEqual([
    `${where} cannot be used: models/ant/features.sql is a link; put the file itself there`,
    "models/bee/model.yaml:1:1 models/bee/model.yaml is a link; put the file itself there",
    "models/cat/model.yaml:1:1 models/cat is a link; put the file itself there",
    "models/dog/model.yaml:5:10 models/dog/sql/features.sql cannot be used: models/dog/sql is a link; put the file itself there",
  ]);
});

test("what is not a plain file is refused and never waited for", async () => {
  await mkdir(join(root, "models/ant/model.yaml"), { recursive: true });
  await mkdir(join(root, "models/bee"));
  const socket = createServer().listen(join(root, "models/bee/model.yaml"));
  await once(socket, "listening");
  try {
    expect(await said()).toEqual([
      "models/ant/model.yaml:1:1 models/ant/model.yaml is not a file",
      "models/bee/model.yaml:1:1 models/bee/model.yaml is not a file",
    ]);
  } finally {
    socket.close();
  }
});

test("a checkout with other line ends is the same model", async () => {
  await writeModel("ant");
  const [plain] = (await load()).models;
  await writeModel("ant", (text) => text.replaceAll("\n", "\r\n"));
  await write("models/ant/features.sql", "SELECT 1\r\n");
  const [other] = (await load()).models;
  expect([other?.config, other?.query]).toEqual([plain?.config, plain?.query]);
});

test("a program with other line ends is the same, and a binary file is not touched", () => {
  expect(plainBytes(Buffer.from("a\r\nä\r\n")).toString()).toBe("a\nä\n");
  for (const binary of [Buffer.from("\0a\r\n"), Buffer.from([0xff, 13, 10])]) expect(plainBytes(binary)).toBe(binary);
});
