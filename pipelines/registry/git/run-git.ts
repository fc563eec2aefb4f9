import { type ChildProcess, type ChildProcessByStdio, spawn } from "node:child_process";
import type { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import type { Log } from "../../ports/host.ts";
import { describeCommand, GitError, gitFailure } from "./failure.ts";

export interface GitOptions {
  env: Readonly<Record<string, string | undefined>>;
  log?: Log;
  /**
   * How long one git command may take, and one that reports its progress may be silent; 300 by default. The latter, a push of a
   * large model over a slow line, may take twelve times as long altogether.
   */
  timeoutSeconds?: number;
  /** A remote that `env` gives an address rather than the repository's settings: errors speak of the address, as whoever typed it does. */
  remote?: { name: string; address: string };
}

export interface RunOptions {
  /** Written to the command's stdin; without it stdin is empty. */
  input?: string | Uint8Array;
  /** Exit codes that are answers, not failures. 0 always is. */
  allow?: readonly number[];
  /** Added to the environment of this one command. */
  env?: Readonly<Record<string, string>>;
  /** What is certainly not lost should it fail. */
  safe?: string;
  /** `git push --porcelain` says on stdout why a ref was refused. */
  reasonOnStdout?: boolean;
  /** The command has `--progress`: it may go on as long as it says that it does. */
  progress?: boolean;
}

export interface GitOutput {
  code: number;
  stdout: Buffer;
  stderr: string;
}

type GitProcess = ChildProcessByStdio<Writable, Readable, Readable>;

const nothingChanged = "Nothing was changed.";
const noticeAfterSeconds = 10;

/**
 * Settings that would make our commands depend on the user's taste. Hooks are the user's for his own work: a pre-push
 * hook that runs tests has no business with the registry branch. Collecting garbage is left to the user's own git.
 */
const settings = [
  "core.hooksPath=/dev/null",
  "gc.auto=0",
  "maintenance.auto=false",
  "color.ui=false",
  "log.showSignature=false",
  "i18n.commitEncoding=UTF-8",
  "i18n.logOutputEncoding=UTF-8",
  "push.followTags=false",
  "submodule.recurse=false",
].flatMap((setting) => ["-c", setting]);

/** Variables that tie git to another repository, set when we run inside one of its hooks. */
const repositoryVariables = [
  "GIT_DIR",
  "GIT_WORK_TREE",
  "GIT_INDEX_FILE",
  "GIT_PREFIX",
  "GIT_COMMON_DIR",
  "GIT_NAMESPACE",
  "GIT_OBJECT_DIRECTORY",
  "GIT_ALTERNATE_OBJECT_DIRECTORIES",
  "GIT_QUARANTINE_PATH",
];

/** The environment of every git command: English, without prompts, pagers and editors, tied to no other repository. */
function gitEnvironment(env: GitOptions["env"]): Record<string, string | undefined> {
  const kept = Object.fromEntries(Object.entries(env).filter(([name]) => !repositoryVariables.includes(name)));
  return {
    ...kept,
    LC_ALL: "C",
    LANGUAGE: "",
    GIT_TERMINAL_PROMPT: "0",
    GIT_PAGER: "cat",
    GIT_EDITOR: "true",
    GIT_OPTIONAL_LOCKS: "0",
  };
}

/** Runs one git command and collects its output. Throws GitError for an exit code that is not allowed, or on a timeout. */
export async function runGit(
  cwd: string,
  args: readonly string[],
  options: GitOptions,
  run: RunOptions = {},
): Promise<GitOutput> {
  const chunks: Buffer[] = [];
  const running = startGit(cwd, args, options, run, run.reasonOnStdout ? chunks : []);
  for await (const chunk of outputOf(running)) chunks.push(chunk);
  const { code, stderr } = await running.ended;
  return { code, stdout: Buffer.concat(chunks), stderr };
}

/** Yields a command's stdout as it comes. Leaving the loop early ends the command. */
export async function* streamGit(
  cwd: string,
  args: readonly string[],
  options: GitOptions,
  run: RunOptions = {},
): AsyncGenerator<Buffer> {
  const running = startGit(cwd, args, options, run);
  let finished = false;
  try {
    for await (const chunk of outputOf(running)) yield chunk;
    finished = true;
  } finally {
    if (!finished) {
      running.child.kill();
      await running.ended.catch(() => undefined);
    }
  }
  await running.ended;
}

/** A stdout that breaks off is explained by how the command ended. */
async function* outputOf({ child, ended }: Running): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of child.stdout) yield chunk as Buffer;
  } catch (error) {
    await ended;
    throw error;
  }
}

interface Running {
  child: GitProcess;
  ended: Promise<{ code: number; stderr: string }>;
}

function startGit(
  cwd: string,
  args: readonly string[],
  options: GitOptions,
  run: RunOptions,
  reasons: readonly Buffer[] = [],
): Running {
  const child = spawnGit(cwd, args, options, run.env);
  child.stdin.end(run.input ?? "");
  const shown = typed(args, options);
  const limit = limitTime(child, shown, options, run);
  const ended = endOf(child, { args: shown, address: options.remote?.address, run, reasons, limit });
  // Whoever awaits `ended` sees the failure; until then it is not an unhandled one.
  ended.catch(() => undefined);
  return { child, ended };
}

