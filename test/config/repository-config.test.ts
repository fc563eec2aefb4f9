import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
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
      environments: ["production"],
      data: ["data"],
      sources: {},
      store: ".mergeml/store",
      predictions: "predictions",
      gc_grace_days: 7,
      comment: "always",
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

describe("confined, as in CI", () => {
  const outside = (key: string, path: string) => ({
    message: `${key} is outside of the repository (${path}), and in CI a pull request could have written that`,
    hint: `name a folder inside; whoever runs the job gives another with the variable MERGEML_${key.toUpperCase()}`,
    key,
  });

  beforeEach(async () => {
    await symlink(tmpdir(), join(root, "out"));
    await symlink("/nowhere/at/all", join(root, "lost"));
    await mkdir(join(root, "inside"));
    await symlink("inside", join(root, "near"));
  });

  test.each([
    ["an absolute path", "/srv/store", 8],
    ["a link", "out", 8],
    ["a folder behind a link", "out/a/b", 8],
    ["a link to nothing", "lost/a", 8],
  ])("%s is refused, by the place in mergeml.yaml", async (_title, path, column) => {
    await writeFile(join(root, "mergeml.yaml"), `store: ${path}\n`);
    const { config, problems } = await loadRepositoryConfig(root, { confined: true });
    expect(problems).toMatchObject([{ ...outside("store", path), where: { file: "mergeml.yaml", line: 1, column } }]);
    expect(config.store).toBe(".mergeml/store");
    expect((await loadRepositoryConfig(root)).problems).toEqual([]);
    await writeFile(join(root, "mergeml.yaml"), `data: [a]\npredictions: ${path}\n`);
    const log = await loadRepositoryConfig(root, { confined: true });
    expect(log.problems).toMatchObject([{ ...outside("predictions", path), where: { line: 2, column: 14 } }]);
  });

  test.each(["../store", "a/../../b", ".."])("%s is refused everywhere", async (path) => {
    await writeFile(join(root, "mergeml.yaml"), `store: ${path}\n`);
    expect((await loadRepositoryConfig(root)).problems[0]?.message).toContain("a folder without ..");
  });

  test.each(["inside", "near", "near/a", "new/folder", ".mergeml/store", "n".repeat(300)])(
    "%s is fine",
    async (path) => {
      await writeFile(join(root, "mergeml.yaml"), `store: ${path}\npredictions: ${path}\n`);
      expect((await loadRepositoryConfig(root, { confined: true })).problems).toEqual([]);
    },
  );

  test("an absolute path into the repository is fine", async () => {
    const path = join(await realpath(root), "inside");
    await writeFile(join(root, "mergeml.yaml"), `store: ${path}\n`);
    expect(await loadRepositoryConfig(root, { confined: true })).toMatchObject({
      config: { store: path },
      problems: [],
    });
  });

  test("a default folder that is a link out is refused without a mergeml.yaml", async () => {
    await symlink(tmpdir(), join(root, "predictions"));
    const { problems } = await loadRepositoryConfig(root, { confined: true });
    expect(problems).toMatchObject([outside("predictions", "predictions")]);
  });

  test("what the operator gives is taken instead", async () => {
    await writeFile(join(root, "mergeml.yaml"), "store: /srv/store\npredictions: /srv/log\n");
    const given = { store: "/mnt/store" };
    const { config, problems } = await loadRepositoryConfig(root, { confined: true, given });
    expect(config.store).toBe("/mnt/store");
    expect(problems).toMatchObject([outside("predictions", "/srv/log")]);
  });
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
