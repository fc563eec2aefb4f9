import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { callerWorkflows } from "../../pipelines/scaffold/workflow-texts.ts";
import { composites, type Job, shipped, stepsOf, written } from "./workflow-files.ts";

const all = [...shipped, ...written, ...composites];
const read = { contents: "read" };
/** Rows and models of versions may be in ghcr.io. */
const readStore = { ...read, packages: "read" };
const post = { actions: "read", checks: "write", contents: "read", "pull-requests": "write" };
const postAndStart = { ...post, actions: "write" };
const change = { contents: "write", deployments: "write" };
/** To have pull requests judged again whose verdict was made against what is in production no more. */
const judgeAgain = { actions: "write", checks: "write", "pull-requests": "write" };

/** Who moves a pointer signs it by the job's identity. */
const signs = { "id-token": "write" };

/**
 * The permissions of each job. `registry.yml` needs `contents: write` for repository_dispatch only, `rollback.yml`
 * and `drift.yml` `deployments: write` to show at once what they did, `drift.yml` `actions: write` to start the check of a retrain, and the deploy reads which pull request a commit came from.
 */
const permissions: Record<string, Record<string, Record<string, string>>> = {
  "ci.yml": { check: read },
  "model-pr.yml": {
    look: { checks: "write", contents: "read", "pull-requests": "write" },
    plan: { ...read, "pull-requests": "read" },
    train: { ...readStore, "id-token": "write" },
    judging: { checks: "write", contents: "read", "pull-requests": "write" },
    report: postAndStart,
  },
  "model-report.yml": { report: post, unjudged: post },
  "release.yml": { build: read, publish: { attestations: "write", contents: "write", "id-token": "write" } },
  "model-deploy.yml": {
    plan: read,
    train: { ...readStore, "id-token": "write" },
    deploy: {
      ...change,
      actions: "read",
      attestations: "write",
      "id-token": "write",
      packages: "write",
      "pull-requests": "read",
    },
    announce: { ...judgeAgain, ...change, issues: "write" },
  },
  "model-promote.yml": {
    plan: read,
    check: { ...readStore, "id-token": "write" },
    judge: read,
    promote: { ...judgeAgain, ...change, ...signs, packages: "write" },
  },
  "registry.yml": { notify: { ...judgeAgain, ...change } },
  "rollback.yml": { rollback: { ...judgeAgain, ...change, ...signs, packages: "read" } },
  "dashboard.yml": { build: read, publish: { pages: "write", "id-token": "write" } },
  "drift.yml": {
    plan: read,
    check: { ...readStore, "id-token": "write" },
    answer: { ...judgeAgain, ...change, ...signs, issues: "write", packages: "read" },
  },
};

const named = (jobs: Record<string, Job>) => Object.entries(jobs).map(([name, job]) => ({ name, job }));
const writes = (jobs: readonly (Record<string, string> | undefined)[]) =>
  [
    ...new Set(
      jobs.flatMap((job) => Object.entries(job ?? {}).flatMap(([scope, level]) => (level === "write" ? [scope] : []))),
    ),
  ].sort();

