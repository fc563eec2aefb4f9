import { mkdir, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { UserError } from "../../../errors/user-error.ts";
import { systemClock } from "../../../ports/clock.ts";
import type { Environment } from "../../../ports/environment.ts";
import { awsAuthOf, openAwsCredentials } from "../../object-storage/aws-credentials.ts";
import { openAzure } from "../../object-storage/azure.ts";
import { azureAuthOf } from "../../object-storage/azure-credentials.ts";
import type { ObjectStorage } from "../../object-storage/object-storage.ts";
import { openS3 } from "../../object-storage/s3.ts";
import { downloadFile } from "../../object-storage/transfer.ts";
import type { FileEngine } from "../engine.ts";
import { joinParts, partsOf, type StagingArea } from "./staging-area.ts";

interface Place {
  env: Environment;
  files: FileEngine;
}

/** The staging area of a source: a folder that both have under the same path, or one in a bucket or a container. */
export function openStaging(address: string, place: Place): StagingArea {
  if (address.startsWith("/")) return folderStaging(address, place.files);
  const base = address.replace(/\/+$/, "");
  const [, scheme = "", authority = "", prefix = ""] = /^(\w+):\/\/([^/]+)\/?(.*)$/.exec(base) ?? [];
  return objectStaging(base, prefix, openObjects(scheme, authority, place.env), place.files);
}

function folderStaging(home: string, files: FileEngine): StagingArea {
  return {
    url: (folder) => pathToFileURL(join(home, folder)).href,
    prepare: async () => void (await mkdir(home, { recursive: true })),
    async collect(folder, file) {
      const where = join(home, folder);
      const parts = partsOf(await readdir(where)).map((name) => join(where, name));
      await joinParts(files, { folder: where, parts, where }, file);
    },
    remove: (folder) => rm(join(home, folder), { recursive: true, force: true }),
  };
}

/** What signs in is in the variables that the cloud's own tools read. */
function openObjects(scheme: string, authority: string, env: Environment): ObjectStorage {
  const clock = systemClock;
  if (["az", "azure", "abfss"].includes(scheme)) {
    const [container = "", host] = authority.split("@");
    const account = host?.split(".")[0] ?? env.AZURE_STORAGE_ACCOUNT ?? "";
    const endpoint = env.AZURE_STORAGE_ENDPOINT ?? null;
    return openAzure({ account, container, endpoint, auth: azureAuthOf(account, env, clock), clock });
  }
  const auth = awsAuthOf(env);
  const endpoint =
    env.AWS_ENDPOINT_URL_S3 ??
    env.AWS_ENDPOINT_URL ??
    (scheme.startsWith("g") ? "https://storage.googleapis.com" : null);
  const region = env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? (endpoint === null ? "us-east-1" : "auto");
  return openS3({
    bucket: authority,
    region,
    endpoint,
    credentials: openAwsCredentials(auth, env, clock),
    signedIn: auth !== "none",
    clock,
  });
}

function objectStaging(base: string, prefix: string, storage: ObjectStorage, files: FileEngine): StagingArea {
  const keysBelow = async (folder: string) => {
    const start = `${prefix === "" ? "" : `${prefix}/`}${folder}/`;
    const found = [];
    for await (const each of storage.list(start)) found.push(each);
    return found;
  };
  return {
    url: (folder) => `${base}/${folder}`,
    prepare: async () => {},
    async collect(folder, file) {
      const local = join(dirname(file), `${folder}.parts`);
      await mkdir(local, { recursive: true });
      try {
        const objects = await keysBelow(folder);
        const keys = partsOf(objects.map(({ key }) => key));
        const parts: string[] = [];
        for (const key of keys) parts.push(await fetchPart(storage, objects.find((each) => each.key === key)!, local));
        await joinParts(files, { folder: local, parts, where: `${base}/${folder}` }, file);
      } finally {
        await rm(local, { recursive: true, force: true });
      }
    },
    async remove(folder) {
      for (const { key } of await keysBelow(folder)) await storage.delete(key);
    },
  };
}

async function fetchPart(
  storage: ObjectStorage,
  object: { key: string; bytes: number; etag: string },
  local: string,
): Promise<string> {
  const path = join(local, object.key.split("/").at(-1)!);
  if (await downloadFile(storage, object, path)) return path;
  throw new UserError({
    message: `${object.key} in ${storage.title} was changed while it was read`,
    hint: "nothing but mergeml and its cluster may write to the staging area",
  });
}
