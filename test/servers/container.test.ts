import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { deployed, type Scratch } from "../scratch.ts";
import { startServe } from "../serving/serve-process.ts";
import { silentForge } from "../serving/silent-forge.ts";
import { stagesOf, textOf, variablesOf } from "./dockerfile.ts";

const root = join(import.meta.dirname, "..", "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const [build = [], runtime = []] = stagesOf(read("deploy/Dockerfile"));
const home = textOf(build, "WORKDIR");
const isRoot = process.getuid?.() === 0;

let scratch: Scratch;
let image: string;
const inImage = (text: string) => text.replaceAll(/\/(?:opt|var\/cache|var\/lib)\/mergeml/g, (path) => image + path);
beforeAll(async () => {
  scratch = await deployed();
  image = join(scratch.folder, "image");
  makeBuildStage(inImage(home));
});
afterAll(() => scratch[Symbol.dispose]());

/**
 * No registry of images is asked here: what the Dockerfile says is done in a folder that stands for the image. Root starts the
 * server as the image's user, who may write into the two volumes and a folder for scratch alone; others as themselves.
 */
describe("the container", () => {
  it("serves as a user without rights, from what the Dockerfile copies and installs", async () => {
    const variables = variablesOf(inImage(textOf(runtime, "ENV")));
    const volumes = [...(JSON.parse(inImage(textOf(runtime, "VOLUME"))) as string[]), `${image}/tmp`];
    const [uid = ""] = textOf(runtime, "USER").split(":");
    letWrite(uid, volumes, scratch.folder);
    const entry = JSON.parse(inImage(textOf(runtime, "ENTRYPOINT"))) as string[];
    const env = { PATH: process.env.PATH, ...variables, TMPDIR: `${image}/tmp` };
    const registry = `file://${scratch.folder}/origin.git`;
    const asUser = isRoot ? ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups", "--no-new-privs"] : [];
    const check = healthCommand(inImage);
    const ask = (url: string) => {
      const [file = "", ...args] = check.map((part) => part.replace("127.0.0.1:8080", new URL(url).host));
      return spawnSync(file, args, { env }).status;
    };
    let url = "";
    {
      await using server = await startServe({
        program: [...asUser, ...entry],
        args: ["--host", "127.0.0.1"],
        cwd: inImage(textOf(runtime, "WORKDIR")),
        env: { ...env, MERGEML_REGISTRY: registry },
      });
      url = server.url;
      const body = JSON.stringify([{ size: 64, rooms: 2, city: "Ulm" }]);
      const headers = { "content-type": "application/json" };
      const answer = await fetch(`${url}/models/rent/predict`, { method: "POST", headers, body });
      expect(await answer.json()).toMatchObject({ model: "rent", version: 1, predictions: [expect.any(Number)] });
      expect(ask(url)).toBe(0);
    }
    expect(ask(url)).toBe(1);
    expect(existsSync(`${variables.MERGEML_CACHE}/registries`)).toBe(true);
    const logged = readdirSync(`${variables.MERGEML_PREDICTIONS}/rent`, { recursive: true, encoding: "utf8" });
    expect(logged.filter((path) => path.endsWith(".parquet"))).toHaveLength(1);
  });

  it.skipIf(!mayUnshare())(
    "ends when it is told to while it starts, as the first process of its container",
    async () => {
      await using forge = await silentForge();
      const entry = JSON.parse(inImage(textOf(runtime, "ENTRYPOINT"))) as string[];
      const { MERGEML_CACHE } = variablesOf(inImage(textOf(runtime, "ENV")));
      const env = { PATH: process.env.PATH, MERGEML_CACHE, MERGEML_REGISTRY: `${forge.url}/x.git` };
      const contained = spawn("unshare", ["--pid", "--fork", "--kill-child", ...entry, "--port", "0"], {
        env,
        stdio: "ignore",
      });
      const ended = once(contained, "close");
      await forge.asked;
      const [first] = readFileSync(`/proc/${contained.pid}/task/${contained.pid}/children`, "utf8").split(" ");
      process.kill(Number(first), "SIGTERM");
      expect(await ended).toEqual([128 + constants.signals.SIGTERM, null]);
    },
  );

  it("copies nothing that .dockerignore leaves out", () => {
    const kept = read(".dockerignore")
      .split("\n")
      .filter((line) => line.startsWith("!"));
    const copied = build.filter(({ name }) => name === "COPY").flatMap(({ text }) => text.split(" ").slice(0, -1));
    expect(copied.map((path) => `!${path}`).sort()).toEqual(kept.sort());
  });

  it("may do the same under compose and Kubernetes: the same user, folders and port, and a root that is read-only", () => {
    const { services, secrets } = parse(read("deploy/compose.yaml"));
    const [container] = deployment().containers;
    const [uid] = textOf(runtime, "USER").split(":");
    const volumes = JSON.parse(textOf(runtime, "VOLUME")) as string[];
    const composed = services.mergeml;
    expect(composed).toMatchObject({ read_only: true, cap_drop: ["ALL"], user: textOf(runtime, "USER") });
    expect(composed.volumes.map((each: string) => each.split(":")[1])).toEqual(volumes);
    expect(Object.keys(secrets)).toEqual(composed.secrets);
    // What the end may take: requests, shadows, the log.
    const [, requests] = /drainSeconds = (\d+)/.exec(read("scripts/commands/serve.ts")) ?? [];
    const longest = Number(requests) + 2 + 10;
    expect(Number.parseInt(composed.stop_grace_period, 10)).toBeGreaterThan(longest);
    const [, waited] = container.lifecycle.preStop.exec.command as [string, string];
    expect(deployment().terminationGracePeriodSeconds).toBeGreaterThan(Number(waited) + longest);
    expect(composed.environment.GIT_CONFIG_VALUE_0).toContain(`$$(cat /run/secrets/${composed.secrets[0]})`);
    expect(deployment().securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: Number(uid) });
    expect(container.securityContext).toMatchObject({ readOnlyRootFilesystem: true, allowPrivilegeEscalation: false });
    const mounted = container.volumeMounts.map((each: { mountPath: string }) => each.mountPath);
    expect(mounted).toEqual([...volumes, "/tmp", "/run/secrets/mergeml"]);
    expect(container.ports[0].containerPort).toBe(Number(textOf(runtime, "EXPOSE")));
    for (const probe of ["startupProbe", "readinessProbe", "livenessProbe"])
      expect(container[probe].httpGet.path).toMatch(/^\/v2\/health\/(?:live|ready)$/);
  });
});

