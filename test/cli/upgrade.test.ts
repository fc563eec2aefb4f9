import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { changedModels } from "../../pipelines/changed-models.ts";
import { defaultRepositoryConfig } from "../../pipelines/config/repository-config.ts";
import { openGit } from "../../pipelines/registry/git/git.ts";
import { trainers } from "../../pipelines/training/trainers.ts";
import { makeScratch, type Scratch } from "../scratch.ts";

const workflow = ".github/workflows/model-pr.yml";
const onRegistry = "origin/registry:.github/workflows/registry.yml";
const next = `acme/mergeml@${"4be91c2".padEnd(40, "0")} # v0.2.0`;

it("shows what it would change, then moves the callers and the registry branch's workflow alike", async () => {
  using scratch = makeScratch();
  const { root, git, mergeml } = scratch;
  await mergeml("init", "--actions", "acme/mergeml@v0.1.0");
  const read = () => readFileSync(join(root, workflow), "utf8");
  // An earlier mergeml wrote the version into an input, too, and on the registry branch.
  const inputs = "      mergeml-repository: acme/mergeml\n      mergeml-ref: v0.1.0\n";
  writeFileSync(join(root, workflow), read().replace("    with:\n", `    with:\n${inputs}`));
  pinOnRegistry(scratch);
  // What people adapted, and what is none of ours, stays.
  writeFileSync(
    join(root, workflow),
    `${read()}  # ours\n  lint:\n    uses: acme/lint/.github/workflows/lint.yml@v7\n`,
  );
  const before = read();

  const shown = await mergeml("upgrade", "--to", next);
  expect(shown.stdout).toContain(`From acme/mergeml@v0.1.0 to ${next}`);
  expect(shown.stdout).toContain("-      mergeml-ref: v0.1.0");
  expect(shown.stdout).toContain("would train again, and judge in the pull request:\nmodel  state  detail\nrent   new");
  expect(shown.stdout).toContain("Nothing was written: mergeml upgrade --write");
  expect(read()).toBe(before);
  expect(git("show", onRegistry)).toContain("ref: v0.1.0\n");

  expect(await mergeml("upgrade", "--to", next, "--write")).toMatchObject({ code: 0 });
  const ref = next.slice("acme/mergeml@".length);
  expect(read()).toBe(
    before
      .replaceAll("model-pr.yml@v0.1.0", `model-pr.yml@${ref}`)
      .replaceAll("mergeml-ref: v0.1.0", `mergeml-ref: ${ref}`),
  );
  git("fetch", "-q");
  expect(git("show", onRegistry)).toContain(`repository: acme/mergeml\n          ref: ${ref}\n`);
  expect(git("log", "-1", "--format=%s", "origin/registry")).toBe("Use mergeml 0.2.0\n");
  expect((await mergeml("verify")).code).toBe(0);
  expect((await mergeml("upgrade", "--to", next)).stdout).toContain("already");
});

it("gives the called workflows the permissions that they ask for by now", async () => {
  using scratch = makeScratch();
  const { root, mergeml } = scratch;
  await mergeml("init", "--actions", "acme/mergeml@v0.1.0");
  const file = (name: string) => join(root, `.github/workflows/${name}.yml`);
  const edit = (name: string, change: (text: string) => string) =>
    writeFileSync(file(name), change(readFileSync(file(name), "utf8")));
  const read = () => ["rollback", "model-deploy"].map((name) => readFileSync(file(name), "utf8"));
  const whole = read();
  // As they were written before rollbacks were signed; one scope less, one narrower, and one that is theirs.
  edit("rollback", (text) => text.replace("      id-token: write\n      packages: read\n", ""));
  edit("model-deploy", (text) =>
    text
      .replace("packages: write", "packages: read # ours")
      .replace("      pull-requests: write\n", "      statuses: write\n"),
  );
  expect((await mergeml("upgrade", "--to", next)).stdout).toContain("+      id-token: write");
  await mergeml("upgrade", "--to", next, "--write");
  const ref = next.slice("acme/mergeml@".length);
  const moved = whole.map((text) => text.replaceAll("@v0.1.0", `@${ref}`));
  expect(read()).toEqual([
    moved[0],
    moved[1]!
      .replace("packages: write", "packages: write # ours")
      .replace("      pull-requests: write\n", "      pull-requests: write\n      statuses: write\n"),
  ]);
});

