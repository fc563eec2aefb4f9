import type { AddressInfo, Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { EnvironmentError, UserError } from "./errors/expected-error.ts";
import type { Clock, Log } from "./ports/host.ts";
import { challengeWords } from "./registry/production-pointer.ts";
import { openArrowReader } from "./serving/arrow/arrow-reader.ts";
import { challengerOf } from "./serving/challenge/read-challenger.ts";
import { splitRouter } from "./serving/challenge/split-router.ts";
import { type ComparisonNotes, openComparisonNotes } from "./serving/comparison/trial-notes.ts";
import { type DriftNotes, openDriftNotes } from "./serving/drift-notes.ts";
import { type Follower, followRegistry } from "./serving/following/follow-registry.ts";
import type { RegistrySource } from "./serving/following/registry-mirror.ts";
import { openHttpServer } from "./serving/http/server.ts";
import { defaultLimits, type ServerContext, type ServerLimits } from "./serving/http/server-context.ts";
import { type LogWatch, type LogWatchOptions, openLogWatch } from "./serving/live/log-watch.ts";
import { statusPage, statusPageHeaders } from "./serving/page/status-page.ts";
import { noLog, type ServingLog } from "./serving/served-model.ts";
import {
  type ModelFacts,
  type ModelTable,
  openModelTable,
  type ServedVersion,
  type ServingFacts,
} from "./serving/serving-facts.ts";
import { openShadowing } from "./serving/shadow/ask-shadow.ts";
import { openScoringThreads } from "./serving/threads/scoring-threads.ts";
import { openUsageBook, type UsageBook } from "./serving/usage.ts";
import type { StepCache } from "./workspace/step-cache.ts";

export interface ServeOptions {
  source: RegistrySource;
  /** Names of the models to serve; null: all that are in production. */
  models: readonly string[] | null;
  host: string;
  /** 0: any that is free. */
  port: number;
  /** Milliseconds between two looks at the registry. */
  poll: number;
  token: string | null;
  webhookSecret: string | null;
  clock: Clock;
  log: Log;
  tool: string;
  limits?: Partial<ServerLimits>;
  predictionLog?: ServingLog;
  /** How often the server looks at its own log; never by default. */
  check?: Pick<LogWatchOptions, "every" | "rest">;
  /** Of the repository that the server runs in, where checks of live data leave what they found; null when there is none. */
  findings?: StepCache | null;
  /** Threads for large batches, at most; one by default. */
  scoringThreads?: number;
  /** Another program for them, in tests. */
  scoringProgram?: URL;
  /** 0 ≤ x < 1, for rows without a key. */
  random(): number;
}

/** A server that answers. */
export interface Serving {
  /** `http://127.0.0.1:8080` */
  url: string;
  facts(): ServingFacts;
  /** Looks at the registry now. */
  wake(): void;
  /**
   * Says that it is not ready, answers what it has taken and, for a twenty-fifth of the time, what still comes; writes the log and
   * frees the models. After `seconds` what is still open is cut off. Gives the number of requests that were answered since the start.
   */
  drain(seconds: number): Promise<number>;
}

/** Milliseconds that the end waits for shadows: what is left of its time is the log's. */
const shadowPatience = 2000;

/**
 * Milliseconds of each second of the end in which a connection between two requests stays open: its next answer tells the client to
 * leave, while one that is cut loses what the client has just sent.
 */
const lingering = 40;

/** Milliseconds from the first models until what few requests need is loaded. */
const warmUpAfter = 500;

/** Serves what the registry says is in production, and follows it. Throws UserError or EnvironmentError when it cannot begin. */
export async function startServing(options: ServeOptions): Promise<Serving> {
  const { clock, log, source, predictionLog = noLog } = options;
  const started = clock.now();
  const table = openModelTable((model, error) =>
    log.warn(`${model.name}@${model.version} could not be freed: ${(error as Error).message}`),
  );
  const usage = openUsageBook();
  const drift = openDriftNotes(source, clock);
  const comparisons = openComparisonNotes(options.findings ?? null, table);
  const shadowing = openShadowing((answered) => {
    usage.count(answered);
    predictionLog.onAnswered(answered);
  });
  const { scoringThreads: most = 1, scoringProgram: program } = options;
  const threads = openScoringThreads({ most, log, ...(program && { program }) });
  let state: ReturnType<ServerContext["state"]> = "starting";
  const follower: Follower = followRegistry({
    ...options,
    source,
    table,
    threads,
    wanted: options.models,
    readChallenger: challengerOf,
    onChange: (entry, before) => tellChange(log, entry, before, (failed) => http.tally.change(entry.name, failed)),
  });
  const live = openLogWatch({
    ...{ table, usage, clock, log },
    folder: predictionLog.folder,
    snapshot: () => follower.snapshot(),
    ...(options.check ?? { every: 0 }),
  });
  const facts = (): ServingFacts => ({
    now: clock.now(),
    started,
    tool: options.tool,
    registry: follower.facts(),
    models: modelFacts(table, usage, { drift, comparisons, live }, clock),
    log: predictionLog.facts(),
  });
  const limits = { ...defaultLimits, ...options.limits };
  const context: ServerContext = {
    ...{ table, usage, threads, log, clock, predictionLog, facts },
    router: splitRouter(options.random),
    shadow: (pair, answered) => shadowing.ask(pair, answered),
    page: statusPage,
    pageHeaders: statusPageHeaders,
    limits,
    arrow: openArrowReader({ milliseconds: limits.arrow, megabytes: 512 }),
    state: () => state,
    token: options.token,
    webhookSecret: options.webhookSecret,
    wake: () => follower.wake(),
    tool: options.tool,
  };
  const http = openHttpServer(context);
  try {
    await listen(http.app, options);
    await follower.start();
  } catch (error) {
    await http.app.close();
    await follower[Symbol.asyncDispose]();
    await live[Symbol.asyncDispose]();
    await predictionLog[Symbol.asyncDispose]();
    await table.clear();
    await threads[Symbol.asyncDispose]();
    throw error;
  }
  state = "ready";
  // After the first answers rather than before them. What fails is told to who asks for it.
  setTimeout(() => http.warmUp().catch(() => undefined), warmUpAfter).unref();
  const { port } = http.app.server.address() as AddressInfo;
  return {
    url: `http://${options.host.includes(":") ? `[${options.host}]` : options.host}:${port}`,
    facts,
    wake: () => follower.wake(),
    async drain(seconds) {
      state = "ending";
      comparisons[Symbol.dispose]();
      const { server } = http.app;
      const limit = setTimeout(() => server.closeAllConnections(), seconds * 1000);
      await untilClientsLeft(server, seconds * lingering);
      // One that was answered is kept open for a next request, which must not come any more.
      const idle = setInterval(() => server.closeIdleConnections(), 50);
      await Promise.all([follower[Symbol.asyncDispose](), live[Symbol.asyncDispose]()]);
      await http.app.close();
      clearTimeout(limit);
      clearInterval(idle);
      await Promise.race([shadowing.settle(), sleep(shadowPatience, undefined, { ref: false })]);
      await predictionLog[Symbol.asyncDispose]();
      await context.arrow[Symbol.asyncDispose]();
      await table.clear();
      await threads[Symbol.asyncDispose]();
      await source[Symbol.asyncDispose]();
      return usage.answered();
    },
  };
}

/** Until no connection is open, or `milliseconds` have passed. */
async function untilClientsLeft(server: Server, milliseconds: number): Promise<void> {
  const open = promisify<number>((done) => server.getConnections(done));
  for (let waited = 0; waited < milliseconds && (await open()) > 0; waited += 20) await sleep(20);
}

async function listen(app: ReturnType<typeof openHttpServer>["app"], { host, port }: ServeOptions): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const place = `${host}:${port}`;
    if (code === "EADDRINUSE")
      throw new UserError(
        { message: `another program listens on ${place} already`, hint: "end it, or take another port: --port 8081" },
        { cause },
      );
    if (code === "EACCES")
      throw new UserError(
        { message: `this user may not listen on ${place}`, hint: "take a port above 1023: --port 8080" },
        { cause },
      );
    if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND")
      throw new UserError(
        {
          message: `this machine has no address ${host}`,
          hint: "127.0.0.1 for this machine alone, 0.0.0.0 for all: --host 0.0.0.0",
        },
        { cause },
      );
    throw new EnvironmentError(
      `cannot listen on ${place}: ${message}`,
      { tried: `listening on ${place}`, safe: "nothing was changed" },
      { cause },
    );
  }
}