describe("permissions", () => {
  it.each(shipped)("of $file are those of the design, job by job", ({ file, jobs, permissions: whole }) => {
    expect(whole).toEqual({});
    expect(Object.fromEntries(named(jobs).map(({ name: job, job: { permissions: given } }) => [job, given]))).toEqual(
      permissions[file],
    );
  });

  it("of a pull request's job are of a role of its own, and it gets no key that seals steps", () => {
    const texts = Object.fromEntries(shipped.map(({ file, text }) => [file, text]));
    expect(texts["model-pr.yml"]).toMatch(/AWS_ROLE_ARN: \$\{\{ vars.AWS_READER_ROLE_ARN \}\}/);
    expect(texts["model-pr.yml"]).toMatch(/AZURE_CLIENT_ID: \$\{\{ vars.AZURE_READER_CLIENT_ID \}\}/);
    const withKey = Object.keys(texts).filter((file) => texts[file]?.includes("secrets.MERGEML_STEP_KEY"));
    expect(withKey).toEqual(["model-deploy.yml"]);
  });

  it("of an app are for the jobs alone that run nobody's models, whatever writes and reads the comments", () => {
    const withApp = shipped.flatMap(({ file, jobs }) =>
      Object.entries(jobs).flatMap(([name, { steps = [] }]) =>
        JSON.stringify(steps).includes("secrets.MERGEML_APP_KEY") ? [`${file} ${name}`] : [],
      ),
    );
    expect(withApp.sort()).toEqual([
      "drift.yml answer",
      "model-deploy.yml announce",
      "model-deploy.yml deploy",
      "model-pr.yml judging",
      "model-pr.yml look",
      "model-pr.yml report",
      "model-promote.yml promote",
      "model-report.yml report",
      "model-report.yml unjudged",
      "rollback.yml rollback",
    ]);
  });

  it("are in the documentation as they are declared", () => {
    const text = readFileSync(join(import.meta.dirname, "../../docs/github.md"), "utf8");
    const rows = [...text.matchAll(/^\| `([a-z-]+\.yml)` \|.*\| ([^|]+) \|$/gm)];
    const told = rows.map(([, file = "", cell = ""]) => [
      file,
      [...cell.matchAll(/`([a-z-]+)(?:: write)?`/g)]
        .map(([, scope = ""]) => scope)
        .filter((scope) => scope !== "report" && scope !== "look")
        .sort(),
    ]);
    const declared = Object.entries(permissions).filter(([file]) => file !== "ci.yml" && file !== "release.yml");
    expect(Object.fromEntries(told)).toEqual(
      Object.fromEntries(declared.map(([file, jobs]) => [file, writes(Object.values(jobs))])),
    );
  });

  // `id-token: write` writes nothing here: a cloud may believe by it that the job is this repository's pull request.
  it("of the jobs that run a pull request's code only read", () => {
    for (const { name, job } of named(judge?.jobs ?? {})) {
      const [checkout] = (job.steps ?? []).filter(({ uses }) => uses?.startsWith("actions/checkout@"));
      const runsTheirs = !`${checkout?.with?.ref ?? ""}`.includes("pull_request.base.sha");
      expect({ name, runsTheirs }).toEqual({
        name,
        runsTheirs: writes([job.permissions]).every((scope) => scope === "id-token"),
      });
    }
  });

  it.each(written.filter(({ file }) => file !== "registry.yml"))(
    "that a caller gives in $file are what the called jobs need",
    ({ file, jobs, permissions: whole }) => {
      expect(whole).toEqual({});
      const needed = Object.values(permissions[file] ?? {});
      const most = Object.assign(
        {},
        ...needed,
        ...needed.map((each) => Object.fromEntries(Object.entries(each).filter(([, level]) => level === "write"))),
      );
      expect(Object.values(jobs).map((job) => job.permissions)).toEqual([most]);
    },
  );
});

it.each([
  ["github.md", "model-pr.yml"],
  ["pictures.md", "dashboard.yml"],
])("docs/%s shows %s as init writes it", (page, name) => {
  const text = readFileSync(join(import.meta.dirname, "../../docs", page), "utf8");
  const caller = written.find(({ file }) => file === name);
  expect(text).toContain(`\`\`\`yaml\n# .github/workflows/${name}\n${caller?.text}\`\`\``);
});

const judge = shipped.find(({ file }) => file === "model-pr.yml");
const judgeCaller = written.find(({ file }) => file === "model-pr.yml");

