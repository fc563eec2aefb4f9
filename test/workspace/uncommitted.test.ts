import { describe, expect, it } from "vitest";
import { openWorkspace } from "../../pipelines/open-workspace.ts";
import { silentLog, systemClock } from "../../pipelines/ports/host.ts";
import { readModel, uncommittedInputs } from "../../pipelines/workspace/workspace.ts";
import { flatsCsv, makeScratch, modelYaml, type Scratch } from "../scratch.ts";

async function uncommitted({ root, env }: Scratch): Promise<string[]> {
  const workspace = await openWorkspace({ directory: root, env, clock: systemClock, log: silentLog, useCache: false });
  return uncommittedInputs(workspace, await readModel(workspace, "rent"));
}

const pattern = "SELECT id, size, rooms, city, rent FROM read_csv('fl*.csv')\n";

describe("what a model is made of and no commit has", () => {
  it.each<{ title: string; change: (scratch: Scratch) => void; found: string[] }>([
    { title: "nothing", change: () => {}, found: [] },
    {
      title: "its config, staged or not, and the settings",
      change: ({ write, git }) => {
        write("models/rent/model.yaml", modelYaml({ params: "{ trees: 11 }" }));
        git("add", ".");
        write("mergeml.yaml", "gc_grace_days: 8\n");
      },
      found: ["mergeml.yaml", "models/rent/model.yaml"],
    },
    {
      title: "data that its query names",
      change: ({ write }) => write("data/flats.csv", flatsCsv(700)),
      found: ["data/flats.csv"],
    },
    {
      title: "not data that it does not name, another model, or what git ignores",
      change: ({ write }) => {
        write("data/other.csv", "a\n");
        write("models/price/model.yaml", "name: price\n");
        write(".gitignore", "models/rent/notes.txt\n");
        write("models/rent/notes.txt", "mine\n");
      },
      found: [],
    },
    {
      title: "all data when it names files by a pattern",
      change: ({ write, git }) => {
        write("models/rent/features.sql", pattern);
        git("commit", "-qam", "By pattern");
        write("data/flying.csv", "a\n");
      },
      found: ["data/flying.csv"],
    },
  ])("is $title", async ({ change, found }) => {
    using scratch = makeScratch({ remote: false });
    change(scratch);
    expect(await uncommitted(scratch)).toEqual(found);
  });
});

it("is said by run, with the commit that does not have it, and is in its facts", async () => {
  using scratch = makeScratch();
  await scratch.facts(["init"]);
  scratch.git("add", ".");
  scratch.git("commit", "-qm", "Init");
  scratch.write("models/rent/model.yaml", modelYaml({ params: "{ trees: 11 }" }));
  const head = scratch.git("rev-parse", "--short=7", "HEAD").trim();
  const { stderr, code } = await scratch.mergeml("run", "rent");
  expect(code).toBe(0);
  const told = stderr.indexOf(
    `warning: not committed: models/rent/model.yaml. A version made now names commit ${head}`,
  );
  expect(told).toBeGreaterThan(-1);
  expect(told).toBeLessThan(stderr.indexOf("register"));
  scratch.git("commit", "-qam", "Eleven trees");
  scratch.write("models/rent/model.yaml", modelYaml({ params: "{ trees: 40, max_leaves: 16 }" }));
  expect(await scratch.facts(["run", "rent"])).toMatchObject({
    state: "deployed",
    uncommitted: ["models/rent/model.yaml"],
  });
});
