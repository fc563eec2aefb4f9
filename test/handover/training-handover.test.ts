import { mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { confirmedEntry, type Trusted } from "../../pipelines/handover/confirm-candidates.ts";
import {
  bundleFile,
  type CandidateBundle,
  readBundle,
  writeBundle,
} from "../../pipelines/handover/training-outcome.ts";
import { openWorkspace } from "../../pipelines/open-workspace.ts";
import { silentLog, systemClock } from "../../pipelines/ports/host.ts";
import { renderReport } from "../../pipelines/report/render-report.ts";
import { modelsAtCommit, type Workspace } from "../../pipelines/workspace/workspace.ts";
import { makeScratch, modelYaml, type Scratch } from "../scratch.ts";

let scratch: Scratch;
let folder: string;
let sound: CandidateBundle;

/** A model in production, and a better candidate on a branch, trained as a job of its pull request would. */
beforeAll(async () => {
  scratch = makeScratch();
  folder = join(scratch.folder, "bundle");
  await scratch.facts(["init"]);
  await scratch.facts(["run", "rent"]);
  scratch.write("models/rent/model.yaml", modelYaml({ params: "{ trees: 30, max_leaves: 8 }" }));
  scratch.git("commit", "-qam", "Grow more trees");
  await scratch.facts(["train", "rent"]);
  await writeBundle(scratch.root, "rent", folder);
  sound = JSON.parse(readFileSync(join(folder, bundleFile), "utf8"));
});

afterAll(() => scratch[Symbol.dispose]());

function open(): Promise<Workspace> {
  const { root, env } = scratch;
  return openWorkspace({ directory: root, env, clock: systemClock, log: silentLog, useCache: true });
}

/** Writes a changed copy of the sound bundle and returns its file. */
function tampered(change: (bundle: CandidateBundle) => unknown): string {
  const copy = structuredClone(sound);
  const changed = change(copy);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, bundleFile);
  rmSync(file, { recursive: true, force: true });
  writeFileSync(file, typeof changed === "string" ? changed : JSON.stringify(changed ?? copy));
  return file;
}

type Loose = Record<string, never>;
const loosen = (value: unknown) => value as Loose & Record<string, unknown>;

describe("a bundle", () => {
  it("is read back as it was written", async () => {
    expect(
      await readBundle(
        tampered(() => undefined),
        "rent",
      ),
    ).toEqual(sound);
  });

  it.each<[string, (bundle: CandidateBundle) => unknown, string]>([
    ["text that is not JSON", () => "{", "it is not JSON"],
    ["more levels than there are", () => `{"format":${"[".repeat(200_000)}`, "deeper than 64 levels"],
    ["another format", (bundle) => Object.assign(bundle, { format: 2 }), "/format must be equal to constant"],
    ["a key nobody knows", (bundle) => Object.assign(bundle, { html: "<img>" }), "additional properties"],
    ["another model", (bundle) => Object.assign(bundle, { model: "other" }), "another model than rent"],
    [
      "a candidate of another model",
      (bundle) => Object.assign(loosen(bundle.candidate?.record.config), { name: "other" }) && undefined,
      "another model than rent",
    ],
    ["no candidate", (bundle) => Object.assign(bundle, { candidate: null }), "its candidate is missing"],
    [
      "Markdown for a number",
      (bundle) =>
        Object.assign(loosen(bundle.candidate?.evaluation), { rows: "![x](https://evil.example)" }) && undefined,
      "/candidate/evaluation/rows must be integer",
    ],
    [
      "Markdown for a score",
      (bundle) =>
        Object.assign(loosen(bundle.candidate?.evaluation.metrics[0]), { candidate: "@octocat" }) && undefined,
      "/candidate/evaluation/metrics/0/candidate must be number,null",
    ],
    [
      "a hash that is none",
      (bundle) => Object.assign(loosen(bundle.candidate?.record.model), { sha256: "a|b`c" }) && undefined,
      "must match pattern",
    ],
    [
      "a name without end",
      (bundle) =>
        Object.assign(loosen(bundle.candidate?.evaluation.metrics[0]), { metric: "x".repeat(300) }) && undefined,
      "must NOT have more than 200 characters",
    ],
  ])("with %s is refused", async (_title, change, message) => {
    await expect(readBundle(tampered(change), "rent")).rejects.toThrow(message);
  });

  it("that is a link, a folder or too large is not opened", async () => {
    const file = tampered(() => undefined);
    rmSync(file);
    symlinkSync("/proc/self/environ", file);
    await expect(readBundle(file, "rent")).rejects.toThrow("it is not a plain file");
    rmSync(file);
    mkdirSync(file);
    await expect(readBundle(file, "rent")).rejects.toThrow("it is not a plain file");
    rmSync(file, { recursive: true });
    writeFileSync(file, "");
    truncateSync(file, 9 * 1024 * 1024);
    await expect(readBundle(file, "rent")).rejects.toThrow("at most 8388608 are read");
    rmSync(file);
    await expect(readBundle(file, "rent")).rejects.toThrow("it is missing");
  });
});