describe("model-pr.yml, and its caller,", () => {
  it.each([judge, judgeCaller])("listen to the merge queue, and to another base", (file) => {
    const { on } = parse(file?.text ?? "") as { on: Record<string, unknown> };
    expect(Object.keys(on)).toContain("merge_group");
    expect(on.pull_request).toEqual({ types: ["opened", "synchronize", "reopened", "edited"] });
  });

  it("compare the queue's commit with what it is merged onto, by the code that is there", () => {
    expect(judge?.text).toContain(
      `base: \${{ github.event.pull_request.base.sha || github.event.merge_group.base_sha }}`,
    );
    const base = `ref: \${{ github.event.pull_request.base.sha || github.event.merge_group.base_sha || github.event.repository.default_branch }}`;
    expect(judge?.text.split(base)).toHaveLength(4);
  });

  it("end with the first job where no model can be affected: what is left out then counts as passed", () => {
    const { jobs } = judge as unknown as { jobs: Record<string, { if?: string; needs?: unknown }> };
    const known = "needs.look.outputs.affected != 'none'";
    for (const job of ["plan", "report"]) {
      expect(jobs[job]?.if).toContain(known);
      expect(jobs[job]?.if).toContain("!cancelled()"); // also where there was nothing to look at: a fork, a run by hand, an API that is away
      expect([jobs[job]?.needs].flat()).toContain("look");
    }
    // Left out with the plan, and not because what that needs was.
    for (const job of ["train", "judging"])
      expect(jobs[job]?.if).toContain("!cancelled() && needs.plan.result == 'success' && ");
    expect(Object.keys(jobs)[0]).toBe("look");
  });

  it("leave a new title alone: nothing runs, nothing that runs is ended, and no job named `report` counts as passed", () => {
    const { concurrency, jobs } = judge as unknown as {
      concurrency: { group: string };
      jobs: Record<string, { if?: string; name?: string; needs?: string | string[] }>;
    };
    expect(concurrency.group).toContain("github.event.action == 'edited' && !github.event.changes.base && '-edited'");
    const changed = "github.event.action != 'edited' || github.event.changes.base";
    expect(jobs.plan?.if).toContain(changed);
    expect(jobs.report?.if).toContain(changed);
    expect(jobs.report?.name).toBe(
      `\${{ github.event.action == 'edited' && !github.event.changes.base && 'nothing to judge' || 'report' }}`,
    );
    expect(jobs.look?.if).toContain(changed);
    for (const job of ["train", "judging"]) expect([jobs[job]?.needs].flat()).toContain("plan");
  });
});

describe("a caller", () => {
  const withInputs = shipped.filter(({ text }) => text.includes("workflow_call:"));

  it.each(withInputs)("of $file may say where its models are, and the runner of every job", ({ text, jobs }) => {
    const { inputs } = (parse(text) as { on: { workflow_call: { inputs: Record<string, unknown> } } }).on.workflow_call;
    expect(Object.keys(inputs)).toEqual(expect.arrayContaining(["working-directory", "runner"]));
    for (const { name, job } of named(jobs))
      expect([name, (job as { "runs-on"?: string })["runs-on"]]).not.toContain("ubuntu-latest");
    const actions = stepsOf([{ file: "", text, jobs }]).filter(({ uses }) =>
      /tool\/actions\/(?!setup)/.test(uses ?? ""),
    );
    // By an action of ours, or by the command itself.
    expect(actions.length > 0 || text.includes("inputs.working-directory || '.'")).toBe(true);
    for (const { with: given, place } of actions)
      expect([place, given?.["working-directory"]]).toEqual([place, `\${{ inputs.working-directory }}`]);
  });

  it.each(["model-pr.yml", "model-deploy.yml", "model-promote.yml", "drift.yml"])(
    "of %s may bring a setup, Git LFS, a container, a store",
    (file) => {
      const found = shipped.find((each) => each.file === file);
      const { inputs } = (parse(found?.text ?? "") as { on: { workflow_call: { inputs: object } } }).on.workflow_call;
      expect(Object.keys(inputs)).toEqual(
        expect.arrayContaining(["container", "setup", "lfs", "store", "retention-days"]),
      );
      const model = Object.values(found?.jobs ?? {}).find(({ steps = [] }) =>
        steps.some(({ uses }) => uses === "./.mergeml/setup"),
      );
      const uses = (model?.steps ?? []).map((step) => step.uses ?? step.run ?? "");
      // Before mergeml's own setup, whose Node stays first, and before the models.
      expect(uses.indexOf("./.mergeml/setup")).toBeLessThan(uses.indexOf("./.mergeml/tool/actions/setup"));
      expect(model?.steps?.[0]?.with?.lfs).toBe(`\${{ inputs.lfs == true }}`);
    },
  );

  it("has the inputs that the documentation says", () => {
    const files: Record<string, string> = {
      pr: "model-pr",
      report: "model-report",
      deploy: "model-deploy",
      promote: "model-promote",
    };
    const text = readFileSync(join(import.meta.dirname, "../../docs/github.md"), "utf8");
    const [, table = ""] = /\| input \| of \|.*\n\|-.*\n((?:\|.*\n)+)/.exec(text) ?? [];
    const told = new Map(
      [...table.matchAll(/^\| `([a-z-]+)` \| ([a-z, ]+) \|/gm)].map(([, input = "", of = ""]) => [
        input,
        of === "all" ? withInputs.map(({ file }) => file) : of.split(", ").map((each) => `${files[each] ?? each}.yml`),
      ]),
    );
    expect(told.size).toBeGreaterThan(8);
    const having = (input: string) =>
      withInputs.filter(({ text: whole }) => new RegExp(`^      ${input}:$`, "m").test(whole)).map(({ file }) => file);
    for (const [input, of] of told) expect([input, of.sort()]).toEqual([input, having(input).sort()]);
  });

  it("hands secrets over by name, and no other", () => {
    expect(written.filter(({ text }) => text.includes("secrets: inherit"))).toEqual([]);
    const by = written.filter(({ text }) => text.includes(`MERGEML_SOURCES: \${{ secrets.MERGEML_SOURCES }}`));
    expect(by.map(({ file }) => file).sort()).toEqual([
      "drift.yml",
      "model-deploy.yml",
      "model-pr.yml",
      "model-promote.yml",
    ]);
  });

  it("promotes behind the report, by the environment whose reviewers must approve", () => {
    const { jobs } = shipped.find(({ file }) => file === "model-promote.yml") as unknown as {
      jobs: Record<string, { needs?: unknown; environment?: string }>;
    };
    expect(jobs.promote).toMatchObject({ needs: "judge", environment: `\${{ matrix.approval }}` });
    expect(jobs.judge?.environment).toBeUndefined();
    const names = (environments: string[]) =>
      Object.keys(callerWorkflows({ name: "acme/mergeml", ref: "v1", version: null }, "main", { environments }));
    expect(names(["production"])).not.toContain(".github/workflows/model-promote.yml");
    const back = written.find(({ file }) => file === "rollback.yml");
    expect(back?.text).toContain("options: [staging, production]\n        default: production");
  });
});

