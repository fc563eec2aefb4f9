import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { availableParallelism, homedir, hostname } from "node:os";
import { join } from "node:path";
import { knownEnvironment } from "../../pipelines/choose-promotion.ts";
import { UserError } from "../../pipelines/errors/expected-error.ts";
import type { Environment } from "../../pipelines/ports/host.ts";
import { logPlaceIn } from "../../pipelines/predictions/log-place.ts";
import type { Serving } from "../../pipelines/serve.ts";
import { countOf } from "../../pipelines/statistics/format-number.ts";
import { inEnvironment } from "../../pipelines/workspace/in-environment.ts";
import { type Command, wholeNumber } from "../cli/command.ts";

/** Seconds that requests have to end once the server was told to. */
const drainSeconds = 25;

export const serve: Command = {
  description:
    "Serves the models that are in production, and follows the registry: a promotion is loaded, compared with its record and warmed up beside the version that answers, then takes its place; when anything fails the old one goes on. REST as in the Open Inference Protocol v2 (/v2/…), rows by column name at /models/<model>/predict, /metrics for Prometheus, /openapi.json, and a status page at /. The registry is that of this repository, or --registry: an address that git clones, or a folder. MERGEML_SERVE_TOKEN is a token that callers must bring; MERGEML_WEBHOOK_SECRET the secret with which a forge signs what it sends to /webhook. SIGHUP looks at the registry now, SIGTERM ends when what has come is answered.",
  positionals: { min: 0, max: 0 },
  options: {
    registry: {
      type: "string",
      value: "address",
      description: "Where the registry is, instead of this repository (or MERGEML_REGISTRY): https://…, ssh, a folder",
    },
    branch: { type: "string", value: "name", description: "Its branch at that address; registry by default" },
    models: { type: "string", value: "a,b", description: "Serve these alone" },
    environment: {
      type: "string",
      value: "name",
      description:
        "What to serve, one of `environments` in mergeml.yaml; production by default. The log of another one is a folder of its name below that of production",
    },
    port: { type: "string", value: "N", description: "8080 by default; 0 takes any that is free" },
    host: { type: "string", value: "address", description: "127.0.0.1 by default; 0.0.0.0 in a container" },
    poll: { type: "string", value: "seconds", description: "How often to look at the registry; 10 by default" },
    log: {
      type: "string",
      value: "place",
      description:
        "Where predictions are logged: a folder, a bucket such as s3://acme-lake/predictions, or none (or MERGEML_PREDICTIONS); as mergeml.yaml says by default",
    },
    check: {
      type: "string",
      value: "seconds",
      description:
        "How often the rows that were answered are compared with those of the training, and with a challenger's answers; 300 by default, 0 for never",
    },
    cache: {
      type: "string",
      value: "folder",
      description: "Where copies of registries are kept (or MERGEML_CACHE); ~/.cache/mergeml by default",
    },
  },
  examples: [
    { command: "mergeml serve", shows: "serve what is in production in this repository" },
    {
      command: "mergeml serve --registry https://github.com/acme/models.git --models flight-delay --host 0.0.0.0",
      shows: "serve one model of another repository to other machines",
    },
  ],
  async run(input) {
    const { option, env, log } = input;
    const models = modelNames(option("models"));
    const environment = option("environment") ?? "production";
    const port = portOf(option("port"));
    const poll = wholeNumber("poll", option("poll")) ?? 10;
    const check = option("check") === "0" ? 0 : (wholeNumber("check", option("check")) ?? 300);
    const { startServing } = await import("../../pipelines/serve.ts");
    const { openRegistrySource } = await import("../../pipelines/open-registry-source.ts");
    const { systemClock: clock } = await import("../../pipelines/ports/host.ts");
    const { openServingLog } = await import("../../pipelines/open-serving-log.ts");
    const { toolVersion: tool } = await import("../../pipelines/workspace/tool-version.ts");
    const address = option("registry") ?? env.MERGEML_REGISTRY;
    const cache = cacheFolder(option("cache"), env);
    const place = { address, branch: option("branch") ?? "registry", environment, cache };
    const checkout = address === undefined ? await input.workspace() : null;
    if (checkout) knownEnvironment(environment, checkout.repository.environments);
    else requireName(environment);
    const workspace = checkout && inEnvironment(checkout, environment);
    const { directory } = input;
    const opened = async () => checkout ?? input.workspace();
    const source = await openRegistrySource({ ...place, directory, env, clock, log, workspace: opened });
    const owner = { host: hostname(), pid: process.pid, writer: `serve-${randomUUID().slice(0, 8)}` };
    const logPlace = option("log") ?? env.MERGEML_PREDICTIONS;
    const given = logPlace === undefined ? undefined : logPlaceIn(logPlace, environment);
    const predictionLog = await openServingLog({ given, directory, workspace, cache, owner, env, clock, log });
    const host = option("host") ?? "127.0.0.1";
    const secrets = { token: env.MERGEML_SERVE_TOKEN || null, webhookSecret: env.MERGEML_WEBHOOK_SECRET || null };
    // One core is left to the thread that answers; more than a few would wait for it.
    const scoringThreads = Math.min(4, Math.max(1, availableParallelism() - 1));
    const listening = { source, models, host, port, poll: poll * 1000, check: { every: check * 1000 }, scoringThreads };
    const findings = workspace?.cache ?? null;
    const ports = { predictionLog, findings, clock, log, tool, random: Math.random };
    let serving: Serving | undefined;
    // From the beginning: unheard it ends the process.
    const wake = () => serving?.wake();
    process.on("SIGHUP", wake);
    serving = await startServing({ ...listening, ...secrets, ...ports });
    const { models: served, registry } = serving.facts();
    const answering = served.filter(({ versions }) => versions.length > 0).length;
    if (served.length === 0)
      log.warn(`nothing is in ${environment} of ${registry.address} yet; what is promoted there will be served`);
    log.info(
      `${countOf(answering, "model")} of ${registry.address} at ${registry.commit?.slice(0, 7)}: ${serving.url}`,
    );
    await Promise.race([once(process, "SIGTERM"), once(process, "SIGINT")]);
    process.off("SIGHUP", wake);
    log.info("ending: what has come is answered");
    const requests = await serving.drain(drainSeconds);
    return { text: `${countOf(requests, "request")} answered`, data: { requests } };
  },
};

function modelNames(text: string | undefined): string[] | null {
  if (text === undefined) return null;
  const names = text.split(",").map((name) => name.trim());
  if (names.every((name) => /^[a-z0-9-]+$/.test(name))) return [...new Set(names)];
  throw new UserError({
    message: `--models ${text} is no list of models`,
    hint: "names with commas between them: --models flight-delay,diamond-price",
  });
}

/** Of a registry that is elsewhere only the pointers say which environments there are. */
function requireName(environment: string): void {
  if (/^[a-z][a-z0-9-]{0,38}$/.test(environment) && environment !== "challenger") return;
  throw new UserError({
    message: `--environment ${environment.slice(0, 60)} is no name of an environment`,
    hint: "small letters, digits and dashes: --environment staging",
  });
}

function portOf(text: string | undefined): number {
  if (text === undefined) return 8080;
  if (/^\d{1,5}$/.test(text) && Number(text) < 65536) return Number(text);
  throw new UserError({ message: `--port ${text} is no port`, hint: "a whole number up to 65535: --port 8080" });
}

function cacheFolder(given: string | undefined, env: Environment): string {
  return given ?? env.MERGEML_CACHE ?? join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), ".cache"), "mergeml");
}
