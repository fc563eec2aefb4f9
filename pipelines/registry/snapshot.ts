import { sha256 } from "../config/canonical-json.ts";
import { UserError } from "../errors/expected-error.ts";
import { fetchFileOf, type Git } from "./git/git.ts";
import { parseTree, readAllObjects } from "./git/objects.ts";
import { checkChallenger, checkPointer, readChallenger, readPointer } from "./production-pointer.ts";
import { listVersions, type Records, readRecords, type VersionName, vouchersOf, whoSigned } from "./read-records.ts";
import { type BlobStore, checkModel, followReference, modelFile, referenceFile } from "./stored-model.ts";
import type { SignedStatement } from "./trust/check-bundle.ts";
import type { RegistryTrust } from "./trust/trust-policy.ts";
import type { Vouched } from "./trust/version-checks.ts";
import {
  type ChallengerPointer,
  challengerFile,
  DamageError,
  formatFile,
  isModelName,
  type ProductionPointer,
  parsePath,
  pointerFile,
  productionFile,
  type VersionRecord,
  versionFolder,
} from "./version-record.ts";

/** The registry at one commit. What it returns is checked: every method throws DamageError, naming the file, for what was tampered with. */
export interface Snapshot {
  /** null when there is no registry branch yet; it then has no models. */
  readonly tip: string | null;
  /** Models that have a folder, sorted. */
  models(): Promise<string[]>;
  /** Numbers of the model's versions, ascending. */
  versions(model: string): Promise<number[]>;
  /** The deployed version; null when the model is unknown or undeployed. */
  production(model: string): Promise<ProductionPointer | null>;
  /** All deployed models, or those of these names, in two batches of reads whatever their number. */
  productions(models?: readonly string[]): Promise<Map<string, ProductionPointer>>;
  /** The id that git gives each model's folder: the same id, the same content. */
  folders(): Promise<Map<string, string>>;
  /** The version that runs in an environment; null when none does. */
  pointer(model: string, environment: string): Promise<ProductionPointer | null>;
  /** Environments beside production that have a pointer of the model, sorted. */
  environments(model: string): Promise<string[]>;
  /** The version that is tried beside production; null when none is. It does not matter to what production is. */
  challenger(model: string): Promise<ChallengerPointer | null>;
  /** Whether the model has a challenger.json, whatever is in it. */
  hasChallenger(model: string): Promise<boolean>;
  /** Throws UserError for a version there is not. */
  record(model: string, version: number): Promise<VersionRecord>;
  /** The record of a version that somebody vouches for who must; of any, where nobody must. Throws UntrustedError. */
  trusted(model: string, version: number): Promise<VersionRecord>;
  /** Who signed the version's verdict; null where nobody must have. Throws UntrustedError. */
  signedBy(model: string, version: number): Promise<SignedStatement | null>;
  /** Who vouches for each of these versions, by the policy, whether or not it requires it; null without a policy. */
  vouchers(versions: readonly VersionName[]): Promise<Vouched[]>;
  /** Records of these versions, in this order; all of the model's without `versions`. */
  records(model: string, versions?: readonly number[]): Promise<VersionRecord[]>;
  /** The model's bytes, equal to the record's hash, whether they are on the branch or in the store. */
  modelBytes(model: string, version: number): Promise<Uint8Array>;
  /** Another file of the version's folder, equal to the record's hash; null when the version was registered without it. */
  versionFile(model: string, version: number, name: string): Promise<Uint8Array | null>;
  /** Brings such a file of many versions at once, where a partial clone left it out, for who reads them one after the other. */
  bringFiles(versions: readonly VersionName[], name: string): Promise<void>;
}

export interface SnapshotSource {
  git: Git;
  store: BlobStore;
  /** Who must have signed what is read; nobody when left out. */
  trust?: RegistryTrust | undefined;
}

