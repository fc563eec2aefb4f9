import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { changedModels } from "../pipelines/changed-models.ts";
import { defaultRepositoryConfig } from "../pipelines/config/repository-config.ts";
import { openGit } from "../pipelines/registry/git/git.ts";
import { makeScratch, type Scratch } from "./scratch.ts";

function changedBy(scratch: Scratch, base: string | null) {
  const repository = { ...defaultRepositoryConfig, data: ["data", "./more/tables/"] };
  return changedModels({ git: openGit(scratch.root, { env: scratch.env }), repository }, base);
}

function commit(scratch: Scratch, ...paths: string[]): string {
  const before = scratch.git("rev-parse", "HEAD").trim();
  for (const path of paths) scratch.write(path, `${path}\n${before}\n`);
  scratch.git("add", ".");
  scratch.git("commit", "-qm", "Change");
  return before;
}

describe("the models a change affects", () => {
  it.each<[string, string[], string[] | "all"]>([
    ["a model's config", ["models/rent/model.yaml"], ["rent"]],
    ["files of two models", ["models/rent/train.py", "models/price/features.sql"], ["price", "rent"]],
    ["documentation and workflows", ["docs/a.md", ".github/workflows/a.yml", "README.md"], []],
    ["the schema that editors read", ["models/model.schema.json"], []],
    ["settings of the repository", ["mergeml.yaml"], "all"],
    ["data that any query may read", ["data/flats.csv"], "all"],
    ["data in a deeper folder", ["more/tables/flats.csv"], "all"],
    ["files beside them", ["NOTES.md", "more/words.txt", "app/main.py", "database/a.csv"], []],
    [
      "an application's own code and packages",
      ["package.json", "package-lock.json", ".npmrc", "pipelines/etl.py", "scripts/a.sh", "actions/setup/action.yml"],
      [],
    ],
  ])("by %s", async (_title, paths, expected) => {
    using scratch = makeScratch({ remote: false });
    const base = commit(scratch, ...paths);
    const changed = await changedBy(scratch, base);
    expect(changed === "all" ? changed : [...changed].sort()).toEqual(expected);
  });

  it.each(["pipelines/plan.ts", "package-lock.json", "scripts/mergeml.ts", "actions/setup/action.yml"])(
    "by %s where mergeml is part of the repository are all",
    async (path) => {
      using scratch = makeScratch({ remote: false });
      scratch.write("actions/setup/action.yml", "name: mergeml setup\ndescription: Installs\n");
      scratch.git("add", ".");
      scratch.git("commit", "-qm", "Bring mergeml");
      expect(await changedBy(scratch, commit(scratch, "models/rent/model.yaml", path))).toBe("all");
    },
  );

  it.each<[string, string, string[]]>([
    ["a feature view", "features/customer.sql", ["price", "spend"]],
    ["the YAML of one", "features/customer.yaml", ["price", "spend"]],
    ["what is no view", "other/customer.sql", []],
  ])("by %s are those that may read views", async (_title, path, expected) => {
    using scratch = makeScratch({ remote: false });
    scratch.write("models/price/features.sql", 'SELECT 1 FROM "features" . customer\n');
    scratch.write("models/spend/model.yaml", "features:\n  entities: entities.sql\n");
    scratch.git("add", ".");
    scratch.git("commit", "-qm", "Add models");
    const base = commit(scratch, path);
    expect([...(await changedBy(scratch, base))].sort()).toEqual(expected);
  });

  it("does not count what the base branch did since", async () => {
    using scratch = makeScratch({ remote: false });
    scratch.git("switch", "-qc", "feature");
    commit(scratch, "models/rent/model.yaml");
    scratch.git("switch", "-q", "main");
    commit(scratch, "mergeml.yaml");
    const base = scratch.git("rev-parse", "main").trim();
    scratch.git("switch", "-q", "feature");
    expect(await changedBy(scratch, base)).toEqual(new Set(["rent"]));
  });

  it("takes the first parent of a pull request's merge commit as its base", async () => {
    using scratch = makeScratch({ remote: false });
    scratch.git("switch", "-qc", "feature");
    commit(scratch, "models/rent/model.yaml");
    scratch.git("switch", "-q", "main");
    commit(scratch, "mergeml.yaml");
    scratch.git("merge", "-q", "--no-ff", "-m", "Merge", "feature");
    expect(await changedBy(scratch, "0".repeat(40))).toEqual(new Set(["rent"]));
  });

  it("is found in a folder of a larger repository, too", async () => {
    using scratch = makeScratch({ remote: false });
    const base = commit(scratch, "ml/models/rent/model.yaml", "models/other/model.yaml", "app/main.py");
    const git = openGit(join(scratch.root, "ml"), { env: scratch.env });
    expect(await changedModels({ git, repository: defaultRepositoryConfig }, base)).toEqual(new Set(["rent"]));
  });

  it.each([[null], ["main"], ["0".repeat(40)], ["--output=x"]])("is all of them when the base is %s", async (base) => {
    using scratch = makeScratch({ remote: false });
    expect(await changedBy(scratch, base)).toBe("all");
  });
});
