import { existsSync } from "node:fs";
import { mkdir, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { sha256 } from "../config/canonical-json.ts";
import type { Sources } from "../config/model-config.ts";
import { flushToDisk } from "../data/flush-to-disk.ts";
import { downloadFile, uploadFile } from "../data/object-storage/object-storage.ts";
import { signInToStorage } from "../data/sources/sign-in.ts";
import { folderOf, objectStorage } from "../data/sources/source-objects.ts";
import { keyOf, settingsOf } from "../data/sources/storage-settings.ts";
import { UserError } from "../errors/expected-error.ts";
import type { Clock, Environment } from "../ports/host.ts";
import { logPlaceIn } from "./log-place.ts";

/**
 * A prediction log in a bucket, and a folder of ours that has what was needed of it: files of a log never change once they are
 * written, so that each is fetched once.
 */
export interface RemoteLog {
  address: string;
  /** Absolute; laid out as a log in a folder is. */
  folder: string;
  /** Brings what writers logged for a model since a moment, a day earlier included. */
  fetch(model: string, since: Date): Promise<void>;
  /** Rejects when the environment lacks what signing in takes; nothing is sent. */
  signIn(): Promise<void>;
  /** The log of an environment that is not production. */
  within(environment: string): RemoteLog;
  /** Sends a file of the folder, or of another one that is laid out as the log; it is visible once it is whole. */
  send(path: string, from?: string): Promise<void>;
}

interface LogPlace {
  /** `s3://acme-lake/predictions`, and of a server of one's own `?endpoint=https://minio.acme.example&region=…` behind it. */
  address: string;
  /** How it is signed in to is what the source of the same bucket says. */
  sources: Sources;
  env: Environment;
  clock: Clock;
  /** Where folders for such logs are. */
  local: string;
}

const day = 24 * 60 * 60 * 1000;

/** Nothing is asked for until it is needed. */
export function openRemoteLog(place: LogPlace): RemoteLog {
  const { address, sources, env, clock, local } = place;
  const folder = join(local, sha256(address).slice(0, 12));
  const [url = "", given] = address.split(/\?(.*)/s);
  const root = folderOf(keyOf(url));
  const own = ownSettings(given);
  const storage = async () => {
    const found = { ...settingsOf(url, {}, sources), ...own };
    // As for a store: where no source says it, the environment does.
    const endpoint = Object.keys(found).length > 0 ? found.endpoint : env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL;
    const settings = url.startsWith("s3://") && endpoint ? { ...found, endpoint } : found;
    const access = await signInToStorage({ name: "predictions", url, settings, env, clock });
    return objectStorage(url, access, clock);
  };
  return {
    address,
    folder,
    async fetch(model, since) {
      const opened = await storage();
      const first = new Date(since.getTime() - day).toISOString().slice(0, 10);
      for await (const object of opened.list(`${root}${model}/`)) {
        const path = logPath(object.key.slice(root.length), first);
        if (path === null) continue;
        const target = join(folder, path);
        if (existsSync(target) && (await stat(target)).size === object.bytes) continue;
        await mkdir(dirname(target), { recursive: true });
        const aside = join(dirname(target), `.${object.etag.replace(/\W/g, "")}.part`);
        if (!(await downloadFile(opened, object, aside))) {
          await rm(aside, { force: true }); // it is gone, or another one by now
          continue;
        }
        await flushToDisk(aside);
        await rename(aside, target);
      }
    },
    signIn: async () => void (await storage()),
    within: (environment) => openRemoteLog({ ...place, address: logPlaceIn(address, environment) }),
    async send(path, from = folder) {
      const [within, file] = await Promise.all([realpath(from), realpath(path)]);
      const key = root + relative(within, file).split(sep).join("/");
      await uploadFile(await storage(), key, { path, bytes: (await stat(path)).size });
    },
  };
}

/** What stands behind the question mark of an address. Throws UserError for what is not known there. */
function ownSettings(text = ""): { endpoint?: string; region?: string } {
  const entries = [...new URLSearchParams(text)];
  const unknown = entries.find(([name]) => name !== "endpoint" && name !== "region");
  if (unknown === undefined) return Object.fromEntries(entries.filter(([, value]) => value !== ""));
  throw new UserError({
    message: `the prediction log's address has ${JSON.stringify(unknown[0].slice(0, 50))} behind its question mark`,
    hint: "endpoint and region may stand there: s3://acme-lake/predictions?endpoint=https://minio.acme.example",
  });
}

/** `model/2001-06-15/writer-1.parquet` from that day on; what is called otherwise is no file of a log, and could lead out of the folder. */
function logPath(key: string, first: string): string | null {
  const [, date = ""] =
    /^[a-z0-9][a-z0-9-]*\/(\d{4}-\d{2}-\d{2})\/[A-Za-z0-9_][A-Za-z0-9_.-]*\.parquet$/.exec(key) ?? [];
  return date !== "" && date >= first ? key : null;
}
