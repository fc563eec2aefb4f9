import { appendFileSync, chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { UserError } from "../../pipelines/errors/expected-error.ts";
import { type Action, runAction } from "../shared/action.ts";
import { fetchArchive, type ReleaseArchive, unpackModules } from "./install-archive.ts";

interface Release {
  version: string;
  repository: string | null;
  archives: Readonly<Record<string, ReleaseArchive>>;
}

/** Sets a release up, which is this very checkout: its actions are whole but for native files, which one archive has. */
async function setup(action: Action): Promise<void> {
  const root = resolve(process.argv[1] ?? "", "../../..");
  const release = JSON.parse(readFileSync(join(root, "actions/setup/archives.json"), "utf8")) as Release;
  if (action.input("native") !== "false") await installNative(action, root, release);
  putOnPath(action.env, root);
  action.output("root", root);
}

async function installNative(action: Action, root: string, release: Release): Promise<void> {
  const platform = `${process.platform}-${process.arch}`;
  const archive = release.archives[platform];
  if (!archive) {
    const message = `mergeml ${release.version} has no archive for ${platform}`;
    const hint = `run this job on one of ${Object.keys(release.archives).join(", ")}`;
    throw new UserError({ message, hint });
  }
  const { env } = action;
  const kept = join(env.RUNNER_TOOL_CACHE || env.RUNNER_TEMP || root, "mergeml");
  const address = action.input("mirror") || env.MERGEML_MIRROR || releaseAddress(env, release);
  await unpackModules(await fetchArchive(archive, kept, address.replace(/\/+$/, "")), root);
  action.log.info(`mergeml ${release.version} for ${platform}`);
}

/** Where GitHub keeps a release's files. */
function releaseAddress(env: Action["env"], { repository, version }: Release): string {
  const server = env.GITHUB_SERVER_URL;
  if (repository === null || !server)
    throw new UserError({ message: "these actions are of no release", hint: "give a mirror" });
  return `${server}/${repository}/releases/download/v${version}`;
}

/** The command runs on the Node that runs this, whatever the machine's own is; what one step compiled the next one finds. */
function putOnPath(env: Action["env"], root: string): void {
  const temporary = env.RUNNER_TEMP ?? join(root, ".temp");
  const folder = join(temporary, "mergeml-bin");
  mkdirSync(folder, { recursive: true });
  const script = join(root, "bin/mergeml.cjs");
  writeFileSync(join(folder, "mergeml"), `#!/bin/sh\nexec '${process.execPath}' '${script}' "$@"\n`);
  chmodSync(join(folder, "mergeml"), 0o755);
  writeFileSync(join(folder, "mergeml.cmd"), `@"${process.execPath}" "${script}" %*\r\n`);
  if (env.GITHUB_PATH) appendFileSync(env.GITHUB_PATH, `${folder}\n`);
  const compiled = `NODE_COMPILE_CACHE=${join(temporary, "mergeml-compiled")}\n`;
  if (env.GITHUB_ENV) appendFileSync(env.GITHUB_ENV, compiled);
}

await runAction(setup);