describe("levels of trust", () => {
  const jobs = [...shipped, ...written].flatMap(({ file, jobs: theirs }) =>
    named(theirs).map(({ name, job }) => ({ place: `${file}, ${name}`, job, actions: actionsOf(job) })),
  );
  const isTrusted = ({ permissions: given }: Job) => writes([given]).some((scope) => scope !== "id-token");

  it("let no job with a token that writes run what the authors of models wrote", () => {
    const runs = (uses: string, inputs: Record<string, unknown> = {}) =>
      uses === "train" || (uses === "drift" && inputs.step === "check");
    const found = jobs.filter(({ actions }) => actions.some(({ name, inputs }) => runs(name, inputs)));
    expect(found.length).toBeGreaterThan(2);
    expect(found.filter(({ job }) => isTrusted(job)).map(({ place }) => place)).toEqual([]);
  });

  it("give a job with a token that writes no installation that another could have written to", () => {
    const found = jobs.filter(({ job, actions }) => isTrusted(job) && actions.length > 0);
    expect(found.length).toBeGreaterThan(5);
    for (const { place, actions } of found)
      expect({ place, cache: actions.find(({ name }) => name === "setup")?.inputs?.cache }).toEqual({
        place,
        cache: false,
      });
  });

  it("give no job with a token that writes an environment of programs, which pull requests may leave for their own jobs", () => {
    const found = jobs.filter(({ actions }) => actions.some(({ name }) => name === "install"));
    expect(found.map(({ place }) => place)).toEqual(["model-deploy.yml, train", "model-pr.yml, train"]);
    expect(found.filter(({ job }) => isTrusted(job))).toEqual([]);
    // Left before any program of a model runs.
    for (const { actions } of found) expect(actions.map(({ name }) => name).slice(-2)).toEqual(["install", "train"]);
  });

  it("let every job sign that moves a pointer, and none that runs what the authors of models wrote", () => {
    const moves = ({ name, inputs = {} }: ReturnType<typeof actionsOf>[number]) =>
      name === "promote" ||
      name === "rollback" ||
      name === "register" ||
      (name === "drift" && inputs.step === "answer");
    const signing = jobs.filter(({ actions }) => actions.some(moves));
    expect(signing.map(({ place }) => place).sort()).toEqual([
      "drift.yml, answer",
      "model-deploy.yml, deploy",
      "model-promote.yml, promote",
      "rollback.yml, rollback",
    ]);
    for (const { place, job, actions } of signing) {
      expect({ place, given: job.permissions }).toMatchObject({ given: { contents: "write", "id-token": "write" } });
      expect({ place, installs: actions.some(({ name }) => name === "install") }).toEqual({ place, installs: false });
    }
    // What others' jobs can sign by their identity, which reads buckets, they cannot push.
    const others = jobs.filter(({ job, actions }) => job.permissions?.["id-token"] && !actions.some(moves));
    const writing = others.filter(({ job, actions }) => actions.length > 0 && isTrusted(job));
    expect(writing.map(({ place }) => place)).toEqual([]);
  });

  it("give attestations to the one job that registers, and to the one that releases mergeml", () => {
    const attesting = jobs.filter(({ job }) => job.uses === undefined && job.permissions?.attestations);
    expect(attesting.map(({ place }) => place).sort()).toEqual(["model-deploy.yml, deploy", "release.yml, publish"]);
  });

  it("let no job that runs what the authors of models wrote leave an installation for others", () => {
    const found = jobs.filter(({ actions }) => actions.some(({ name }) => name === "train"));
    for (const { place, actions } of found)
      expect({ place, cache: actions.find(({ name }) => name === "setup")?.inputs?.cache }).toEqual({
        place,
        cache: "restore",
      });
  });
});

