import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseRepositoryConfig } from "../../pipelines/config/parse-repository-config.ts";
import { defaultRepositoryConfig, loadRepositoryConfig } from "../../pipelines/config/repository-config.ts";

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "mergeml-repository-"));
});

afterEach(async () => {
  await rm(root, { recursive: true });
});

test("a repository needs no mergeml.yaml", async () => {
  expect(await loadRepositoryConfig(root)).toEqual({
    config: {
      registry: "registry",
      data: ["data"],
      store: ".mergeml/store",
      predictions: "predictions",
      gc_grace_days: 7,
      defaults: {},
    },
    problems: [],
  });
});

test("what is left out has its default", async () => {
  await writeFile(join(root, "mergeml.yaml"), "data: [lake/flights, .]\ndefaults: { resources: { threads: 4 } }\n");
  expect(await loadRepositoryConfig(root)).toEqual({
    config: { ...defaultRepositoryConfig, data: ["lake/flights", "."], defaults: { resources: { threads: 4 } } },
    problems: [],
  });
});

test("defaults may ask for an automatic rollback", async () => {
  await writeFile(join(root, "mergeml.yaml"), "defaults: { rollback: { when: { error_rate: 5% } } }\n");
  expect((await loadRepositoryConfig(root)).problems).toEqual([]);
  await writeFile(join(root, "mergeml.yaml"), "defaults: { rollback: { when: { error_rate: five } } }\n");
  expect((await loadRepositoryConfig(root)).problems).toMatchObject([
    { message: expect.stringContaining("defaults.rollback.when.error_rate must be a share below 100%") },
  ]);
});

test("the schema's defaults are those of a repository without the file", () => {
  expect(parseRepositoryConfig("{}", "mergeml.yaml")).toEqual({ config: defaultRepositoryConfig, problems: [] });
});

test("a link is refused", async () => {
  await symlink("/etc/hostname", join(root, "mergeml.yaml"));
  const { problems } = await loadRepositoryConfig(root);
  expect(problems.map(({ message }) => message)).toEqual(["mergeml.yaml is a link; put the file itself there"]);
});

test.each([
  ["an unknown key", "regsitry: x", "1:1 regsitry is not a known key"],
  ["a branch that git does not take", "registry: a..b", '1:11 registry must be the name of a branch, not "a..b"'],
  ["a branch with a space", "registry: a b", '1:11 registry must be the name of a branch, not "a b"'],
  ["an empty branch", 'registry: ""', '1:11 registry must be the name of a branch, not ""'],
  ["the main branch", "registry: main", "1:11 registry cannot be the branch main"],
  ["a folder above", "data: [data, ../lake]", '1:14 data must hold folders inside the repository, not "../lake"'],
  ["an absolute folder", "data: [/data]", '1:8 data must hold folders inside the repository, not "/data"'],
  [
    "a folder with dots inside",
    "data: [a/../../b]",
    '1:8 data must hold folders inside the repository, not "a/../../b"',
  ],
  ["a folder of Windows", "data: ['C:\\data']", '1:8 data must hold folders inside the repository, not "C:\\\\data"'],
  ["no folders", "data: []", "1:7 data must be a list of folders inside the repository, not an empty list"],
  ["a store above", "store: ../store", '1:8 store must be the path of a folder without .., not "../store"'],
  ["negative days", "gc_grace_days: -1", "1:16 gc_grace_days must be a number from 0 to 36500, not -1"],
  [
    "an unknown key in defaults",
    "defaults:\n  resources: { thread: 4 }",
    "2:16 defaults.resources.thread is not a known key",
  ],
  [
    "a wrong value in defaults",
    "defaults: { seed: x }",
    '1:19 defaults.seed must be a whole number from 0 to 4294967295, not "x"',
  ],
  ["a name in defaults", "defaults: { name: x }", "1:13 defaults.name is not a known key"],
  ["a list", "[a]", "1:1 the file must be a block of keys such as registry and data, not [a]"],
  ["nothing", "", "1:1 the file is empty"],
  ["no YAML", "a: }", '1:4 not valid YAML: Unexpected flow-map-end token in YAML stream: "}"'],
])("%s is explained", (_title, text, message) => {
  const { config, problems } = parseRepositoryConfig(text, "mergeml.yaml");
  expect(problems.map(({ message, where }) => `${where?.line}:${where?.column} ${message}`)).toEqual([message]);
  expect(config).toEqual(defaultRepositoryConfig);
});

test("any text gives a usable config", () => {
  const piece = fc.constantFrom(
    "registry",
    "data",
    "store",
    "defaults",
    "gc_grace_days",
    ": ",
    "\n",
    "  ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    "a",
    "1",
    "..",
    "/",
    "null",
  );
  const text = fc.oneof(
    fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join("")),
    fc.string({ unit: "binary", maxLength: 50 }),
  );
  const property = fc.property(text, (content) => {
    const { config } = parseRepositoryConfig(content, "mergeml.yaml");
    expect(Object.keys(config).sort()).toEqual(Object.keys(defaultRepositoryConfig).sort());
    expect([typeof config.registry, Array.isArray(config.data), typeof config.store]).toEqual([
      "string",
      true,
      "string",
    ]);
  });
  fc.assert(property, { numRuns: 300 });
});