const mayUnshare = () => spawnSync("unshare", ["--pid", "--fork", "true"]).status === 0;

/** As the first stage does it: COPY and RUN in their order, in the working directory. */
function makeBuildStage(directory: string): void {
  mkdirSync(directory, { recursive: true });
  for (const { name, text } of build) {
    if (name === "RUN") {
      const [, after = ""] = /^npm ci --omit=dev && (.*)$/.exec(text) ?? [];
      installProduction(directory);
      execFileSync("sh", ["-ec", after], { cwd: directory, stdio: ["ignore", "ignore", "inherit"] });
    }
    if (name !== "COPY") continue;
    const [target = "", ...sources] = text.split(" ").reverse();
    for (const each of sources)
      cpSync(join(root, each), target === "./" ? join(directory, each) : join(directory, target), { recursive: true });
  }
}

/** What `npm ci --omit=dev` would install, taken from what `npm ci` has installed here: a minute of a processor less. */
function installProduction(directory: string): void {
  const { packages } = JSON.parse(read("package-lock.json")) as { packages: Record<string, { dev?: boolean }> };
  const names = Object.keys(packages).filter(
    (path) => /^node_modules\/(?:@[^/]+\/)?[^/]+$/.test(path) && !packages[path]?.dev && existsSync(join(root, path)),
  );
  for (const [folder, paths] of Map.groupBy(names, (path) => dirname(path))) {
    const target = join(directory, folder);
    mkdirSync(target, { recursive: true });
    const sources = paths.map((path) => join(root, path));
    // Links of the same files where that goes: nothing writes into them.
    const linked = spawnSync("cp", ["-al", "-t", target, ...sources], { stdio: "ignore" }).status === 0;
    if (!linked) execFileSync("cp", ["-a", "-t", target, ...sources]);
  }
}

/** The volumes are the user's; all else is only read. */
function letWrite(uid: string, volumes: readonly string[], folder: string): void {
  for (const each of volumes) mkdirSync(each, { recursive: true });
  chmodSync(folder, 0o755);
  // git reads repositories of others only when it is told to; over https it is not asked.
  const own = [...volumes, join(folder, "origin.git")];
  if (isRoot) execFileSync("chown", ["-R", `${uid}:${uid}`, ...own]);
}

function healthCommand(inImage: (text: string) => string): string[] {
  const [, command = ""] = /CMD (\[.*\])$/.exec(inImage(textOf(runtime, "HEALTHCHECK"))) ?? [];
  return JSON.parse(command) as string[];
}

function deployment() {
  const documents = read("deploy/kubernetes.yaml")
    .split(/^---$/m)
    .map((text) => parse(text));
  return documents.find(({ kind }) => kind === "Deployment").spec.template.spec;
}