/** As `mergeml init` wrote it before the workflow looked at the default branch. */
function pinOnRegistry({ git, root, write }: Scratch): void {
  git("fetch", "-q");
  git("switch", "-q", "registry");
  const path = ".github/workflows/registry.yml";
  const text = readFileSync(join(root, path), "utf8").replace(/ {6}- id: tool\n[\s\S]*?(?= {6}- uses)/, "");
  const [repository, ref] = ["repository", "ref"].map((key) => `\${{ steps.tool.outputs.${key} }}`);
  write(path, text.replace(repository!, "acme/mergeml").replace(ref!, "v0.1.0"));
  git("commit", "-qam", "As it was");
  git("push", "-q", "origin", "registry");
  git("switch", "-q", "main");
}

it("moves the callers alone where the version stands once", async () => {
  using scratch = makeScratch();
  const { root, git, mergeml } = scratch;
  await mergeml("init", "--actions", "acme/mergeml@v0.1.0");
  // Drift's name is anybody's: the others say whose it is.
  scratch.write(".github/workflows/other.yml", "jobs:\n  a:\n    uses: acme/other/.github/workflows/drift.yml@v3\n");
  git("fetch", "-q");
  const tip = git("rev-parse", "origin/registry");
  expect(await mergeml("upgrade", "--to", next, "--write")).toMatchObject({ code: 0 });
  for (const name of ["model-pr", "model-report", "model-deploy", "drift", "rollback"]) {
    const text = readFileSync(join(root, `.github/workflows/${name}.yml`), "utf8");
    expect(text).toContain(`uses: acme/mergeml/.github/workflows/${name}.yml@${next.slice("acme/mergeml@".length)}\n`);
    expect(text).not.toContain("v0.1.0");
  }
  expect(readFileSync(join(root, ".github/workflows/other.yml"), "utf8")).toContain("drift.yml@v3");
  git("fetch", "-q");
  expect(git("rev-parse", "origin/registry")).toBe(tip);
});

it("says where it finds no release of its own", async () => {
  using scratch = makeScratch();
  const { code, stderr } = await scratch.mergeml("upgrade");
  expect({ code, stderr }).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("mergeml upgrade --to owner/repository@v"),
  });
});

it("has the pull request of an upgrade judge all that the new version trains again", async () => {
  using scratch = makeScratch();
  const { git, mergeml, root, write } = scratch;
  const repository = { ...defaultRepositoryConfig, data: ["data"] };
  await mergeml("init", "--actions", "acme/mergeml@v0.1.0");
  const affected = async () => {
    const base = git("rev-parse", "HEAD").trim();
    git("add", ".");
    git("commit", "-qm", "Change");
    return changedModels({ git: openGit(root, { env: scratch.env }), repository }, base);
  };
  expect(await affected()).toBe("all"); // the first workflows
  write(".github/workflows/own.yml", "on: push\njobs: {}\n");
  expect(await affected()).toEqual(new Set());
  await mergeml("upgrade", "--to", next, "--write");
  expect(await affected()).toBe("all");
});

it("tells that another version's trainer is why a model is trained again", async () => {
  using scratch = makeScratch();
  const { mergeml } = scratch;
  await mergeml("init");
  expect(await mergeml("run", "rent")).toMatchObject({ code: 0 });
  const trainer = trainers.find(({ name }) => name === "gradient-boosting") as { version: number };
  const version = trainer.version;
  trainer.version = version + 1; // as a newer mergeml has it
  try {
    const { stdout } = await mergeml("plan");
    expect(stdout).toContain(`trainer gradient-boosting version ${version} of mergeml 0.1.0 → ${version + 1}`);
    expect((await mergeml("upgrade", "--to", next)).stdout).toContain(`version ${version} of mergeml 0.1.0`);
  } finally {
    trainer.version = version;
  }
});

it("says on a registry of a newer format that mergeml is too old, and what to do", async () => {
  using scratch = makeScratch();
  const { git, mergeml } = scratch;
  await mergeml("init");
  git("fetch", "-q");
  git("switch", "-q", "registry");
  scratch.write("registry.json", '{ "format": 2 }\n');
  git("commit", "-qam", "A newer mergeml");
  git("push", "-q", "origin", "registry");
  git("switch", "-q", "main");
  const { code, stderr } = await mergeml("status");
  expect({ code, stderr }).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("the registry has format 2, this mergeml reads format 1"),
  });
  expect(stderr).toContain("mergeml upgrade");
});
