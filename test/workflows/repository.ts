import { execFileSync, spawn } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { toolVersion } from "../../pipelines/workspace/tool-version.ts";
import { startGitHub, type TestGitHub } from "../github/github-server.ts";
import { isolatedEnvironment } from "../isolated-environment.ts";
import { type ArtifactProxy, startArtifactProxy } from "./artifact-proxy.ts";
import { act, actCompiled, actRuns, actTools } from "./tools.ts";

const source = join(import.meta.dirname, "../..");
const stubs = join(import.meta.dirname, "actions");

/** A person's repository, its bare origin, and GitHub beside them. */
export interface TestRepository extends AsyncDisposable {
  root: string;
  github: TestGitHub;
  git(...args: string[]): string;
  write(path: string, text: string): void;
  /** The command line as a person has it in his clone. */
  mergeml(...args: string[]): string;
  /** Runs a workflow file for an event, as the files are in the clone or in another one. */
  run(
    event: string,
    workflow: string,
    payload: object,
    options?: { token?: string; cwd?: string; serverUrl?: string },
  ): Promise<WorkflowRun>;
  /** A page that Pages has. */
  published(path: string): string;
  /** One more clone of the origin, for runs beside each other. */
  clone(name: string): string;
}

interface WorkflowRun {
  code: number;
  log: string;
  /** What its jobs uploaded, as archives. */
  artifacts: { name: string; zip: Buffer }[];
}

/** A repository made from this template, with one of its models. With `installs` its jobs install what they need as on a runner. */
export async function makeTemplateRepository({ installs = false } = {}): Promise<TestRepository> {
  const programs = installs ? [] : [join(import.meta.dirname, "programs")];
  const made = await makeRepository(copyTemplate, programs, { MERGEML_DASHBOARD: "true" });
  for (const data of ["vega-datasets", "@observablehq/sample-datasets"]) {
    const to = join(made.root, "node_modules", data);
    mkdirSync(dirname(to), { recursive: true });
    execFileSync("cp", ["-al", join(source, "node_modules", data), to]);
  }
  return made;
}

/** A repository of models alone, as `mergeml init` makes it, that uses the workflows and actions of this one, or of a packed `release`. */
export function makeCallerRepository(release?: { tool: string; mirror: string }): Promise<TestRepository> {
  // What GitHub tells a called workflow of itself, and act does not.
  const known = { MERGEML_DASHBOARD: "true", MERGEML_REPOSITORY: "mergeml/mergeml", MERGEML_REF: `v${toolVersion}` };
  return makeRepository((root) => mkdirSync(root), [join(import.meta.dirname, "programs")], known, release);
}

/** `programs` are folders that come before those of the machine in the jobs. */
async function makeRepository(
  fill: (root: string) => void,
  programs: readonly string[],
  known: Readonly<Record<string, string>> = {},
  release?: { tool: string; mirror: string },
): Promise<TestRepository> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "mergeml-workflows-")));
  const [root, origin, tool] = [join(folder, "clone"), join(folder, "octo/models"), join(folder, "tool")] as const;
  const github = await startGitHub({ owner: "octo", repo: "models" });
  const cache = makeCache(basename(folder));
  const env = {
    ...isolatedEnvironment(folder),
    PATH: `${join(source, "node_modules/.bin")}:${process.env.PATH}`,
  } as NodeJS.ProcessEnv;
  const runGit = (cwd: string, args: string[]) =>
    execFileSync("git", args, { cwd, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  fill(root);
  if (release) cpSync(release.tool, tool, { recursive: true });
  else copyTemplate(tool);
  runGit(root, ["init", "-q", "--initial-branch=main"]);
  runGit(root, ["add", "."]);
  runGit(root, ["commit", "-q", "--allow-empty", "-m", "Start"]);
  runGit(folder, ["init", "-q", "--bare", "--initial-branch=main", origin]);
  runGit(root, ["remote", "add", "origin", origin]);
  runGit(root, ["push", "-q", "-u", "origin", "main"]);
  return {
    root,
    github,
    git: (...args) => runGit(root, args),
    write(path, text) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    },
    mergeml: (...args) =>
      execFileSync(process.execPath, [join(source, "scripts/mergeml.ts"), ...args], {
        cwd: root,
        env,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
      }),
    published: (path) => readFileSync(join(folder, "pages", path), "utf8"),
    clone(name) {
      runGit(folder, ["clone", "-q", origin, name]);
      return join(folder, name);
    },
    async run(event, workflow, payload, { token = github.token, cwd = root, serverUrl = hostedServer } = {}) {
      const uploads = mkdtempSync(join(folder, "artifacts-"));
      const eventFile = join(uploads, "event.json");
      const repository = { full_name: "octo/models", default_branch: "main" };
      writeFileSync(eventFile, JSON.stringify({ repository, ...payload }));
      await using artifacts = await startArtifactProxy();
      const pages = join(folder, "pages");
      const run = {
        event,
        workflow,
        eventFile,
        uploads,
        pages,
        origin,
        tool,
        github,
        token,
        artifacts,
        serverUrl,
        known,
      };
      const args = actArguments(run);
      const runner = {
        ...process.env,
        PATH: [...programs, env.PATH].join(":"),
        XDG_CACHE_HOME: cache.folder,
        ACTIONS_RUNTIME_URL: artifacts.url,
        NO_COLOR: "1",
        ...(release && { MERGEML_MIRROR: release.mirror }),
      };
      return { ...(await output(args, { cwd, env: runner })), artifacts: archivesIn(uploads) };
    },
    [Symbol.asyncDispose]: async () => {
      for (const each of [folder, cache.folder]) rmSync(each, { recursive: true, force: true });
      await github[Symbol.asyncDispose]();
    },
  };
}