type Change = (bundle: CandidateBundle) => void;

const metricsOf = (bundle: CandidateBundle): unknown[] => bundle.candidate?.evaluation.metrics as never;

const metricIn = (bundle: CandidateBundle, name: string) =>
  bundle.candidate?.evaluation.metrics.find(({ metric }) => metric === name);

const measured =
  (name: string, change: object): Change =>
  (bundle) => {
    Object.assign(loosen(metricIn(bundle, name)), change);
  };

const differing =
  (change: object): Change =>
  (bundle) => {
    Object.assign(loosen(metricIn(bundle, "rmse")?.difference), change);
  };

function reordered(bundle: CandidateBundle): void {
  metricsOf(bundle).reverse();
}

/** Ten times the errors, each difference with them. */
function worseProduction(bundle: CandidateBundle): void {
  for (const metric of bundle.candidate?.evaluation.metrics ?? []) {
    if (metric.metric === "r2" || metric.metric === "bias") continue;
    Object.assign(metric, { production: (metric.production ?? 0) * 10, difference: null });
  }
}

describe("a result of another job", () => {
  const trust = async (): Promise<{ workspace: Workspace; trusted: Trusted }> => {
    const workspace = await open();
    const commit = scratch.git("rev-parse", "HEAD").trim();
    const { models, sources } = await modelsAtCommit(workspace, commit, ["rent"]);
    const snapshot = await workspace.registry.snapshot();
    return {
      workspace,
      trusted: { snapshot, commit, sources, models: new Map(models.map((each) => [each.config.name, each])) },
    };
  };
  let known: ReturnType<typeof trust>;
  beforeAll(() => {
    known = trust();
  });

  const confirm = async (change: (bundle: CandidateBundle) => void) => {
    const { workspace, trusted } = await known;
    const bundle = structuredClone(sound);
    change(bundle);
    return confirmedEntry(workspace, bundle, trusted);
  };

  it("is reported with a verdict made anew", async () => {
    const entry = await confirm((bundle) => {
      const { verdict, evaluation } = bundle.candidate ?? {};
      for (const metric of evaluation?.metrics ?? [])
        Object.assign(metric, { candidate: metric.metric === "r2" ? -1e9 : 1e9, difference: null, problem: "none" });
      loosen(verdict).outcome = "pass" as never;
      loosen(verdict).summary = "trust me" as never;
    });
    expect(entry).toMatchObject({ state: "judged", verdict: { outcome: "fail" }, production: { version: 1 } });
    expect(renderReport([entry])).not.toContain("trust me");
  });

  it("of a job without secrets is neutral where the model's query names a source, and only there", async () => {
    const { workspace, trusted } = await known;
    const problems = [{ message: "SHOP_URL is not set", lacks: "credential" }] as const;
    const bundle = { ...sound, candidate: null, outcome: { state: "unreached", model: "rent", problems } } as const;
    const refused = await confirmedEntry(workspace, bundle, trusted);
    expect(refused).toMatchObject({
      state: "error",
      problems: [{ message: expect.stringContaining("its queries name no source") }],
    });
    const source = { type: "postgres", url: { env: "SHOP_URL" }, schemas: ["a"] } as const;
    const [word = ""] = /\b[a-z_]+\b/.exec(trusted.models.get("rent")?.query.text ?? "") ?? [];
    const entry = await confirmedEntry(workspace, bundle, { ...trusted, sources: { [word]: source } });
    expect(entry).toEqual(bundle.outcome);
    expect(renderReport([entry])).toContain("Not run: this model's data need a maintainer to run it.");
    expect(renderReport([entry])).toContain("SHOP_URL is not set");
  });

  it("passes when it is sound", async () => {
    expect(await confirm(() => undefined)).toMatchObject({ state: "judged", verdict: { outcome: "pass" } });
  });

  it.each<[string, (bundle: CandidateBundle) => void, string]>([
    [
      "laxer thresholds",
      (bundle) => Object.assign(loosen(bundle.candidate?.record.config.thresholds), { primary: "mae" }),
      "trained from another config than that of commit",
    ],
    [
      "another query",
      (bundle) => Object.assign(loosen(bundle.candidate?.record), { query: "SELECT 1" }),
      "trained from another config than that of commit",
    ],
    [
      "another definition",
      (bundle) => Object.assign(loosen(bundle.candidate?.record), { definition: `sha256:${"2".repeat(64)}` }),
      "trained from another config than that of commit",
    ],
    [
      "another id",
      (bundle) => Object.assign(loosen(bundle.candidate?.record), { id: `c-${"2".repeat(64)}` }),
      "its id is not that of its inputs",
    ],
    [
      "no data checks",
      (bundle) => Object.assign(loosen(bundle.candidate?.record), { checks: [] }),
      "it does not have each data check of features.checks",
    ],
    [
      "a blocking data check as a warning",
      (bundle) => Object.assign(loosen(bundle.candidate?.record.checks[0]), { severity: "warn" }),
      "it does not have each data check of features.checks",
    ],
    [
      "a data check that passed with failing rows",
      (bundle) => Object.assign(loosen(bundle.candidate?.record.checks[0]), { failing_rows: 3 }),
      "cannot be as it is told",
    ],
    [
      "a first deploy that is none",
      (bundle) => Object.assign(loosen(bundle.candidate?.evaluation), { baseline: { state: "none" } }),
      "compared with nothing, but v1 is in production now",
    ],
    [
      "an easier opponent",
      (bundle) => Object.assign(loosen(bundle.candidate?.evaluation.baseline), { model: `sha256:${"0".repeat(64)}` }),
      "compared with v1, but v1 is in production now",
    ],
    [
      "the evaluation of another model",
      (bundle) => Object.assign(loosen(bundle.candidate?.evaluation), { model: `sha256:${"1".repeat(64)}` }),
      "its evaluation is of another model",
    ],
    [
      "a version that is not in production",
      (bundle) => Object.assign(bundle, { outcome: { state: "identical", model: "rent", version: 7, id: "c-" } }),
      "found to be v7, which is not in production",
    ],
    [
      "to be production's model",
      (bundle) => Object.assign(bundle, { outcome: { state: "identical", model: "rent", version: 1, id: "c-" } }),
      "it is not the model of v1",
    ],
    [
      "to be production's model without a candidate",
      (bundle) => {
        const outcome = { state: "identical", model: "rent", version: 1, id: null };
        Object.assign(bundle, { outcome, candidate: null });
      },
      "its candidate is missing",
    ],
    [
      "that callers of production need less than they do",
      (bundle) => Object.assign(loosen(bundle.candidate?.evaluation.baseline), { features: [] }),
      "other features or classes than production has",
    ],
    ["another primary metric", reordered, "each metric once, the primary first"],
    ["a metric twice", (bundle) => metricsOf(bundle).push(metricsOf(bundle)[1]), "each metric once, the primary first"],
    ["a metric less", (bundle) => metricsOf(bundle).pop(), "each metric once, the primary first"],
    ["an rmse below zero", measured("rmse", { candidate: -5, difference: null }), "rmse cannot be -5"],
    ["an r2 above one", measured("r2", { candidate: 1.5, difference: null }), "r2 cannot be 1.5"],
    ["that a larger error is better", measured("mae", { direction: "max" }), "mae is said to be better the other way"],
    [
      "an rmse below its mae",
      measured("rmse", { candidate: 1e-3, difference: null }),
      "its mae is larger than its rmse",
    ],
    ["a mean error above its mae", measured("bias", { candidate: 1e3, difference: null }), "its bias is larger"],
    ["an interval the wrong way round", differing({ low: 9, high: 1 }), "rmse has the interval 9 … 1"],
    ["an interval far from its value", differing({ low: 1e6, high: 1e6 + 1 }), "rmse has the interval 1000000"],
    ["an interval of more confidence", differing({ confidence: 0.5 }), "an interval of another confidence"],
    ["a difference that its values have not", differing({ value: -1e6 }), "rmse differs by"],
    ["a production that has got worse", worseProduction, "on the same rows"],
    [
      "slices that nobody asked for",
      (bundle) =>
        Object.assign(loosen(bundle.candidate?.evaluation), {
          slices: [{ ...bundle.candidate?.evaluation.metrics[0], by: "city", value: "Ulm", rows: 9 }],
        }),
      "nobody asked for slices by city",
    ],
    [
      "more test rows than there are",
      (bundle) => Object.assign(loosen(bundle.candidate?.evaluation), { rows: 1e6 }),
      "on other test rows",
    ],
  ])("that claims %s is not confirmed", async (_title, change, message) => {
    const entry = await confirm(change);
    expect(entry.state).toBe("error");
    expect(JSON.stringify(entry)).toContain(message);
  });

  it("is identical to production when its candidate is production's model", async () => {
    const { git, root } = scratch;
    git("switch", "-q", "--detach", "HEAD~1");
    try {
      await scratch.facts(["train", "rent"]);
      await writeBundle(root, "rent", folder);
      const bundle = await readBundle(join(folder, bundleFile), "rent");
      const { workspace, trusted } = await trust();
      expect(await confirmedEntry(workspace, bundle, trusted)).toEqual({
        state: "identical",
        model: "rent",
        version: 1,
      });
    } finally {
      git("switch", "-q", "main");
    }
  });

  it("is read from the commit, not from the files that lie there", async () => {
    scratch.write(
      "models/rent/model.yaml",
      modelYaml({ thresholds: "  primary: mae\n  first_deploy: { mae: { max: 1 } }" }),
    );
    try {
      expect(await confirm(() => undefined)).toMatchObject({ state: "judged" });
    } finally {
      scratch.git("checkout", "-q", "--", "models");
    }
  });

  it("of a commit that nobody knows is an error that says so", async () => {
    const workspace = await open();
    await expect(modelsAtCommit(workspace, "main", ["rent"])).rejects.toThrow("there is no commit main");
  });
});
