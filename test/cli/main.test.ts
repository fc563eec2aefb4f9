import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { commands } from "../../scripts/commands/index.ts";
import { makeScratch, modelYaml } from "../scratch.ts";

const launcher = join(import.meta.dirname, "..", "..", "scripts", "mergeml");

describe("mergeml", () => {
  it("lists every command with its summary", async () => {
    using scratch = makeScratch({ model: false, remote: false });
    const { code, stdout } = await scratch.mergeml("--help");
    expect(code).toBe(0);
    for (const { usage, summary } of Object.values(commands))
      expect(stdout).toMatch(new RegExp(`mergeml ${literally(usage)} +${literally(summary)}`));
  });

  it.each(Object.keys(commands))("%s --help shows an example and the options of every command", async (verb) => {
    using scratch = makeScratch({ model: false, remote: false });
    const { code, stdout } = await scratch.mergeml(verb, "--help");
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`Examples:\\n  # .+\\n  mergeml ${verb}`));
    expect(stdout).toContain("--json");
  });

  it("ends in silence and with its code when nobody reads on", () => {
    const piped = ["-o", "pipefail", "-c", '"$0" --help | true', launcher];
    const { status, stderr } = spawnSync("bash", piped, { encoding: "utf8", timeout: 30_000 });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });

  it.each([
    { argv: ["statsu"], code: 2, told: "did you mean status?" },
    { argv: ["run"], code: 2, told: "takes 1 argument, got 0" },
    { argv: ["run", "rentt"], code: 2, told: "rent" },
    { argv: ["-C", "nowhere", "status"], code: 2, told: "no folder" },
    { argv: ["show", "rent@9"], code: 2, told: "the registry has no model rent" },
    { argv: ["rollback", "rent", "--to", "x"], code: 2, told: "--to x is not a positive whole number" },
    { argv: ["gate", "c-123456"], code: 2, told: "no candidate c-123456" },
    { argv: ["help", "gradientboosting"], code: 2, told: "model types: linear, gradient-boosting" },
  ])("$argv is a user error that says how to mend it", async ({ argv, code, told }) => {
    using scratch = makeScratch();
    const result = await scratch.mergeml(...argv);
    expect(result.stderr).toContain(told);
    expect(result.code).toBe(code);
    expect(result.stderr).not.toContain("    at ");
  });

  it("says what to do outside a git repository", async () => {
    const folder = mkdtempSync(join(tmpdir(), "mergeml-test-"));
    using scratch = makeScratch({ model: false, remote: false });
    const { code, stderr } = await scratch.mergeml("-C", folder, "status");
    rmSync(folder, { recursive: true });
    expect(code).toBe(2);
    expect(stderr).toContain("git init");
  });

  it("gives errors as JSON, too", async () => {
    using scratch = makeScratch();
    const { code, stdout, stderr } = await scratch.mergeml("run", "nothing", "--json");
    expect(code).toBe(2);
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toMatchObject({ error: { kind: "user", problems: [{}] } });
  });

  it("exits with 3 when origin cannot be reached, and says what is safe", async () => {
    using scratch = makeScratch();
    scratch.git("remote", "set-url", "origin", join(scratch.folder, "gone.git"));
    const { code, stderr } = await scratch.mergeml("run", "rent");
    expect(code).toBe(3);
    expect(stderr).toMatch(/tried: .+\n {2}safe: {2}.+/);
  });

  it("lists every error of every model at once", async () => {
    using scratch = makeScratch();
    scratch.write("models/rent/model.yaml", modelYaml({ params: "{ tress: 20 }" }));
    scratch.write("models/other/model.yaml", modelYaml({ name: "another", type: "linaer" }));
    scratch.write("models/other/features.sql", "SELECT 1");
    const { code, stdout } = await scratch.mergeml("validate");
    expect(code).toBe(2);
    expect(stdout).toMatch(/models\/rent\/model\.yaml:7:11 {2}error/);
    expect(stdout).toContain("did you mean trees?");
    expect(stdout).toContain("did you mean linear?");
    const github = await scratch.mergeml("validate", "--format", "github");
    expect(github.stdout).toMatch(/::error file=models\/rent\/model\.yaml,line=7,/);
  });

  it("looks into the queries of the models whose configs are sound", async () => {
    using scratch = makeScratch();
    scratch.write("models/rent/features.sql", "SELECT id, size, roms, city, rent\nFROM 'data/flats.csv'");
    scratch.write("models/other/model.yaml", modelYaml({ name: "other", type: "linaer" }));
    scratch.write("models/other/features.sql", "SELECT 1");
    const { code, stdout } = await scratch.mergeml("validate");
    expect(code).toBe(2);
    expect(stdout).toContain('models/rent/features.sql:1:18  error  no column "roms" in data/flats.csv');
    expect(stdout).toContain("did you mean rooms?");
    expect(stdout).toContain("did you mean linear?");
    const github = await scratch.mergeml("validate", "rent", "--format", "github");
    expect(github.stdout).toMatch(/::error file=models\/rent\/features\.sql,line=1,/);
    expect(await scratch.mergeml("validate", "rent", "--no-sql")).toMatchObject({ code: 0 });
  });
});

describe("scripts/mergeml", () => {
  it("runs on the pinned Node when linked from elsewhere, with another node first on the PATH", () => {
    const folder = mkdtempSync(join(tmpdir(), "mergeml-test-"));
    symlinkSync("/bin/false", join(folder, "node"));
    symlinkSync(launcher, join(folder, "mergeml"));
    const { status, stdout } = spawnSync(join(folder, "mergeml"), ["--version"], {
      encoding: "utf8",
      env: { PATH: `${folder}:${process.env.PATH}` },
    });
    rmSync(folder, { recursive: true });
    expect(stdout).toMatch(/^mergeml \d+\.\d+\.\d+\n$/);
    expect(status).toBe(0);
  });
});

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
