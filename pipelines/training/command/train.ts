import { constants } from "node:fs";
import { open, readdir } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { UserError } from "../../errors/expected-error.ts";
import { visibleText } from "../../errors/inert-markdown.ts";
import type { Log, Step } from "../../ports/host.ts";
import type { ProgramSource, TrainedModel, TrainingCurve, TrainingInput } from "../trainer.ts";
import { columnsFile } from "./contract.ts";
import { programEnvironment } from "./environment.ts";
import { findExecutable } from "./find-executable.ts";
import { type InImage, runsInImage } from "./packages/image-run.ts";
import { type OpenedEnvironment, openEnvironment } from "./packages/open-environment.ts";
import { type CommandParams, commandParams } from "./params.ts";
import { apartFromJob, proveApart } from "./prove-apart.ts";
import { type ProgramEnd, programError, runProgram } from "./run-program.ts";
import { makeWorkFolder, OutputLines, type WorkFolder } from "./work-folder.ts";
import { writeRows } from "./write-rows.ts";

/** Lines of a program's output that are shown; the rest of a flood is only counted. */
const shownLines = 500;

/** Gives the program its rows and params, runs it, and takes the model it wrote if that keeps the contract. */
export async function trainCommand(input: TrainingInput): Promise<TrainedModel> {
  const { table, seed, source, log } = input;
  if (!source) throw new Error("A program cannot be trained without the folder it is in.");
  const params = commandParams(input.params);
  const environment = params.environment === undefined ? null : await openEnvironment(params.environment, source, log);
  await using work = await makeWorkFolder(source);
  const rows = await giveRows(input, params, source.target, work.path);
  await work.writeJson("columns.json", columnsFile(table, { seed, ...rows, target: source.target }));
  await work.writeJson("params.json", { seed, threads: input.threads, options: params.options });
  const curves = new CurveReader();
  await log.step("program", (step) => runInside(work, source, params, { input, curves, step, environment }));
  const onnx = await readProgramModel(work.path);
  const parity = await proveApart(onnx, table, params.timeout_minutes * 60);
  return {
    onnx,
    parity,
    predict,
    importance: [],
    coefficients: [],
    curves: curves.curves,
    facts: factsOf(params, environment),
  };
}

/** Where the program finds its rows, and how many there are. One that reads an address gets that of a file where no cluster has them. */
async function giveRows(
  { table, staged }: TrainingInput,
  params: CommandParams,
  target: string,
  folder: string,
): Promise<{ data: string; rows: number }> {
  if (params.data === "staged" && staged) return { data: staged.url, rows: staged.rows };
  const data = `train.${params.data === "staged" ? "parquet" : params.data}`;
  await writeRows(table, target, folder, data);
  return { data: params.data === "staged" ? pathToFileURL(join(folder, data)).href : data, rows: table.rows };
}

function predict(): never {
  throw new Error("A program's model is scored by ONNX Runtime alone; `parity` says that it was proven.");
}

function factsOf({ run }: CommandParams, environment: OpenedEnvironment | null): Record<string, string> {
  return {
    ...environment?.facts,
    program: visibleText(run.join(" ")).slice(0, 500),
    reproducible: "not proven: another program trained this; mergeml reproduce tells",
  };
}

interface Running {
  input: TrainingInput;
  curves: CurveReader;
  step: Step;
  environment: OpenedEnvironment | null;
}

async function runInside(
  work: WorkFolder,
  source: ProgramSource,
  params: CommandParams,
  { input, curves, step, environment }: Running,
): Promise<void> {
  const { run, timeout_minutes: timeoutMinutes, memory_gb: memoryGb } = params;
  const { path: cwd, home, temporary } = work;
  const { seed, threads } = input;
  const setting = { env: source.env, allowed: params.env, home, temporary, seed, threads, memoryGb };
  const env = equipped(programEnvironment(setting), environment);
  await using started = await startOf(work, source, params, { env, environment, log: input.log });
  const [program, ...args] = started.command;
  const show = shower(input.log);
  const stdout = new OutputLines((line) => (curves.read(line) ? step.update(null, visibleText(line)) : show(line)));
  const stderr = new OutputLines(show);
  const ended = await runProgram({
    program,
    args,
    cwd,
    env: started.env ?? env,
    timeoutSeconds: timeoutMinutes * 60,
    stdout: (bytes) => stdout.write(bytes),
    stderr: (bytes) => stderr.write(bytes),
  });
  stdout.end();
  stderr.end();
  if (curves.dropped > 0) input.log.warn(`${curves.dropped} points of training curves were too many to keep`);
  const end = started.endOf(ended);
  if (succeeded(end)) return;
  const words = { stdout: stdout.last, stderr: stderr.last };
  const { environment: lock } = params;
  const about = { folder: source.name, files: Object.keys(source.files), ...(lock !== undefined && { lock }) };
  throw programError({ end, run, ...words, timeoutMinutes, memoryGb, ...about });
}

function equipped(env: Record<string, string>, environment: OpenedEnvironment | null): Record<string, string> {
  if (!environment) return env;
  return { ...env, ...environment.variables, PATH: [...environment.path, env.PATH].join(delimiter) };
}

