import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import autocannon from "autocannon";
import { type PeerProcess, startPeer } from "../../../test/peers/peer-process.ts";
import { pythonOf } from "../../../test/peers/virtual-environment.ts";
import { editParams, prepareScratch, stageEnvironment } from "../../demo/scratch-repository.ts";

const product = join(import.meta.dirname, "../../..");
const mergeml = join(product, "scripts/mergeml");

/** A repository with diamond-price in production, and a bare origin. */
export interface ServingStage extends Disposable {
  folder: string;
  repository: string;
  origin: string;
  mergeml(...args: string[]): string;
  /** Starts our server, and waits until it is ready. */
  serve(options?: ServeStageOptions): Promise<PeerProcess>;
  /** Pushes a commit that puts a registered version into production. */
  point(version: number): void;
}

interface ServeStageOptions {
  args?: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** In the repository, which has a prediction log; else from the address of the registry. */
  logged?: boolean;
}

/** With so many versions, of which the first is in production. */
export async function servingStage({ versions = 1 } = {}): Promise<ServingStage> {
  const { repository } = await prepareScratch();
  const folder = dirname(repository);
  const origin = join(folder, "origin.git");
  const run = (...args: string[]) =>
    execFileSync(mergeml, args, {
      cwd: repository,
      env: stageEnvironment,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
  editParams(repository, "diamond-price", "{ trees: 60, learning_rate: 0.1, max_leaves: 15 }");
  execFileSync("git", ["commit", "-qam", "Start diamond-price small"], { cwd: repository, env: stageEnvironment });
  execFileSync("git", ["push", "-q"], { cwd: repository, env: stageEnvironment });
  run("init");
  run("run", "diamond-price");
  for (let version = 2; version <= versions; version += 1) {
    editParams(repository, "diamond-price", `{ trees: ${40 + 20 * version}, learning_rate: 0.1, max_leaves: 15 }`);
    execFileSync("git", ["commit", "-qam", `Grow version ${version}`], { cwd: repository, env: stageEnvironment });
    run("run", "diamond-price");
  }
  const pointers = pointersOf(origin, versions);
  if (versions > 1) commitPointer(origin, pointers[0]!);
  return {
    point: (version) => commitPointer(origin, pointers[version - 1]!),
    ...{ folder, repository, origin, mergeml: run },
    serve: ({ args = [], env = {}, logged = false } = {}) =>
      startPeer({
        ...{ name: "mergeml", folder, healthPath: "/v2/health/ready" },
        program: mergeml,
        args: (port) => [
          ...["serve", "--port", String(port), ...args],
          ...(logged ? ["-C", repository] : ["--registry", origin, "--cache", join(folder, "cache")]),
        ],
        env: { ...stageEnvironment, ...env },
      }),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** What production.json was when each version was promoted. */
function pointersOf(origin: string, versions: number): string[] {
  const git = (...args: string[]) => execFileSync("git", args, { cwd: origin, encoding: "utf8" });
  const file = "models/diamond-price/production.json";
  const commits = git("log", "--format=%H", "registry", "--", file).trim().split("\n").reverse();
  return commits.slice(0, versions).map((commit) => git("show", `${commit}:${file}`));
}

let promotions = 0;

/** Each promotion has a time of its own, as real ones have. */
function commitPointer(origin: string, pointer: string): void {
  const since = new Date(Date.UTC(2030, 0, 1) + 1000 * (promotions += 1)).toISOString();
  const content = `${JSON.stringify({ ...JSON.parse(pointer), since }, null, 2)}\n`;
  const stream = [
    "commit refs/heads/registry\n",
    `committer Ada <ada@example.org> ${Math.floor(Date.now() / 1000)} +0000\n`,
    "data 7\npromote\nfrom refs/heads/registry^0\n",
    `M 100644 inline models/diamond-price/production.json\ndata ${Buffer.byteLength(content)}\n${content}\n`,
  ].join("");
  execFileSync("git", ["fast-import", "--quiet"], { cwd: origin, input: stream });
}

/** The folder of a version as MLflow loads it. */
function versionFolder({ folder, origin }: ServingStage): string {
  const target = join(folder, "version");
  mkdirSync(target);
  const archive = execFileSync("git", ["archive", "registry:models/diamond-price/versions/1"], { cwd: origin });
  execFileSync("tar", ["-x", "-C", target], { input: archive });
  return target;
}

/** `mlflow models serve`, with as many workers as there are cores. */
export function startMlflowScoring(stage: ServingStage): Promise<PeerProcess> {
  const bin = dirname(pythonOf("peers"));
  const args = ["models", "serve", "--model-uri", versionFolder(stage), "--env-manager", "local", "--workers", "2"];
  return startPeer({
    ...{ name: "mlflow", folder: stage.folder, healthPath: "/ping" },
    program: join(bin, "mlflow"),
    args: (port) => [...args, "--host", "127.0.0.1", "--port", String(port)],
    env: { PATH: `${bin}:${process.env.PATH}` },
  });
}

/** MLServer 1.7 on what `mergeml export` writes for it, as it is by default but for its workers, which cost it speed on two cores. */
export function startMlserver(stage: ServingStage): Promise<PeerProcess> {
  const repository = join(stage.folder, "mlserver");
  stage.mergeml("export", "diamond-price", "--for", "mlserver", "--output", repository);
  const python = pythonOf("peer-mlserver");
  const bin = dirname(python);
  return startPeer({
    ...{ name: "mlserver", folder: stage.folder, healthPath: "/v2/health/ready" },
    program: python,
    args: () => [join(bin, "mlserver"), "start", repository],
    env: { PATH: `${bin}:${process.env.PATH}`, MLSERVER_HOST: "127.0.0.1", MLSERVER_PARALLEL_WORKERS: "0" },
    portsIn: ["MLSERVER_HTTP_PORT", "MLSERVER_GRPC_PORT", "MLSERVER_METRICS_PORT"],
  });
}

export type DiamondRow = readonly (number | string)[];

/** Features of diamond-price, in its order, and rows of the data. */
export function diamondRows(count: number): { columns: string[]; rows: DiamondRow[] } {
  const file = join(product, "node_modules/@observablehq/sample-datasets/diamonds.csv");
  const [, ...lines] = readFileSync(file, "utf8").trimEnd().split("\n");
  const columns = ["carat", "cut", "color", "clarity", "depth", "table_width", "length_mm", "width_mm", "depth_mm"];
  const rows = lines.slice(0, count).map((line) => {
    const [carat, cut, color, clarity, depth, table, , x, y, z] = line
      .split(",")
      .map((field) => field.replaceAll('"', ""));
    return [Number(carat), cut!, color!, clarity!, ...[depth, table, x, y, z].map(Number)];
  });
  return { columns, rows };
}

/** One row as a JSON body. */
export function byNameRow(): string {
  const { columns, rows } = diamondRows(1);
  return JSON.stringify([Object.fromEntries(columns.map((name, at) => [name, rows[0]![at]]))]);
}

/** A request for rows of diamond-price. */
export type Request = Pick<LoadJob, "path" | "body" | "headers">;

const infer = "/v2/models/diamond-price/infer";

/** Rows as objects by column name. */
export function byName(columns: readonly string[], rows: readonly DiamondRow[]): Request {
  const objects = rows.map((row) => Object.fromEntries(columns.map((name, at) => [name, row[at]])));
  return { path: "/models/diamond-price/predict", body: JSON.stringify(objects) };
}

const isText = (values: readonly (number | string)[]) => typeof values[0] === "string";

/** Tensors of the Open Inference Protocol as JSON. */
export function asTensors(columns: readonly string[], rows: readonly DiamondRow[]): Request {
  const inputs = columns.map((name, at) => {
    const data = rows.map((row) => row[at]!);
    return { name, datatype: isText(data) ? "BYTES" : "FP64", shape: [rows.length, 1], data };
  });
  return { path: infer, body: JSON.stringify({ inputs }) };
}

/** With the binary tensor extension, both ways. */
export function asBinary(columns: readonly string[], rows: readonly DiamondRow[]): Request {
  const packed = columns.map((_, at) => {
    const values = rows.map((row) => row[at]!);
    if (!isText(values)) return { datatype: "FP32", bytes: Buffer.from(Float32Array.from(values, Number).buffer) };
    const texts = values.map((text) => {
      const bytes = Buffer.from(String(text));
      return Buffer.concat([Buffer.from(Uint32Array.of(bytes.length).buffer), bytes]);
    });
    return { datatype: "BYTES", bytes: Buffer.concat(texts) };
  });
  const inputs = packed.map(({ datatype, bytes }, at) => {
    return { name: columns[at], datatype, shape: [rows.length, 1], parameters: { binary_data_size: bytes.length } };
  });
  const header = Buffer.from(JSON.stringify({ parameters: { binary_data_output: true }, inputs }));
  return {
    path: infer,
    body: Buffer.concat([header, ...packed.map(({ bytes }) => bytes)]),
    headers: { "content-type": "application/octet-stream", "inference-header-content-length": String(header.length) },
  };
}

/** What load measured. */
export interface Load {
  perSecond: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
  answered: number;
  /** Requests that were answered with an error, or not at all. */
  failed: number;
}

interface LoadJob {
  url: string;
  path: string;
  body: string | Buffer;
  headers?: Readonly<Record<string, string>>;
  connections: number;
  seconds: number;
  /** Instead of the seconds. */
  requests?: number;
}

/** Sends the same request over so many connections, each as soon as it has its answer, from this process. */
export async function load({ url, path, body, headers, connections, seconds, requests }: LoadJob): Promise<Load> {
  const result = await autocannon({
    url: `${url}${path}`,
    method: "POST",
    body,
    headers: { "content-type": "application/json", ...headers },
    connections,
    ...(requests === undefined ? { duration: seconds } : { amount: requests }),
    timeout: 30,
  });
  return {
    perSecond: result["2xx"] / result.duration,
    p50: result.latency.p50,
    p99: result.latency.p99,
    answered: result["2xx"],
    failed: result.non2xx + result.errors + result.timeouts,
  };
}
