import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { canonicalJson, sha256 } from "../../../config/canonical-json.ts";
import { type LockFile, lockFileOf } from "../../../config/lock-file/lock-kind.ts";
import { UserError } from "../../../errors/expected-error.ts";
import { visibleText } from "../../../errors/inert-markdown.ts";
import type { Log, Step } from "../../../ports/host.ts";
import type { ProgramSource } from "../../trainer.ts";
import { apartFromJob } from "../prove-apart.ts";
import { runProgram } from "../run-program.ts";
import { fillWorkFolder, makeWorkFolder, OutputLines } from "../work-folder.ts";
import { environmentsFolder, keepEnvironment, keptEnvironment, newFolder, takeTurn } from "./kept-environments.ts";
import { makingError } from "./making-error.ts";
import type { Equipment, Making, MakingCommand, Recipe } from "./recipe.ts";

/** An environment that is there. */
export interface OpenedEnvironment extends Equipment {
  /** What the model's record says of it: the lock's name and hash, and with what it was made. */
  facts: Readonly<Record<string, string>>;
}

/** Minutes that making an environment may take, and bytes that it may have. */
const makingMinutes = 30;
const mostBytes = 20 * 2 ** 30;

/** Raised when the same lock would be made into something else. */
const format = 1;

/** An environment that is found by what it is made of: 64 hex digits over the lock, the interpreter and the platform. */
interface Wanted {
  key: string;
  recipe: Recipe;
  making: Making;
}

/** The environment of a lock file, as it was kept, or made now. Throws UserError and EnvironmentError that say what is missing. */
export async function openEnvironment(
  path: string,
  source: Omit<ProgramSource, "target">,
  log: Log,
): Promise<OpenedEnvironment> {
  const { lock, files } = filesOf(path, source);
  await using work = await makeWorkFolder({ folder: source.folder, files });
  const { key, recipe } = await wantedEnvironment({ lock, files, folder: work.path, env: source.env });
  const folder = await log.step(
    "environment",
    (step) =>
      keptOrMade({ key, recipe, making: { lock, files, folder: source.folder, env: source.env } }, source, {
        log,
        step,
      }),
    () => `${lock.locked}  ${key.slice(0, 12)}`,
  );
  const facts = { lock: `${lock.locked} ${files[lock.locked]}`, ...recipe.facts };
  return { ...recipe.equipment(join(folder, "work"), key), facts };
}

/** What the environment of a lock file is found by, without making it. Throws UserError when it could not be made here. */
export async function environmentKey(path: string, source: Omit<ProgramSource, "target">): Promise<string> {
  const { lock, files } = filesOf(path, source);
  await using work = await makeWorkFolder({ folder: source.folder, files });
  return (await wantedEnvironment({ lock, files, folder: work.path, env: source.env })).key;
}

/** The files that decide what is made: of an image all of the program's, which its Dockerfile may copy. */
function filesOf(path: string, source: Pick<ProgramSource, "files">): Pick<Making, "lock" | "files"> {
  const lock = lockFileOf(path);
  if (!lock) throw new Error(`${path} was not checked before`);
  const own = Object.entries(source.files).filter(([file]) => lock.kind === "docker" || file in lock.files);
  return { lock, files: Object.fromEntries(own) };
}

async function wantedEnvironment(making: Making): Promise<Pick<Wanted, "key" | "recipe">> {
  const { lock, files } = making;
  const recipe = await recipeOf(lock, making);
  const { facts, machine } = recipe;
  const inputs = {
    format,
    kind: lock.kind,
    lock: lock.path,
    files,
    facts,
    machine,
    platform: process.platform,
    arch: process.arch,
  };
  return { key: sha256(canonicalJson(inputs)).slice("sha256:".length), recipe };
}

async function recipeOf({ kind }: LockFile, making: Making): Promise<Recipe> {
  if (kind === "pip") return (await import("./python.ts")).pipRecipe(making);
  if (kind === "uv") return (await import("./python.ts")).uvRecipe(making);
  if (kind === "conda") return (await import("./conda.ts")).condaRecipe(making);
  if (kind === "renv") return (await import("./renv.ts")).renvRecipe(making);
  return (await import("./docker.ts")).dockerRecipe(making);
}

interface Telling {
  log: Log;
  step: Step;
}