/** The command line that runs the program apart, in its image or as it is, and what its end means. */
async function startOf(
  work: WorkFolder,
  source: ProgramSource,
  { run, memory_gb: memoryGb }: CommandParams,
  { env, environment, log }: { env: Record<string, string>; environment: OpenedEnvironment | null; log: Log },
): Promise<InImage> {
  const { path: cwd } = work;
  if (environment?.image) return runsInImage(environment.image, run, { cwd, env, memoryGb, outer: source.env });
  const found = await findExecutable(run[0], { path: env.PATH ?? "", folders: [cwd, source.folder] });
  const place = { scratch: dirname(cwd), program: found };
  const apart = apartFromJob({ ...source.env, PATH: env.PATH }, place, (message) => log.warn(message));
  const command = apart.wrap(withMemoryLimit([found, ...run.slice(1)], memoryGb));
  return { command, endOf: (end) => apart.endOf(end), [Symbol.asyncDispose]: async () => {} };
}

function succeeded(end: ProgramEnd): boolean {
  return end.state === "exited" && end.code === 0;
}

/** Prints lines of the program so that nobody takes them for ours, and a workflow's runner not for commands. */
function shower(log: Log): (line: string) => void {
  let shown = 0;
  return (line) => {
    shown++;
    if (shown <= shownLines) log.info(`    | ${visibleText(line).replaceAll("##[", "## [")}`);
    if (shown === shownLines) log.info(`    | … more output of the program is not shown`);
  };
}

/**
 * The limit on data memory, because that on addresses stops every runtime that reserves more than it uses (Node, the JVM,
 * CUDA). The shell sets it and becomes the program.
 */
function withMemoryLimit(command: readonly [string, ...string[]], memoryGb: number): readonly [string, ...string[]] {
  if (memoryGb === 0 || process.platform !== "linux") return command;
  const kilobytes = String(Math.round(memoryGb * 1024 * 1024));
  const script = 'ulimit -d "$1" && shift && exec "$@"';
  return ["/bin/sh", "-c", script, "sh", kilobytes, ...command];
}

const point =
  /^([A-Za-z_][A-Za-z0-9_./-]{0,49})=([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?|[+-]?(?:nan|inf(?:inity)?))@(\d{1,12})$/i;

/** More would swell the record without showing more. */
const mostCurves = 20;
const mostPoints = 10_000;

/** Collects the training curves that a program prints, one `metric=value@step` a line. */
class CurveReader {
  readonly #curves = new Map<string, Map<number, number>>();
  #dropped = 0;

  /** Whether the line was a point of a curve. A step that comes again replaces the earlier one; values that are not finite are left out. */
  read(line: string): boolean {
    const [, metric, written, step] = point.exec(line.trim()) ?? [];
    if (metric === undefined || step === undefined) return false;
    const value = Number(written);
    if (Number.isFinite(value)) this.#add(metric, Number(step), value);
    return true;
  }

  /** Points beyond what a record keeps. */
  get dropped(): number {
    return this.#dropped;
  }

  /** By metric in order of appearance, each by step. */
  get curves(): readonly TrainingCurve[] {
    return [...this.#curves].map(([metric, points]) => {
      const sorted = [...points].sort(([a], [b]) => a - b);
      return { metric, steps: sorted.map(([step]) => step), values: sorted.map(([, value]) => value) };
    });
  }

  #add(metric: string, step: number, value: number): void {
    let points = this.#curves.get(metric);
    if (!points && this.#curves.size < mostCurves) this.#curves.set(metric, (points = new Map()));
    if (points && (points.size < mostPoints || points.has(step))) points.set(step, value);
    else this.#dropped++;
  }
}

/** Larger than any model that a gate could score in time, smaller than what protobuf can hold (2 GiB). */
const mostBytes = 1024 ** 3;

/** The bytes of the model.onnx that a program left in `folder`. Throws UserError when it is missing, empty, huge, or no plain file. */
async function readProgramModel(folder: string): Promise<Uint8Array> {
  // Neither follows a link, which could lead out of the folder, nor waits for a pipe.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(join(folder, "model.onnx"), flags).catch((cause: NodeJS.ErrnoException) => cause);
  if (file instanceof Error) throw file.code === "ENOENT" ? await missing(folder) : refused(reasonOf(file), file);
  try {
    const found = await file.stat();
    if (!found.isFile()) throw refused(found.isDirectory() ? "it is a folder" : "it is not a plain file");
    if (found.nlink > 1) throw refused("it has a second name (a hard link)");
    if (found.size === 0) throw refused("it is empty");
    if (found.size > mostBytes) {
      throw refused(`it has ${found.size.toLocaleString("en-US")} bytes; at most ${mostBytes.toLocaleString("en-US")}`);
    }
    return await file.readFile();
  } finally {
    await file.close();
  }
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === "ELOOP" || code === "EMLINK") return "it is a link";
  return code === "ENXIO" ? "it is not a plain file" : message;
}

function refused(reason: string, cause?: Error): UserError {
  const hint = "write the model's bytes into a plain file model.onnx in the folder where the program starts";
  return new UserError({ message: `The program's model.onnx cannot be used: ${reason}.`, hint }, cause && { cause });
}

async function missing(folder: string): Promise<UserError> {
  const names = (await readdir(folder)).sort();
  return new UserError({
    message: `The program ended well, but wrote no model.onnx. The folder has: ${names.slice(0, 20).join(", ") || "nothing"}.`,
    hint: "write model.onnx into the folder where the program starts, not beside the script",
  });
}
