import { sha256 } from "../config/canonical-json.ts";
import { type Problem, UserError } from "../errors/expected-error.ts";
import { notSelfContained } from "../training/onnx/self-contained.ts";
import { readObjects } from "./git/objects.ts";
import { listVersions, type VersionName } from "./read-records.ts";
import type { SnapshotSource } from "./snapshot.ts";
import { verdictProblems } from "./still-passes.ts";
import { checkModel, followReference, modelFile, referenceFile } from "./stored-model.ts";
import { verdictBundleFile } from "./trust/verdict-statement.ts";
import type { VersionChecks, Vouched } from "./trust/version-checks.ts";
import type { BranchPart } from "./verify.ts";
import { DamageError, parsePath, readRecord, recordFile, type VersionRecord, versionFolder } from "./version-record.ts";

export interface VerifiedVersions {
  problems: Problem[];
  /** Every record that could be read, by `<model>@<version>`. */
  records: Map<string, VersionRecord>;
  /** Who vouches for each of them; null where nobody must, an error where nobody does who should. */
  signatures: Map<string, Vouched>;
  count: number;
}

interface Folder {
  model: string;
  version: number;
  /** File name to blob id. */
  files: Map<string, string>;
}

/** Checks every version's folder at `tip`, or those of a part, reading each file once, one at a time. */
export async function verifyVersions(
  source: SnapshotSource,
  tip: string,
  part: BranchPart | null,
): Promise<VerifiedVersions> {
  const folders = await listFolders(source, tip, part);
  const found: VerifiedVersions = { problems: [], records: new Map(), signatures: new Map(), count: folders.length };
  const { openVersionChecks } = await import("./trust/version-checks.ts");
  // Opened before the process that reads the branch is busy with its versions.
  await using checks = await openVersionChecks(source.trust, folders.length);
  const vouching = new Map<string, Promise<Vouched>>();
  const blobs = folders.flatMap(({ files }) => [...files.values()]);
  const contents = readObjects(source.git, blobs);
  try {
    for (const folder of folders) await verifyVersion(source, folder, contents, { found, checks, vouching });
  } finally {
    await contents.return(undefined);
  }
  for (const [name, vouched] of vouching) found.signatures.set(name, await vouched);
  const signed = [...found.signatures.values()].flatMap((each) => (each instanceof UserError ? each.problems : []));
  const missing = missingNumbers(await numbersAt(source, tip, folders, part));
  return { ...found, problems: [...found.problems, ...signed, ...missing] };
}

interface Verifying {
  found: VerifiedVersions;
  checks: VersionChecks;
  /** By `<model>@<version>`, while the next versions are read. */
  vouching: Map<string, Promise<Vouched>>;
}

async function verifyVersion(
  source: SnapshotSource,
  folder: Folder,
  contents: ReturnType<typeof readObjects>,
  verifying: Verifying,
): Promise<void> {
  const hashes = new Map<string, string>();
  let record: Uint8Array | undefined;
  let reference: Uint8Array | undefined;
  let bundle: Uint8Array | null = null;
  let outside: string | null = null;
  for (const name of folder.files.keys()) {
    const content = (await contents.next()).value?.content ?? Buffer.alloc(0);
    hashes.set(name, sha256(content));
    if (name === recordFile) record = content;
    if (name === referenceFile) reference = content;
    if (name === verdictBundleFile) bundle = content;
    if (name === modelFile) outside = notSelfContained(content);
  }
  const read = { hashes, record, reference, bundle, outside };
  verifying.found.problems.push(...(await checkFolder(source, folder, read, verifying)));
}

async function listFolders({ git }: SnapshotSource, tip: string, part: BranchPart | null): Promise<Folder[]> {
  const folders = new Map<string, Folder>();
  const wanted = part?.versions.map(({ model, version }) => `${versionFolder(model, version)}/`) ?? ["models/"];
  if (wanted.length === 0) return [];
  const listing = await git.text(["ls-tree", "-r", "-z", "--full-tree", tip, "--", ...wanted]);
  for (const entry of listing.split("\0").filter(Boolean)) {
    const [, oid = "", path = ""] = /^\d+ \w+ ([0-9a-f]+)\t(.*)$/s.exec(entry) ?? [];
    const parsed = parsePath(path);
    if (parsed.kind !== "version-file") continue;
    const { model, version, file } = parsed;
    const key = `${model}@${version}`;
    const folder = folders.get(key) ?? { model, version, files: new Map<string, string>() };
    folder.files.set(file, oid);
    folders.set(key, folder);
  }
  return [...folders.values()];
}

