import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { gitEnvironment } from "../../actions/shared/git-environment.ts";
import { downloadArtifacts, uploadFolder } from "../../actions/shared/github/artifact.ts";
import { readContext } from "../../actions/shared/github/context.ts";
import { startFaultyGitHub } from "./github/faulty-github.ts";

const root = join(import.meta.dirname, "../..");
const enterprise = {
  GITHUB_API_URL: "https://ghe.example.org/api/v3/",
  GITHUB_SERVER_URL: "https://ghe.example.org/",
  GITHUB_REPOSITORY: "octo/models",
  GITHUB_RUN_ID: "7",
};

describe("another server than GitHub.com", () => {
  it("is found in the environment", async () => {
    expect(await readContext(enterprise)).toMatchObject({
      apiUrl: "https://ghe.example.org/api/v3",
      serverUrl: "https://ghe.example.org",
      runUrl: "https://ghe.example.org/octo/models/actions/runs/7",
    });
  });

  it.each(["GITHUB_API_URL", "GITHUB_SERVER_URL", "GITHUB_REPOSITORY"])(
    "is never guessed: without %s nothing runs",
    async (name) => {
      await expect(readContext({ ...enterprise, [name]: "" })).rejects.toThrow(`${name} is not set`);
    },
  );

  it("is asked below the path of its API", async () => {
    await using faulty = await startFaultyGitHub();
    const context = { ...faulty.github.context, apiUrl: `${faulty.server.url}/api/v3` };
    const { octokit } = await faulty.open({ context });
    for (const title of ["A", "B"]) await octokit.rest.issues.create({ owner: "octo", repo: "models", title });
    const request = { owner: "octo", repo: "models", per_page: 1 };
    expect(await octokit.paginate(octokit.rest.issues.listForRepo, request)).toHaveLength(2);
    expect(faulty.server.requests.filter(({ path }) => !path.startsWith("/api/v3/repos/octo/models/issues"))).toEqual(
      [],
    );
  });

  it("gets git credentials and authors of its own", () => {
    const env = { ...enterprise, GITHUB_ACTOR: "ada", GITHUB_ACTOR_ID: "12" };
    expect(gitEnvironment(env, "secret")).toMatchObject({
      GIT_CONFIG_KEY_0: "http.https://ghe.example.org/.extraheader",
      GIT_AUTHOR_EMAIL: "12+ada@users.noreply.ghe.example.org",
      GIT_COMMITTER_EMAIL: "41898282+github-actions[bot]@users.noreply.ghe.example.org",
    });
    const hosted = gitEnvironment({ GITHUB_SERVER_URL: "https://github.com", GITHUB_ACTOR: "ada" }, "");
    expect(hosted.GIT_AUTHOR_EMAIL).toBe("ada@users.noreply.github.com");
  });

  it("is assumed nowhere in the code", () => {
    const files = globSync("{actions,pipelines}/**/*.{ts,sh,yml}", { cwd: root });
    expect(files.length).toBeGreaterThan(200);
    const named = files.flatMap((file) => {
      const lines = readFileSync(join(root, file), "utf8").split("\n");
      const code = lines.filter((line) => !/^\s*(\/\/|\/?\*|#)/.test(line));
      return code
        .filter((line) => /(github\.com|githubusercontent)/.test(line))
        .map((line) => `${file}: ${line.trim()}`);
    });
    // Where bugs of a release are reported, which npm says is of GitHub.com; the first line of every Git LFS pointer, and ghcr.io, which is GitHub.com's alone;
    // names of predicates, the issuer of GitHub.com's jobs, and signers there: others are named with their address.
    const known = [
      /^pipelines\/scaffold\/own-release\.ts: return release \? /,
      /version https:\/\/git-lfs\.github\.com\/spec\//,
      /startsWith\("github\.com\/"\) \? `oci:\/\/ghcr\.io\//,
      /^pipelines\/registry\/trust\/(verdict|promotion)-statement\.ts: export const (verdict|promotion)Type = /,
      /^pipelines\/registry\/trust\/trust-policy\.ts: export const actionsIssuer = /,
      /^pipelines\/registry\/trust\/trust-policy\.ts: export function withHost\(workflow: string, host = /,
      /^pipelines\/config\/parse-repository-config\.ts: hint: "for example issuer: /,
      /^pipelines\/data\/stores\/oci\/github-packages\.ts: const github = "https:\/\/api\.github\.com";$/,
    ];
    expect(named.filter((line) => !known.some((each) => each.test(line)))).toEqual([]);
  });
});

describe("a server without artifacts", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "mergeml-forge-"));
    vi.stubEnv("GITHUB_SERVER_URL", enterprise.GITHUB_SERVER_URL);
    vi.spyOn(process.stdout, "write").mockReturnValue(true);
    mkdirSync(join(folder, "plan"));
    writeFileSync(join(folder, "plan/plan.json"), "{}");
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  });
  const wanted = { prefix: "mergeml-report-", folder: "/nowhere" };

  it("has them kept for later steps of the same job, the newest of each name", async () => {
    const [context, env] = [await readContext(enterprise), { ...enterprise, RUNNER_TEMP: folder }];
    const upload = (name: string) => uploadFolder({ name, folder: join(folder, "plan") }, env);
    expect(await upload("mergeml-report-plan")).toBe("kept");
    writeFileSync(join(folder, "plan/plan.json"), '{"newer":true}');
    await upload("mergeml-report-plan");
    await upload("mergeml-candidate-rent");
    const [plan, ...others] = await downloadArtifacts(context, wanted, env);
    expect(others).toEqual([]);
    expect(plan?.name).toBe("mergeml-report-plan");
    expect(readFileSync(join(plan?.folder ?? "", "plan.json"), "utf8")).toBe('{"newer":true}');
  });

  it("says that results do not get from job to job, and what to do", async () => {
    const env = { ...enterprise, RUNNER_TEMP: folder };
    await expect(downloadArtifacts(await readContext(enterprise), wanted, env)).rejects.toMatchObject({
      name: "UserError",
      message: "https://ghe.example.org/ keeps no artifacts of the kind that carries results from job to job",
      problems: [
        { hint: "on GitHub Enterprise Server run plan, train and report as steps of one job; see docs/github.md" },
      ],
    });
  });
});