/** The actions of mergeml that a job uses, by name. */
function actionsOf({ steps = [] }: Job): { name: string; inputs?: Record<string, unknown> }[] {
  return steps.flatMap(({ uses = "", with: inputs }) => {
    const name = /^\.\/\.mergeml\/tool\/actions\/([a-z-]+)$/.exec(uses)?.[1];
    return name === undefined ? [] : [{ name, ...(inputs && { inputs }) }];
  });
}

describe("workflows and composite actions", () => {
  it("put no expression into a script", () => {
    const scripts = stepsOf(all).filter(({ run }) => run !== undefined);
    expect(scripts.length).toBeGreaterThan(5);
    expect(scripts.filter(({ run }) => run?.includes(`\${{`))).toEqual([]);
  });

  it("pin every action of others to a commit, with its version beside it", () => {
    for (const { file, text } of all) {
      const used = [...text.matchAll(/^\s*-?\s*uses: (\S+)(.*)$/gm)].filter(
        ([, action = ""]) => !action.startsWith("./"),
      );
      for (const [line, action = "", comment = ""] of used) {
        expect(action, `${file}: ${line}`).toMatch(/^[\w-]+\/[\w./-]+@[0-9a-f]{40}$/);
        expect(comment, `${file}: ${line}`).toMatch(/^ # v\d+\.\d+\.\d+$/);
      }
    }
  });

  it("pin one action to one commit everywhere", () => {
    const pins = new Set(
      all.flatMap(({ text }) => [...text.matchAll(/uses: ([\w/-]+@[0-9a-f]{40} # \S+)/g)].map(([, pin]) => pin)),
    );
    const actions = [...pins].map((pin) => pin?.split("@")[0]);
    expect(new Set(actions).size).toBe(actions.length);
  });

  it("give every job a time limit", () => {
    const jobs = [...shipped, ...written].flatMap(({ file, jobs: theirs }) =>
      named(theirs).map(({ name, job }) => ({ place: `${file}, ${name}`, job })),
    );
    const unlimited = jobs.filter(({ job }) => job.uses === undefined && job["timeout-minutes"] === undefined);
    expect(unlimited.map(({ place }) => place)).toEqual([]);
  });

  it("leave no credentials behind a checkout", () => {
    const checkouts = stepsOf(all).filter(({ uses }) => uses?.startsWith("actions/checkout@"));
    expect(checkouts.length).toBeGreaterThan(8);
    expect(checkouts.filter((step) => step.with?.["persist-credentials"] !== false).map(({ place }) => place)).toEqual(
      [],
    );
  });

  it("hand no token to an action but by its own default", () => {
    expect(
      stepsOf(all)
        .filter((step) => "token" in (step.with ?? {}))
        .map(({ place }) => place),
    ).toEqual([]);
  });
});