/** Opens the registry at `tip`. Throws UserError when a newer mergeml wrote it. */
export async function openSnapshot(source: SnapshotSource, tip: string | null): Promise<Snapshot> {
  if (tip !== null) await checkFormat(source.git, tip);
  const known: Records = new Map();
  const signed = new Map<string, Promise<SignedStatement | null>>();
  let deployed: Promise<Map<string, ProductionPointer>> | undefined;
  const { git } = source;
  const snapshot: Snapshot = {
    tip,
    models: async () => [...(await snapshot.folders()).keys()],
    versions: async (model) => (await listVersions(git, tip, model)).map(({ version }) => version),
    production: async (model) => {
      const pointers = (await deployed?.catch(() => undefined)) ?? (await readProductions(git, tip, [model], known));
      return pointers.get(model) ?? null;
    },
    productions: (models) => {
      if (models) return readProductions(git, tip, models, known);
      return (deployed ??= snapshot.models().then((all) => readProductions(git, tip, all, known)));
    },
    folders: () => listFolders(git, tip, "models"),
    pointer: (model, environment) =>
      environment === "production" ? snapshot.production(model) : readPointerOf(git, snapshot, model, environment),
    environments: (model) => listEnvironments(git, tip, model),
    challenger: (model) => readChallengerOf(git, snapshot, model),
    hasChallenger: async (model) => (await challengerContent(git, tip, model)) !== null,
    record: async (model, version) => (await snapshot.records(model, [version]))[0]!,
    trusted: async (model, version) => {
      await snapshot.signedBy(model, version);
      return snapshot.record(model, version);
    },
    signedBy: (model, version) => {
      const name = `${model}@${version}`;
      const known = signed.get(name) ?? snapshot.record(model, version).then((each) => whoSigned(source, tip, each));
      signed.set(name, known);
      return known;
    },
    vouchers: async (versions) => vouchersOf(source, tip, await readRecords(git, tip, versions, known, noVersion)),
    records: async (model, versions) => {
      const wanted = versions?.map((version) => ({ model, version })) ?? (await listVersions(git, tip, model));
      return readRecords(git, tip, wanted, known, noVersion);
    },
    modelBytes: (model, version) => readModel(source, snapshot, model, version),
    versionFile: (model, version, name) => readVersionFile(git, snapshot, { model, version }, name),
    bringFiles: (versions, name) =>
      fetchFileOf(
        git,
        versions.map(({ model, version }) => `${tip}:${versionFolder(model, version)}`),
        name,
      ),
  };
  return snapshot;
}

async function checkFormat(git: Git, tip: string): Promise<void> {
  const [found] = await readAllObjects(git, [`${tip}:${formatFile}`]);
  const format = found ? formatOf(found.content) : undefined;
  if (format === 1) return;
  if (typeof format === "number" && format > 1) {
    throw new UserError({
      message: `the registry has format ${format}, this mergeml reads format 1`,
      hint: "use the mergeml that wrote it, or a newer one; that one moves the workflows, too: mergeml upgrade",
    });
  }
  throw new DamageError(
    formatFile,
    found ? 'does not say { "format": 1 }' : "is missing: this is not a registry branch",
  );
}

function formatOf(content: Uint8Array): unknown {
  try {
    return (JSON.parse(Buffer.from(content).toString("utf8")) as { format?: unknown } | null)?.format;
  } catch {
    return undefined;
  }
}

async function listFolders(git: Git, tip: string | null, path: string): Promise<Map<string, string>> {
  const [found] = tip === null ? [] : await readAllObjects(git, [`${tip}:${path}`]);
  const entries = found?.type === "tree" ? parseTree(found) : [];
  const folders = entries.filter(({ mode, name }) => mode === "40000" && isModelName(name));
  return new Map(folders.map(({ name, oid }) => [name, oid]));
}

async function readProductions(
  git: Git,
  tip: string | null,
  models: readonly string[],
  known: Records,
): Promise<Map<string, ProductionPointer>> {
  const named = tip === null ? [] : models.filter(isModelName);
  const files = await readAllObjects(
    git,
    named.map((model) => `${tip}:${productionFile(model)}`),
  );
  const pointers = new Map<string, ProductionPointer>();
  named.forEach((model, index) => {
    const file = files[index];
    if (file) pointers.set(model, readPointer(file.content, model));
  });
  const versions = [...pointers].map(([model, { version }]) => ({ model, version }));
  for (const record of await readRecords(git, tip, versions, known, promotedNothing))
    checkPointer(pointers.get(record.model)!, record);
  return pointers;
}

