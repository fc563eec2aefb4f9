import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeScratch, type Scratch } from "../scratch.ts";

const deployOn = ({ root }: Scratch) =>
  /branches: (.*)/.exec(readFileSync(join(root, ".github/workflows/model-deploy.yml"), "utf8"))?.[1];

const actions = ["--actions", "acme/mergeml@v2"];

/** An empty bare repository as origin, as a server has it before the first push. */
function addEmptyOrigin({ git }: Scratch): void {
  git("init", "-q", "--bare", "--initial-branch=main", "../empty.git");
  git("remote", "add", "origin", "../empty.git");
}

describe("mergeml init", () => {
  it("deploys from the branch that origin calls its default one, whatever is checked out", async () => {
    using scratch = makeScratch();
    scratch.git("switch", "-qc", "topic");
    expect(await scratch.mergeml("init", ...actions)).toMatchObject({ code: 0 });
    expect(deployOn(scratch)).toBe('["main"]');
  });

  it("deploys from the checked-out branch when there is no origin", async () => {
    using scratch = makeScratch({ remote: false });
    scratch.git("branch", "-m", "trunk");
    expect(await scratch.mergeml("init", ...actions)).toMatchObject({ code: 0 });
    expect(deployOn(scratch)).toBe('["trunk"]');
  });

  it("never makes the registry the first branch of an empty origin, but says what to do first", async () => {
    using scratch = makeScratch({ remote: false });
    addEmptyOrigin(scratch);
    const { code, stdout } = await scratch.mergeml("init");
    expect(code).toBe(0);
    expect(stdout).toContain("git push -u origin main\n  mergeml init\n");
    expect(scratch.git("ls-remote", "origin")).toBe("");
    scratch.git("push", "-q", "-u", "origin", "main");
    expect((await scratch.mergeml("init")).stdout).toContain("created branch registry on origin");
  });

  it("proposes the registry of containers that GitHub has for the repository, and elsewhere none", async () => {
    using scratch = makeScratch({ model: false });
    const address = "git@github.com:Acme/Models.git";
    scratch.git("remote", "set-url", "origin", address);
    scratch.git("config", `url.${join(scratch.folder, "origin.git")}.insteadOf`, address);
    expect(await scratch.mergeml("init")).toMatchObject({ code: 0 });
    const written = () => readFileSync(join(scratch.root, "mergeml.yaml"), "utf8");
    expect(written()).toContain("\n# store: oci://ghcr.io/acme/models\n");
    using other = makeScratch({ model: false });
    expect(await other.mergeml("init")).toMatchObject({ code: 0 });
    expect(readFileSync(join(other.root, "mergeml.yaml"), "utf8")).not.toContain("store");
  });

  it("writes nothing when git does not know who commits", async () => {
    using scratch = makeScratch({ remote: false });
    for (const name of ["GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"])
      delete scratch.env[name];
    scratch.git("config", "user.useConfigOnly", "true");
    const { code, stderr } = await scratch.mergeml("init");
    expect(code).toBe(3);
    expect(stderr).toContain("git does not know who you are");
    expect(existsSync(join(scratch.root, "models/model.schema.json"))).toBe(false);
    expect(existsSync(join(scratch.root, ".github"))).toBe(false);
  });

  it("has the workflows find mergeml where it is told, the registry's own included", async () => {
    using scratch = makeScratch();
    expect(await scratch.mergeml("init", "--actions", "acme/mergeml@v2")).toMatchObject({ code: 0 });
    const text = readFileSync(join(scratch.root, ".github/workflows/model-pr.yml"), "utf8");
    expect(text).toContain("uses: acme/mergeml/.github/workflows/model-pr.yml@v2");
    expect(text.match(/v2/g)).toHaveLength(1);
    const registry = scratch.git("show", "origin/registry:.github/workflows/registry.yml");
    expect(registry).not.toContain("v2");
  });

  it("names no actions that nobody told it of, and says so", async () => {
    using scratch = makeScratch();
    const { code, stdout } = await scratch.mergeml("init");
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("mergeml init --actions <owner>"),
    });
    expect(existsSync(join(scratch.root, ".github"))).toBe(false);
    expect(() => scratch.git("show", "origin/registry:.github/workflows/registry.yml")).toThrow();
    expect((await scratch.mergeml("init", ...actions)).stdout).toContain("was there already, and got its workflow\n");
    expect(scratch.git("show", "origin/registry:.github/workflows/registry.yml")).toContain("model-deploy");
    expect((await scratch.mergeml("init", ...actions)).stdout).toContain("and stays as it is: mergeml status");
  });

  it("writes the version beside a commit's id, for what keeps it up to date", async () => {
    using scratch = makeScratch();
    const commit = "4be91c2".padEnd(40, "0");
    await scratch.mergeml("init", "--actions", `acme/mergeml@${commit} # v0.2.0`);
    const text = readFileSync(join(scratch.root, ".github/workflows/model-pr.yml"), "utf8");
    expect(text).toContain(`/.github/workflows/model-pr.yml@${commit} # v0.2.0\n`);
    expect(text).toContain(`@${commit} # v0.2.0\n`);
  });

  it("makes a folder of models in a larger repository, whose workflows are where GitHub reads them", async () => {
    using scratch = makeScratch({ model: false });
    const { root, git, mergeml } = scratch;
    rmSync(join(root, "mergeml.yaml"), { force: true });
    mkdirSync(join(root, "ml/nlp"), { recursive: true });
    const first = await mergeml("-C", "ml/nlp", "init", ...actions);
    expect(first, first.stderr).toMatchObject({ code: 0 });
    expect(first.stdout).toContain("../../.github/workflows/ (6)");
    expect(existsSync(join(root, "ml/nlp/models/flats/model.yaml"))).toBe(true);
    expect(existsSync(join(root, "ml/nlp/.github"))).toBe(false);
    const read = (file: string) => readFileSync(join(root, ".github/workflows", file), "utf8");
    for (const file of readdirSync(join(root, ".github/workflows")))
      expect(read(file)).toContain('working-directory: "ml/nlp"\n');
    expect(git("show", "origin/registry:.github/workflows/registry.yml")).toContain('working-directory: "ml/nlp"\n');
    // A second one has workflows of its own beside them, and each is written once.
    mkdirSync(join(root, "vision"));
    for (let round = 0; round < 2; round += 1)
      expect(await mergeml("-C", "vision", "init", ...actions)).toMatchObject({ code: 0 });
    expect(readdirSync(join(root, ".github/workflows"))).toHaveLength(11);
    expect(existsSync(join(root, ".github/workflows/dashboard-vision.yml"))).toBe(false);
    expect(read("model-report-vision.yml")).toContain("workflows: [model-pr-vision]");
    expect(read("model-pr.yml")).toContain('working-directory: "ml/nlp"\n');
  });

  it("gives the rollback workflow the choice of environments that were named later, unless somebody adapted it", async () => {
    using scratch = makeScratch();
    const file = join(scratch.root, ".github/workflows/rollback.yml");
    await scratch.mergeml("init", ...actions);
    const before = readFileSync(file, "utf8");
    expect(before).not.toContain("staging");
    scratch.write("mergeml.yaml", "environments: [staging, production]\n");
    expect((await scratch.mergeml("init", ...actions)).stdout).toContain(".github/workflows/ (2)");
    expect(readFileSync(file, "utf8")).toContain("options: [staging, production]");
    expect(existsSync(join(scratch.root, ".github/workflows/model-promote.yml"))).toBe(true);
    scratch.write(".github/workflows/rollback.yml", `${before}# ours\n`);
    await scratch.mergeml("init", ...actions);
    expect(readFileSync(file, "utf8")).toBe(`${before}# ours\n`);
  });

  it.each(["acme", "acme/mergeml", "acme/mergeml@v2 x", "a/b/c@v1"])("takes no %j for such a place", async (given) => {
    using scratch = makeScratch({ remote: false });
    const { code, stderr } = await scratch.mergeml("init", "--actions", given);
    expect(code).toBe(2);
    expect(stderr).toContain(`--actions is "${given}", not a repository at a ref\n    write owner/repository@ref`);
    expect(existsSync(join(scratch.root, ".github"))).toBe(false);
  });
});