/** act's own folder: of a red run it leaves the whole workspace there. The tools that it keeps are shared, as on a runner that people host themselves. */
function makeCache(name: string): { folder: string } {
  const folder = join(actRuns, name);
  mkdirSync(actTools, { recursive: true });
  mkdirSync(join(folder, "act"), { recursive: true });
  symlinkSync(actTools, join(folder, "act/tool_cache"));
  return { folder };
}

/** Runs act to its end. Not in one blocking call: GitHub and the artifacts' proxy answer from this very process. */
function output(
  args: string[],
  options: { cwd: string; env: NodeJS.ProcessEnv },
): Promise<{ code: number; log: string }> {
  return new Promise((resolve, reject) => {
    const running = spawn(act, args, { ...options, stdio: ["ignore", "pipe", "pipe"], timeout: 500_000 });
    let log = "";
    for (const stream of [running.stdout, running.stderr])
      stream.setEncoding("utf8").on("data", (text) => (log += text));
    running.on("error", reject);
    running.on("close", (code) => resolve({ code: code ?? -1, log }));
  });
}

function archivesIn(uploads: string): WorkflowRun["artifacts"] {
  const files = readdirSync(uploads, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".zip"));
  return files.map((file) => ({ name: basename(file, ".zip"), zip: readFileSync(join(uploads, file)) }));
}

interface Run {
  event: string;
  workflow: string;
  eventFile: string;
  uploads: string;
  pages: string;
  origin: string;
  tool: string;
  github: TestGitHub;
  token: string;
  artifacts: ArtifactProxy;
  serverUrl: string;
  /** Variables of the repository. */
  known: Readonly<Record<string, string>>;
}

/** A name that @actions/artifact does not take for a GitHub Enterprise Server, which has no artifacts of this kind. */
const hostedServer = "http://github.localhost:9";

function actArguments(run: Run): string[] {
  const { event, workflow, eventFile, uploads, pages, origin, tool, github, token, artifacts, serverUrl, known } = run;
  const variables = {
    GITHUB_API_URL: github.url,
    GITHUB_REPOSITORY: "octo/models", // act takes the origin's path for it
    GITHUB_SERVER_URL: serverUrl,
    TEST_ORIGIN: origin,
    TEST_TOOL: tool,
    TEST_PAGES: pages,
    TEST_MODULES: join(source, "node_modules"),
    TEST_COMPILED: actCompiled,
    NODE_COMPILE_CACHE_PORTABLE: "1", // what one job compiled is another's, whose folder has another name
  };
  const replaced = {
    "actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd": join(stubs, "checkout"),
    "actions/cache@55cc8345863c7cc4c66a329aec7e433d2d1c52a9": join(stubs, "cache"),
    "actions/upload-pages-artifact@fc324d3547104276b827a68afc52ff2a11cc49c9": join(stubs, "upload-pages-artifact"),
    "actions/deploy-pages@cd2ce8fcbc39b97be8ca5fce6e763baed58fa128": join(stubs, "deploy-pages"),
    [`mergeml/mergeml@v${toolVersion}`]: tool,
  };
  return [
    event,
    ...["-W", workflow, "-e", eventFile, "-P", "ubuntu-latest=-self-hosted"],
    ...["--artifact-server-path", uploads, "--artifact-server-addr", "127.0.0.1"],
    ...["--artifact-server-port", `${artifacts.port}`, "-s", `GITHUB_TOKEN=${token}`],
    ...Object.entries(known).flatMap(([name, value]) => ["--var", `${name}=${value}`]),
    ...Object.entries(variables).flatMap(([name, value]) => ["--env", `${name}=${value}`]),
    ...Object.entries(replaced).flatMap(([name, path]) => ["--local-repository", `${name}=${path}`]),
  ];
}

/** All files of this repository that git knows or would add, with one of its models. */
function copyTemplate(root: string): void {
  const listed = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "-z"], {
    cwd: source,
    encoding: "utf8",
  });
  for (const path of new Set(listed.split("\0").filter(Boolean))) {
    if (/^(test|docs)\//.test(path) || /^models\/(flight-delay|bird-strike)\//.test(path)) continue;
    mkdirSync(dirname(join(root, path)), { recursive: true });
    cpSync(join(source, path), join(root, path), { force: true });
  }
}
