import { delimiter, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { visibleText } from "../../errors/visible-text.ts";
import type { Log, Step } from "../../ports/log.ts";
import type { ProgramSource, TrainedModel, TrainingInput } from "../trainer.ts";
import { apartFromJob } from "./apart-from-job.ts";
import { columnsFile } from "./columns-file.ts";
import { CurveReader } from "./curves.ts";
import { programEnvironment } from "./environment.ts";
import { findExecutable } from "./find-executable.ts";
import { OutputLines } from "./output-lines.ts";
import { type InImage, runsInImage } from "./packages/image-run.ts";
import { type OpenedEnvironment, openEnvironment } from "./packages/open-environment.ts";
import { type CommandParams, commandParams } from "./params.ts";
import { programError } from "./program-error.ts";
import { proveApart } from "./prove-apart.ts";
import { readProgramModel } from "./read-program-model.ts";
import { type ProgramEnd, runProgram } from "./run-program.ts";
import { makeWorkFolder, type WorkFolder } from "./work-folder.ts";
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