async function keptOrMade(wanted: Wanted, { name }: Pick<ProgramSource, "name">, telling: Telling): Promise<string> {
  const all = environmentsFolder(wanted.making.env);
  const kept = await usable(all, wanted);
  if (kept) return kept;
  await using _turn = await takeTurn(all, wanted.key);
  // Who had the turn before has perhaps made it.
  const made = await usable(all, wanted);
  if (made) return made;
  const folder = await newFolder(all, wanted.key);
  const lock = `${name}/${wanted.making.lock.locked}`;
  try {
    await fillEnvironment(folder, wanted, lock, telling);
  } catch (error) {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    throw error;
  }
  await keepEnvironment(all, wanted.key, { folder, lock });
  return folder;
}

async function usable(all: string, { key, recipe }: Wanted): Promise<string | null> {
  const folder = await keptEnvironment(all, key);
  return folder && (await recipe.isUsable(join(folder, "work"), key)) ? folder : null;
}

async function fillEnvironment(
  root: string,
  { key, recipe, making }: Wanted,
  lock: string,
  telling: Telling,
): Promise<void> {
  const work = await fillWorkFolder(root, making);
  const place = { root, home: work.home, temporary: work.temporary };
  const until = performance.now() + makingMinutes * 60_000;
  for (const each of recipe.commands(work.path, key)) {
    const seconds = Math.max(1, (until - performance.now()) / 1000);
    await runMaking(each, { ...place, cwd: work.path, seconds, env: making.env, lock }, telling);
  }
  for (const folder of [work.home, work.temporary]) await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  const bytes = await sizeOf(root);
  if (bytes <= mostBytes) return;
  const message = `The environment of ${lock} has ${bytes.toLocaleString("en-US")} bytes; at most ${mostBytes.toLocaleString("en-US")} are kept.`;
  throw new UserError({ message, hint: "lock fewer or smaller packages", key: "params.environment" });
}

interface Place {
  root: string;
  home: string;
  temporary: string;
  cwd: string;
  seconds: number;
  env: Making["env"];
  lock: string;
}

/** What installs packages runs apart from the job as programs do: a package may run code of its own, and may write to its folder alone. */
async function runMaking(
  { command, variables = {}, byServer, ours }: MakingCommand,
  place: Place,
  { log, step }: Telling,
): Promise<void> {
  const { root, home, temporary, cwd, seconds, env, lock } = place;
  const absolute: [string, ...string[]] = [
    command[0].startsWith("/") ? command[0] : join(cwd, command[0]),
    ...command.slice(1),
  ];
  const isTrusted = byServer || ours;
  const apart = isTrusted
    ? null
    : apartFromJob(env, { scratch: root, program: absolute[0] }, (message) => log.warn(message));
  const [program, ...args] = apart ? apart.wrap(absolute) : absolute;
  const own = { PATH: env.PATH ?? "", LANG: env.LANG ?? "C.UTF-8", TMPDIR: temporary };
  const given = { ...own, ...networkVariables(env), HOME: isTrusted ? (env.HOME ?? home) : home, ...variables };
  const lines = new OutputLines((line) => step.update(null, visibleText(line).slice(0, 120)));
  const take = (bytes: Uint8Array) => lines.write(bytes);
  const ended = await runProgram({
    program,
    args,
    cwd,
    env: given,
    timeoutSeconds: seconds,
    stdout: take,
    stderr: take,
  });
  lines.end();
  const end = apart ? apart.endOf(ended) : ended;
  if (end.state === "exited" && end.code === 0) return;
  throw makingError({ end, command, said: lines.last, lock, minutes: makingMinutes });
}

/** How this machine reaches an index of packages, or a mirror of it. */
const network =
  /^(https?_proxy|no_proxy|all_proxy|ssl_cert_(file|dir)|(requests|curl)_ca_bundle|pip_(index_url|extra_index_url|find_links|no_index|cert|config_file|trusted_host|default_timeout|retries|proxy|keyring_provider)|uv_(index|default_index|extra_index_url|index_url|find_links|offline|config_file|system_certs|native_tls|insecure_host|keyring_provider|index_.+)|conda_.+|mamba_.+|condarc|mambarc|renv_.+|r_.+|cran|docker_.+|container_host|xdg_runtime_dir)$/i;

function networkVariables(env: Making["env"]): Record<string, string> {
  const found = Object.entries(env).filter(([name, value]) => value !== undefined && network.test(name));
  return Object.fromEntries(found) as Record<string, string>;
}

async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  let bytes = 0;
  for (const entry of entries) if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size;
  return bytes;
}