function spawnGit(cwd: string, args: readonly string[], options: GitOptions, env: RunOptions["env"] = {}): GitProcess {
  const child = spawn("git", [...settings, ...args], {
    cwd,
    env: { ...gitEnvironment(options.env), ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  // A command that fails early closes its stdin; its exit code says why.
  child.stdin.on("error", () => undefined);
  return child;
}

/** A git command that answers again and again. It keeps nobody's process alive while nothing is asked of it. */
export interface StayingGit {
  write(text: string): void;
  /** The next piece of what it says, within the time that a command may take. Throws GitError when it ends instead. */
  next(): Promise<Buffer>;
  alive(): boolean;
  end(): Promise<void>;
}

export function startStayingGit(cwd: string, given: readonly string[], options: GitOptions): StayingGit {
  const child = spawnGit(cwd, given, options);
  const args = typed(given, options);
  const address = options.remote?.address;
  const chunks = child.stdout[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const ended = endOf(child, { args, address, run: {}, reasons: [], limit: null });
  ended.catch(() => undefined);
  const hold = (how: "ref" | "unref") => {
    for (const each of [child, child.stdin, child.stdout, child.stderr] as (ChildProcess | Socket)[]) each[how]();
  };
  hold("unref");
  return {
    write: (text) => void child.stdin.write(text),
    async next() {
      const limit = limitTime(child, args, options, {});
      hold("ref");
      try {
        const next = await chunks.next().catch(() => null); // how it ended says more
        if (next?.done === false) return next.value;
        const end = await ended.catch((error: GitError) => error);
        const exceeded = limit.exceeded();
        if (exceeded) throw tooSlow(args, exceeded, nothingChanged, "");
        throw end instanceof Error
          ? end
          : gitFailure({ args, address, ...end, output: end.stderr, safe: nothingChanged });
      } finally {
        limit.clear();
        hold("unref");
      }
    },
    alive: () => child.exitCode === null && child.signalCode === null,
    async end() {
      hold("ref");
      child.kill();
      child.stdout.destroy(); // else it is not over before somebody has read what it still said
      await ended.catch(() => undefined);
    },
  };
}

/** A command as a person would have typed it. */
function typed(args: readonly string[], { remote }: GitOptions): readonly string[] {
  return remote ? args.map((each) => (each === remote.name ? remote.address : each)) : args;
}

interface Started {
  /** As a person would have typed them. */
  args: readonly string[];
  address: string | undefined;
  run: RunOptions;
  reasons: readonly Buffer[];
  /** null: it may take as long as its owner likes. */
  limit: ReturnType<typeof limitTime> | null;
}

async function endOf(
  child: GitProcess,
  { args, address, run, reasons, limit }: Started,
): Promise<{ code: number; stderr: string }> {
  const safe = run.safe ?? nothingChanged;
  const errors: Buffer[] = [];
  child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
  try {
    const code = await exitCode(child, safe);
    const stderr = withoutProgress(Buffer.concat(errors).toString("utf8"));
    const exceeded = limit?.exceeded();
    if (exceeded) throw tooSlow(args, exceeded, safe, stderr);
    if (code !== 0 && !run.allow?.includes(code ?? -1)) {
      throw gitFailure({ args, address, code, output: [stderr, ...reasons.map(String)].join("\n"), safe });
    }
    return { code: code ?? -1, stderr };
  } finally {
    limit?.clear();
  }
}

function exitCode(child: GitProcess, safe: string): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.on("error", (cause) => {
      const tried = describeCommand(child.spawnargs.slice(settings.length + 1));
      const message = `git could not be started: ${cause.message}\ninstall git 2.30 or newer and put it on the PATH`;
      reject(new GitError("missing-git", message, { tried, safe, stderr: "" }, { cause }));
    });
    child.on("close", resolve);
  });
}

/** A command that reports its progress may take so many times the limit, as long as it is never silent for longer than that. */
const patience = 12;

function limitTime(
  child: GitProcess,
  args: readonly string[],
  { log, timeoutSeconds = 300 }: GitOptions,
  { progress = false }: RunOptions,
) {
  let exceeded: string | null = null;
  const stop = (why: string) => () => {
    exceeded ??= why;
    child.kill("SIGTERM");
    // A helper of git (ssh, a hook) may keep our pipes open after git itself is gone.
    child.stdout.destroy();
    child.stderr.destroy();
  };
  const after = (seconds: number, why: string) => setTimeout(stop(why), seconds * 1000);
  const longest = progress ? timeoutSeconds * patience : timeoutSeconds;
  const notice = setTimeout(() => log?.info(`still waiting for ${describeCommand(args)}`), noticeAfterSeconds * 1000);
  const limit = after(longest, `took longer than ${longest} s`);
  const silence = progress ? after(timeoutSeconds, `made no progress for ${timeoutSeconds} s`) : null;
  if (silence) child.stderr.on("data", () => silence.refresh());
  return {
    /** Which limit was, in words; null when none. */
    exceeded: () => exceeded,
    clear: () => {
      for (const timer of [notice, limit, silence]) if (timer) clearTimeout(timer);
    },
  };
}

/** Without what git overwrites on a terminal, and the last of it: `Writing objects: 100% (5/5), done.` */
function withoutProgress(stderr: string): string {
  const lines = stderr.split("\n").map((line) => line.slice(line.lastIndexOf("\r") + 1));
  return lines.filter((line) => !/^(remote: )?[A-Z][a-z]+ [a-z]+: +\d+(%| |, done)/.test(line)).join("\n");
}

function tooSlow(args: readonly string[], exceeded: string, safe: string, stderr: string): GitError {
  const tried = describeCommand(args);
  const message = `${tried} ${exceeded} and was stopped\ncheck the network, then run the same command again`;
  return new GitError("timeout", message, { tried, safe, stderr });
}