interface Contents {
  hashes: ReadonlyMap<string, string>;
  record: Uint8Array | undefined;
  reference: Uint8Array | undefined;
  /** verdict.sigstore.json. */
  bundle: Uint8Array | null;
  /** Why model.onnx is not all of the model; null when it is, or is in the store. */
  outside: string | null;
}

async function checkFolder(
  source: SnapshotSource,
  folder: Folder,
  contents: Contents,
  { found, checks, vouching }: Verifying,
): Promise<Problem[]> {
  const { model, version } = folder;
  const path = versionFolder(model, version);
  if (!contents.record) return [{ message: `${path}/${recordFile} is missing` }];
  try {
    const record = readRecord(contents.record, model, version);
    found.records.set(`${model}@${version}`, record);
    const recordHash = contents.hashes.get(recordFile) ?? "";
    await checks.room();
    const vouched = checks.required ? checks.check({ record, recordHash, bundle: contents.bundle }) : null;
    if (vouched) vouching.set(`${model}@${version}`, vouched);
    return [
      ...fileProblems(record, contents.hashes),
      ...verdictProblems(record).map((message) => ({ message: `${path}/${recordFile}: ${message}` })),
      ...(await modelProblems(source, record, contents)),
    ];
  } catch (error) {
    return [{ message: (error as Error).message }];
  }
}

function fileProblems(record: VersionRecord, hashes: ReadonlyMap<string, string>): Problem[] {
  const path = versionFolder(record.model, record.version);
  const listed = Object.entries(record.files);
  const changed = listed.filter(([name, hash]) => hashes.get(name) !== hash);
  // An earlier mergeml kept a model in a store of its machine; a promotion brings it to the branch.
  const brought = (name: string) => name === modelFile && referenceFile in record.files;
  const unlisted = [...hashes.keys()].filter(
    (name) => name !== recordFile && name !== verdictBundleFile && !(name in record.files) && !brought(name),
  );
  return [
    ...changed.map(([name]) => ({
      message: `${path}/${name} ${hashes.has(name) ? "was changed after it was registered: its hash is not the one in version.json" : "is missing"}`,
    })),
    ...unlisted.map((name) => ({ message: `${path}/${name} is not one of the files that were registered` })),
  ];
}

async function modelProblems(
  { store }: SnapshotSource,
  record: VersionRecord,
  { hashes, reference, outside }: Contents,
): Promise<Problem[]> {
  const path = versionFolder(record.model, record.version);
  const expected = record.candidate.model.sha256;
  try {
    if (reference && !hashes.has(modelFile)) {
      const file = `${path}/${referenceFile}`;
      await checkModel(await followReference(store, reference, expected, file), expected, file);
    } else if (hashes.get(modelFile) !== expected) {
      throw new DamageError(
        `${path}/${modelFile}`,
        hashes.has(modelFile) ? "is not the model that the record names" : "is missing",
      );
    } else if (outside) throw new DamageError(`${path}/${modelFile}`, `is not a whole model: ${outside}`);
    return [];
  } catch (error) {
    return [{ message: (error as Error).message }];
  }
}

/** All versions of the models that are checked. */
async function numbersAt(
  { git }: SnapshotSource,
  tip: string,
  folders: readonly Folder[],
  part: BranchPart | null,
): Promise<readonly VersionName[]> {
  if (part === null) return folders;
  const found: VersionName[] = [];
  for (const model of part.models) found.push(...(await listVersions(git, tip, model)));
  return found;
}

function missingNumbers(versions: readonly VersionName[]): Problem[] {
  const numbers = Map.groupBy(versions, ({ model }) => model);
  return [...numbers].flatMap(([model, ofModel]) => {
    const present = new Set(ofModel.map(({ version }) => version));
    const highest = Math.max(...present);
    if (present.size === highest) return [];
    const missing = Array.from({ length: highest }, (_, index) => index + 1).filter((version) => !present.has(version));
    return missing.slice(0, 20).map((version) => ({
      message: `${versionFolder(model, version)} is missing: versions are numbered from 1 without gaps`,
    }));
  });
}
