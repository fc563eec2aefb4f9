import { dirname, join } from "node:path";
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
  await using work = await makeWorkFolder(source);
  const rows = await giveRows(input, params, source.target, work.path);
  await work.writeJson("columns.json", columnsFile(table, { seed, ...rows, target: source.target }));
  await work.writeJson("params.json", { seed, threads: input.threads, options: params.options });
  const curves = new CurveReader();
  await log.step("program", (step) => runInside(work, source, params, { input, curves, step }));
  const onnx = await readProgramModel(work.path);
  const parity = await proveApart(onnx, table, params.timeout_minutes * 60);
  return { onnx, parity, predict, importance: [], coefficients: [], curves: curves.curves, facts: factsOf(params) };
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

function factsOf({ run }: CommandParams): Record<string, string> {
  return {
    program: visibleText(run.join(" ")).slice(0, 500),
    reproducible: "not proven: another program trained this; mergeml reproduce tells",
  };
}

interface Running {
  input: TrainingInput;
  curves: CurveReader;
  step: Step;
}

async function runInside(
  work: WorkFolder,
  source: ProgramSource,
  params: CommandParams,
  { input, curves, step }: Running,
): Promise<void> {
  const { run, timeout_minutes: timeoutMinutes, memory_gb: memoryGb } = params;
  const { path: cwd, home, temporary } = work;
  const { seed, threads } = input;
  const env = programEnvironment({ env: source.env, allowed: params.env, home, temporary, seed, threads, memoryGb });
  const folders = [cwd, source.folder];
  const found = await findExecutable(run[0], { path: env.PATH ?? "", folders });
  const place = { scratch: dirname(cwd), program: found };
  const apart = apartFromJob(source.env, place, (message) => input.log.warn(message));
  const [program, ...args] = apart.wrap(withMemoryLimit([found, ...run.slice(1)], memoryGb));
  const show = shower(input.log);
  const stdout = new OutputLines((line) => (curves.read(line) ? step.update(null, visibleText(line)) : show(line)));
  const stderr = new OutputLines(show);
  const ended = await runProgram({
    program,
    args,
    cwd,
    env,
    timeoutSeconds: timeoutMinutes * 60,
    stdout: (bytes) => stdout.write(bytes),
    stderr: (bytes) => stderr.write(bytes),
  });
  stdout.end();
  stderr.end();
  if (curves.dropped > 0) input.log.warn(`${curves.dropped} points of training curves were too many to keep`);
  const end = apart.endOf(ended);
  if (succeeded(end)) return;
  const words = { stdout: stdout.last, stderr: stderr.last };
  const about = { folder: source.name, files: Object.keys(source.files) };
  throw programError({ end, run, ...words, timeoutMinutes, memoryGb, ...about });
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
