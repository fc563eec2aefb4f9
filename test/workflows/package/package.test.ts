import { execFile, execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { writeArchive } from "../../../scripts/package/dist.ts";
import { writeToolTree } from "../../../scripts/package/tool-tree.ts";
import { packed } from "../tools.ts";
import { lockedPackages, openRegistry } from "./loopback-registry.ts";

const source = join(import.meta.dirname, "../../..");
const platform = `${process.platform}-${process.arch}`;
const archive = `mergeml-0.1.0-${platform}.tar.zst`;
const folder = realpathSync(mkdtempSync(join(tmpdir(), "mergeml-package-")));
const dist = packed;

/** The machine of somebody who has Node and git and nothing of ours. */
const home = join(folder, "home");
const env = {
  PATH: [dirname(process.execPath), "/usr/local/bin", "/usr/bin", "/bin"].join(delimiter),
  HOME: home,
  TMPDIR: join(folder, "temp"),
  NO_COLOR: "1",
};

const runs = promisify(execFile);
const git = (cwd: string, ...args: string[]) => execFileSync("git", args, { cwd, env, encoding: "utf8" });

function emptyRepository(name: string): string {
  const root = join(folder, name);
  mkdirSync(root);
  git(root, "init", "-q", "-b", "main");
  return root;
}

beforeAll(() => {
  mkdirSync(home);
  mkdirSync(env.TMPDIR);
  writeFileSync(join(home, ".gitconfig"), "[user]\n  name = Ada\n  email = ada@example.org\n");
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("is installed by name, and plays the first steps of the README", async () => {
  const tarball = readFileSync(join(dist, "mergeml-0.1.0.tgz"));
  const installed = ["@duckdb/node-api", "@duckdb/node-bindings", `@duckdb/node-bindings-${platform}`, "detect-libc"];
  await using registry = await openRegistry(
    { mergeml: tarball },
    installed,
    lockedPackages(new RegExp(`^node_modules/@duckdb/node-bindings-(?!${platform}$)`)),
  );
  const settings = {
    npm_config_registry: registry.url,
    npm_config_update_notifier: "false",
    npm_config_audit: "false",
    npm_config_fund: "false",
  };
  const root = emptyRepository("adopter");
  const npm = async (...args: string[]) =>
    (await runs(args[0]!, args.slice(1), { cwd: root, env: { ...env, ...settings }, timeout: 300_000 })).stdout;

  const first = await npm("npx", "--yes", "mergeml", "init");
  expect(first).toContain("models/flats/model.yaml");
  expect(first).toContain("not written: say where the actions of mergeml are");
  await npm("npm", "install", "--no-save", "mergeml");
  const own = join(root, "node_modules/mergeml");
  expect(readdirSync(join(root, "node_modules")).sort()).toEqual([
    ".bin",
    ".package-lock.json",
    "@duckdb",
    "detect-libc",
    "mergeml",
  ]);
  const inside = readdirSync(own, { recursive: true, encoding: "utf8" });
  expect(inside.filter((path) => path.endsWith(".ts"))).toEqual([]);
  // Nothing that is installed has a script: ONNX Runtime's own would fetch a build for CUDA. The one package asked for is optional.
  expect([...new Set(registry.missing)]).toEqual(["@tensorflow/tfjs-node"]);
  const runtime = JSON.parse(readFileSync(join(own, "node_modules/onnxruntime-node/package.json"), "utf8"));
  expect(runtime).not.toHaveProperty("scripts");

  // A release's package knows its commit, which the workflows are pinned to.
  const commit = "4be91c2".padEnd(40, "0");
  writeFileSync(join(own, "lib/release.json"), JSON.stringify({ repository: "acme/mergeml", commit }));
  expect(await npm("npx", "mergeml", "init")).toContain(".github/workflows/ (");
  const caller = readFileSync(join(root, ".github/workflows/model-pr.yml"), "utf8");
  expect(caller).toContain(`acme/mergeml/.github/workflows/model-pr.yml@${commit} # v0.1.0\n`);
  expect(git(root, "show", "registry:.github/workflows/registry.yml")).not.toContain(commit);

  writeFileSync(join(root, ".gitignore"), "node_modules/\n.mergeml/\n");
  git(root, "add", ".");
  git(root, "commit", "-qm", "Add flats");
  expect(await npm("npx", "mergeml", "validate")).toContain("1 model checked, no errors");
  expect(await npm("npx", "mergeml", "run", "flats")).toContain("flats v1 is in production");
  expect(await npm("npx", "mergeml", "status")).toMatch(/flats +v1 /);
  await npm("npx", "mergeml", "predict", "flats", "--input", "data/flats.csv", "--output", "out.csv");
  expect(readFileSync(join(root, "out.csv"), "utf8").split("\n").length).toBeGreaterThan(1_000);
  expect(await npm("npx", "mergeml", "reproduce", "flats@1")).toContain("byte for byte");
});

it("says on an older Node what is missing", () => {
  const launcher = readFileSync(join(dist, "release/bin/mergeml.cjs"), "utf8");
  const old = launcher.replaceAll("process.versions.node", '"20.11.0"').replaceAll("process.version", '"v20.11.0"');
  const file = join(folder, "mergeml.cjs");
  writeFileSync(file, old);
  const { status, stderr } = spawnSync(process.execPath, [file], { env, encoding: "utf8" });
  expect({ status, stderr }).toMatchObject({
    status: 3,
    stderr: expect.stringContaining("needs Node 24 or newer, and this is v20.11.0"),
  });
});

/** A job's step as the runner starts it: an action of a checkout of the release, with these inputs. */
async function step(release: string, action: string, root: string, more: Record<string, string> = {}) {
  const files = Object.fromEntries(
    ["OUTPUT", "PATH", "ENV", "STEP_SUMMARY", "STATE"].map((name) => [
      `GITHUB_${name}`,
      join(folder, `${action}-${name}`),
    ]),
  );
  for (const file of Object.values(files)) writeFileSync(file, "");
  const runner = {
    ...env,
    ...files,
    GITHUB_ACTIONS: "true",
    GITHUB_WORKSPACE: root,
    GITHUB_REPOSITORY: "acme/models",
    GITHUB_SERVER_URL: "https://github.com",
    GITHUB_API_URL: "https://api.github.com",
    GITHUB_RUN_ID: "1",
    GITHUB_EVENT_NAME: "push",
    GITHUB_SHA: "0".repeat(40),
    RUNNER_TEMP: env.TMPDIR,
    RUNNER_TOOL_CACHE: join(folder, "tools"),
    ...more,
  };
  const main = join(release, "actions", action, "main.js");
  const { status, stdout } = await runs(process.execPath, [main], { env: runner, timeout: 300_000 }).then(
    ({ stdout }) => ({ status: 0, stdout }),
    ({ code, stdout }) => ({ status: code, stdout }),
  );
  return {
    status,
    stdout,
    path: readFileSync(files.GITHUB_PATH!, "utf8").trim(),
    output: readFileSync(files.GITHUB_OUTPUT!, "utf8"),
  };
}

/** The release's commit, as a job has checked it out. */
function checkOutRelease(name: string): string {
  const release = join(folder, name);
  cpSync(join(dist, "release"), release, { recursive: true });
  return release;
}

it("plans in a job without anything installed", async () => {
  const release = checkOutRelease("planner");
  const root = emptyRepository("planned");
  spawnSync(process.execPath, [join(source, "scripts/mergeml.ts"), "init", "--actions", "acme/mergeml@v0.1.0"], {
    cwd: root,
    env,
  });
  git(root, "add", ".");
  git(root, "commit", "-qm", "Add flats");
  // What compiles schemas is not even there: a release has them compiled.
  for (const name of readdirSync(join(release, "lib")).filter((file) => /^2020-/.test(file)))
    rmSync(join(release, "lib", name));
  const { status, stdout, output } = await step(release, "plan", root);
  expect(stdout).toContain("flats  new");
  expect({ status, output }).toMatchObject({ status: 0, output: expect.stringContaining("count") });
  expect(existsSync(join(release, "node_modules"))).toBe(false);
});

it("loads no native file before one is needed", () => {
  const lib = join(dist, "release/lib");
  const natives = (name: string) =>
    [...closure(lib, name)].flatMap((file) => nativeImports(readFileSync(join(lib, file), "utf8")));
  for (const name of ["mergeml", "action-plan", "action-report", "action-notify", "action-setup"])
    expect({ name, natives: natives(`${name}.js`) }).toEqual({ name, natives: [] });
  expect(natives("engine-process.js")).toContain("@duckdb/node-api");
});

it("finds in every library that is loaded late the names that are asked for", async () => {
  const lib = join(dist, "release/lib");
  const asked = readdirSync(lib)
    .filter((file) => file.endsWith(".js"))
    .flatMap((file) => [
      ...readFileSync(join(lib, file), "utf8").matchAll(/const \{([\w\s:,$]+)\} = await import\("(\.\/[^"]+)"\)/g),
    ]);
  const missing: string[] = [];
  for (const [, names = "", file = ""] of asked) {
    const found = (await import(join(lib, file))) as Record<string, unknown>;
    for (const name of names.split(",").map((each) => each.split(":")[0]?.trim() ?? ""))
      if (name !== "" && found[name] === undefined) missing.push(`${name} of ${file}`);
  }
  expect(asked.map(([, names]) => names?.trim())).toContain("DefaultArtifactClient");
  expect(missing).toEqual([]);
});

/** Files of the bundle that are loaded when one is. */
function closure(lib: string, start: string, found = new Set<string>()): Set<string> {
  if (found.has(start)) return found;
  found.add(start);
  const text = readFileSync(join(lib, start), "utf8");
  for (const [, file] of text.matchAll(/^(?:import|\} from|export .* from) ?(?:[^"']*from )?["']\.\/([^"']+)["'];$/gm))
    closure(lib, file!, found);
  return found;
}

function nativeImports(text: string): string[] {
  return [
    ...text.matchAll(/^(?:import|\} from) ?(?:[^"']*from )?["'](@duckdb\/node-api|onnxruntime-node)["'];$/gm),
  ].map((each) => each[1]!);
}

it("sets a job up from the archive that the release's commit names, and from no other", async () => {
  const release = checkOutRelease("tool");
  let served = readFileSync(join(dist, archive));
  const server = createServer((_, response) => response.end(served));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const mirror = `http://127.0.0.1:${(server.address() as AddressInfo).port}/releases/`;
  const root = join(folder, "planned");
  try {
    const right = served;
    served = Buffer.concat([right.subarray(0, -1), Buffer.from([right.at(-1)! ^ 1])]);
    const refused = await step(release, "setup", root, { INPUT_MIRROR: mirror });
    expect(refused.status).toBe(1);
    expect(refused.stdout).toContain("is not the archive of this release, whose SHA-256 is");
    expect(existsSync(join(release, "node_modules"))).toBe(false);
    served = right;
    const began = performance.now();
    const { status, path } = await step(release, "setup", root, { INPUT_MIRROR: mirror });
    console.log(`setup from nothing took ${Math.round(performance.now() - began)} ms`);
    expect({ status, path }).toEqual({ status: 0, path: join(env.TMPDIR, "mergeml-bin") });
    expect(execFileSync(join(path, "mergeml"), ["--version"], { encoding: "utf8", env })).toBe("mergeml 0.1.0\n");
  } finally {
    server.closeAllConnections();
    server.close();
  }
  // Without the server: the runner's tool cache has it, and it is checked again.
  rmSync(join(release, "node_modules"), { recursive: true });
  expect(await step(release, "setup", root, { INPUT_MIRROR: mirror })).toMatchObject({ status: 0 });
  const trained = await step(release, "train", root, { INPUT_MODELS: "flats", INPUT_UPLOAD: "false" });
  expect(trained).toMatchObject({ status: 0, output: expect.stringContaining("candidates") });
});

it("gives the same bytes for the same sources", async () => {
  const digests: string[] = [];
  for (const name of ["one", "two"]) {
    const tree = join(folder, name, "tree");
    await writeToolTree(source, tree);
    digests.push((await writeArchive(join(folder, name), "tree", join(folder, `${name}.tgz`))).sha256);
  }
  expect(digests[0]).toBe(digests[1]);
});
