import { ServerError, sendRequest } from "../../object-storage/send-request.ts";
import type { RegistrySettings } from "./registry-client.ts";

/** What GitHub calls a version of a package: one manifest. */
interface PackageVersion {
  id: number;
  /** The manifest's digest. */
  name: string;
  updated_at: string;
  tags: readonly string[];
}

interface Packages {
  versions(): AsyncGenerator<PackageVersion>;
  remove(version: PackageVersion): Promise<void>;
}

/** ghcr.io deletes nothing itself; GitHub's API does: https://docs.github.com/rest/packages/packages */
function openPackages({ name, credentials, clock, patience }: RegistrySettings, api: string): Packages {
  const [owner = "", ...rest] = name.split("/");
  const place = (kind: string) =>
    `${api}/${kind}/${owner}/packages/container/${encodeURIComponent(rest.join("/"))}/versions`;
  const title = `GitHub's API for the package ${name}`;
  const secrets = credentials ? [credentials.password] : [];
  const settings = { title, clock, secrets, ...patience };
  const headers = {
    accept: "application/vnd.github+json",
    "x-github-api-version": "2022-11-28",
    ...(credentials && { authorization: `Bearer ${credentials.password}` }),
  };
  const ask = async (method: "GET" | "DELETE", url: string, answers: readonly number[]) => {
    const answer = await sendRequest(settings, { method, url, headers });
    if (answer.status < 300 || answers.includes(answer.status)) return answer;
    const cure =
      answer.status === 403
        ? ": the token lacks a right: packages: write, and the package must belong to this repository"
        : "";
    const facts = { status: answer.status, code: null };
    throw new ServerError(`${title} answered HTTP ${answer.status}${cure}`, `${method} ${url}`, facts);
  };
  let kind = "orgs";
  return {
    async *versions() {
      for (let page = 1; ; page += 1) {
        let answer = await ask("GET", `${place(kind)}?per_page=100&page=${page}`, [404]);
        if (answer.status === 404 && kind === "orgs") {
          kind = "users";
          answer = await ask("GET", `${place(kind)}?per_page=100&page=${page}`, [404]);
        }
        const found = answer.status === 404 ? [] : versionsIn(answer.body);
        yield* found;
        if (found.length < 100) return;
      }
    },
    async remove({ id }) {
      await ask("DELETE", `${place(kind)}/${id}`, [404]);
    },
  };
}

function versionsIn(body: Buffer): PackageVersion[] {
  const list = JSON.parse(body.toString("utf8")) as {
    id: number;
    name: string;
    updated_at: string;
    metadata?: { container?: { tags?: string[] } };
  }[];
  return list.map(({ id, name, updated_at, metadata }) => ({
    id,
    name,
    updated_at,
    tags: metadata?.container?.tags ?? [],
  }));
}

const github = "https://api.github.com";

/** Deletes a manifest, with its tags. */
export async function deletePackageVersion(settings: RegistrySettings, digest: string, api = github): Promise<void> {
  const packages = openPackages(settings, api);
  const found: PackageVersion[] = [];
  for await (const version of packages.versions()) if (version.name === digest) found.push(version);
  for (const version of found) await packages.remove(version);
}

/** Deletes manifests without a tag, which renewing leaves behind, that are older than `before`; gives how many. */
export async function sweepPackage(settings: RegistrySettings, before: Date, api = github): Promise<number> {
  const packages = openPackages(settings, api);
  const old: PackageVersion[] = [];
  for await (const version of packages.versions())
    if (version.tags.length === 0 && new Date(version.updated_at) < before) old.push(version);
  for (const version of old) await packages.remove(version);
  return old.length;
}