async function listEnvironments(git: Git, tip: string | null, model: string): Promise<string[]> {
  if (tip === null || !isModelName(model)) return [];
  const [found] = await readAllObjects(git, [`${tip}:models/${model}`]);
  if (found?.type !== "tree") return [];
  return parseTree(found).flatMap(({ name }) => {
    const parsed = parsePath(`models/${model}/${name}`);
    return parsed.kind === "environment" ? [parsed.environment] : [];
  });
}

async function readPointerOf(
  git: Git,
  snapshot: Snapshot,
  model: string,
  environment: string,
): Promise<ProductionPointer | null> {
  if (snapshot.tip === null || !isModelName(model)) return null;
  const path = pointerFile(model, environment);
  const [file] = await readAllObjects(git, [`${snapshot.tip}:${path}`]);
  if (!file) return null;
  const pointer = readPointer(file.content, model, path);
  if (!(await snapshot.versions(model)).includes(pointer.version))
    throw new DamageError(path, `names ${model}@${pointer.version}, and there is no such version`);
  checkPointer(pointer, await snapshot.record(model, pointer.version), path);
  return pointer;
}

async function challengerContent(git: Git, tip: string | null, model: string): Promise<Uint8Array | null> {
  if (tip === null || !isModelName(model)) return null;
  const [file] = await readAllObjects(git, [`${tip}:${challengerFile(model)}`]);
  return file?.content ?? null;
}

async function readChallengerOf(git: Git, snapshot: Snapshot, model: string): Promise<ChallengerPointer | null> {
  const content = await challengerContent(git, snapshot.tip, model);
  if (content === null) return null;
  const pointer = readChallenger(content, model);
  if (!(await snapshot.versions(model)).includes(pointer.version))
    throw new DamageError(challengerFile(model), `names ${model}@${pointer.version}, and there is no such version`);
  checkChallenger(pointer, await snapshot.record(model, pointer.version));
  return pointer;
}

function promotedNothing({ model, version }: VersionName): DamageError {
  return new DamageError(productionFile(model), `names ${model}@${version}, and there is no such version`);
}

function noVersion({ model, version }: VersionName): UserError {
  const message = `there is no ${model}@${version} in the registry`;
  return new UserError({ message, hint: `see its versions: mergeml history ${model}` });
}

async function readModel(
  source: SnapshotSource,
  snapshot: Snapshot,
  model: string,
  version: number,
): Promise<Uint8Array> {
  const { candidate } = await snapshot.trusted(model, version);
  const folder = versionFolder(model, version);
  const names = [modelFile, referenceFile].map((name) => `${folder}/${name}`);
  const [inGit, reference] = await readAllObjects(
    source.git,
    names.map((name) => `${snapshot.tip}:${name}`),
  );
  if (!inGit && !reference) throw new DamageError(names[0]!, "is missing");
  const file = inGit ? names[0]! : names[1]!;
  const bytes = inGit
    ? inGit.content
    : await followReference(source.store, reference!.content, candidate.model.sha256, file);
  await checkModel(bytes, candidate.model.sha256, file);
  return bytes;
}

async function readVersionFile(
  git: Git,
  snapshot: Snapshot,
  { model, version }: VersionName,
  name: string,
): Promise<Uint8Array | null> {
  const { files } = await snapshot.trusted(model, version);
  if (files[name] === undefined) return null;
  const path = `${versionFolder(model, version)}/${name}`;
  const [found] = await readAllObjects(git, [`${snapshot.tip}:${path}`]);
  if (!found) throw new DamageError(path, "is missing");
  if (sha256(found.content) !== files[name])
    throw new DamageError(path, "is not the file that was registered: its hash is another");
  return found.content;
}