type Entry = ReturnType<ModelTable["all"]>[number];

function tellChange(log: Log, entry: Entry, before: Entry | undefined, count: (failed: boolean) => void): void {
  const { name, pair, undeployed, failures } = entry;
  for (const failure of failures) {
    if (before?.failures.includes(failure)) continue;
    const which = failure.version === null ? name : `${name}@${failure.version}`;
    const instead = pair ? `${name}@${pair.production.version} goes on answering` : "nothing answers for it";
    log.warn(`${which} could not be brought into service, ${instead}: ${failure.problem}`);
    count(true);
  }
  if (undeployed !== null && before?.undeployed !== undeployed) log.info(undeployed);
  if (pair && pair.production !== before?.pair?.production) {
    log.info(
      `${name}@${pair.production.version} answers${before?.pair ? `, instead of version ${before.pair.production.version}` : ""}`,
    );
    count(false);
  }
  tellTrial(log, entry, before);
}

function tellTrial(log: Log, { name, pair }: Entry, before: Entry | undefined): void {
  const [now, earlier] = [pair?.challenger ?? null, before?.pair?.challenger ?? null];
  if (now?.model === earlier?.model && now?.share === earlier?.share) return;
  if (now === null) log.info(`${name}@${earlier!.model.version} is tried no more`);
  else {
    const { share } = now;
    log.info(
      `${name}@${now.model.version} is tried ${challengeWords({ mode: share === null ? "shadow" : "split", share })}`,
    );
  }
}

function modelFacts(
  table: ModelTable,
  usage: UsageBook,
  { drift, comparisons, live }: { drift: DriftNotes; comparisons: ComparisonNotes; live: LogWatch },
  clock: Clock,
): ModelFacts[] {
  const now = clock.now().getTime();
  return table.all().map((entry) => {
    const { name, pair, failures, undeployed } = entry;
    const used = usage.of(entry);
    const version = (
      model: NonNullable<typeof pair>["production"],
      arm: ServedVersion["arm"],
      share: number | null,
    ): ServedVersion => {
      return {
        ...model.placement,
        version: model.version,
        record: model.record,
        arm,
        share,
        ...used.of(model.version, arm, now),
      };
    };
    const versions: ServedVersion[] = [];
    if (pair) versions.push(version(pair.production, "production", null));
    if (pair?.challenger) {
      const { model, share } = pair.challenger;
      versions.push(version(model, share === null ? "shadow" : "challenger", share));
    }
    const checked = pair ? drift.of(pair.production.record) : null;
    const comparison = comparisons.of(entry);
    const last = used.last();
    return { name, versions, failures, undeployed, last, drift: checked, comparison, live: live.of(entry) };
  });
}
