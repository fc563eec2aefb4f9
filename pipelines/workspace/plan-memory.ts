import { dirname } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { canonicalJson, sha256 } from "../config/canonical-json.ts";
import type { LoadedModel } from "../config/load-models.ts";
import { readProjectFile } from "../config/project-file.ts";
import { listViewFiles, viewsFolder } from "../data/features/load-views.ts";
import type { Problem } from "../errors/expected-error.ts";
import { isCi } from "../ports/host.ts";
import { shapeProblem } from "../registry/record-shape.ts";
import type { Snapshot } from "../registry/snapshot.ts";
import { isModelName } from "../registry/version-record.ts";
import { definitionOf, type Workspace } from "./workspace.ts";

/** A model whose files were sound when they had these contents. */
interface KnownModel {
  /** Its files beside model.yaml, from the repository's root. */
  reads: readonly string[];
  /** Hash of all of them. */
  content: string;
  definition: string;
}

/** What runs, by the id that git gives the model's folder on the registry branch; null when nothing does. */
interface KnownFolder {
  folder: string;
  runs: Running | null;
}

/** The version that runs, and what it was made from. */
interface Running {
  version: number;
  definition: string;
}

interface Kept {
  models: ReadonlyMap<string, KnownModel>;
  folders: ReadonlyMap<string, KnownFolder>;
}

/** What the last plan found, by the contents it found it in: a plan of many models reads what has changed since. */
export interface PlanMemory {
  /** Definition of a model with this model.yaml, when neither it nor another of its files has changed since it was sound. */
  definitionOf(name: string, text: string): string | null;
  /** What runs of each model that the registry has. */
  running(snapshot: Snapshot): Promise<Map<string, Running>>;
  /** Keeps what was found sound, for the next plan; `names` are the models there are. */
  keep(found: {
    models: readonly LoadedModel[];
    problems: readonly Problem[];
    names: readonly string[];
  }): Promise<void>;
}

/** A fresh checkout of a CI job has no memory, and one that outlives its job may have been written to by a model's program. */
export async function openPlanMemory(workspace: Workspace): Promise<PlanMemory> {
  const { root, repository, environment, cache, env } = workspace;
  const isKept = cache.enabled && !isCi(env);
  const context = isKept ? sha256(canonicalJson({ repository, views: viewsDigest(root) })) : null;
  const before = readKept(context && (await cache.read("plan", { environment })), context);
  const texts = new Map<string, string>();
  let folders = before.folders;
  return {
    definitionOf(name, text) {
      texts.set(name, text);
      const known = before.models.get(name);
      if (!known) return null;
      return contentOf(text, textsOf(root, known.reads)) === known.content ? known.definition : null;
    },
    async running(snapshot) {
      const present = await snapshot.folders();
      const unread = [...present.keys()].filter((name) => before.folders.get(name)?.folder !== present.get(name));
      const found = await readRunning(snapshot, unread, unread.length === present.size);
      const read = new Map(unread.map((name) => [name, { folder: present.get(name)!, runs: found.get(name) ?? null }]));
      folders = new Map([...present.keys()].map((name) => [name, read.get(name) ?? before.folders.get(name)!]));
      return new Map([...folders].flatMap(([name, { runs }]) => (runs ? [[name, runs]] : [])));
    },
    async keep({ models, problems, names }) {
      if (context === null) return;
      const sound = problems.every(({ where }) => where?.file.startsWith("models/")) ? models : [];
      const all = new Map(before.models);
      for (const model of sound) {
        const known = knownModel(root, model, texts.get(model.config.name));
        if (known && !problems.some(({ where }) => where!.file === model.file)) all.set(model.config.name, known);
      }
      const present = new Set(names);
      const after: Kept = { models: new Map([...all].filter(([name]) => present.has(name))), folders };
      if (!isDeepStrictEqual(after, before)) await cache.write("plan", { environment }, written(context, after));
    },
  };
}

function written(context: string, { models, folders }: Kept): object {
  return { context, models: Object.fromEntries(models), folders: Object.fromEntries(folders) };
}

/** A model all of whose files are texts beside its model.yaml; null for a program, of which the files are hashed anyway. */
function knownModel(root: string, model: LoadedModel, text: string | undefined): KnownModel | null {
  const { config, file, query, files } = model;
  if (text === undefined || files) return null;
  const own = config.features.composition?.query ?? query.text;
  const watched = config.drift.query === null ? [] : [`${dirname(file)}/${config.drift.query}`];
  const content = contentOf(text, [own, ...textsOf(root, watched)]);
  return content === null ? null : { reads: [query.path, ...watched], content, definition: definitionOf(model) };
}

function textsOf(root: string, paths: readonly string[]): (string | null)[] {
  return paths.map((path) => {
    const file = readProjectFile(root, path);
    return file.state === "read" && file.text.trim() !== "" ? file.text : null;
  });
}

function contentOf(text: string, others: readonly (string | null)[]): string | null {
  return others.includes(null) ? null : sha256(JSON.stringify([text, ...others]));
}

/** Any model may read them: what changes in `features/` makes all models be read again. */
function viewsDigest(root: string): string {
  const files = listViewFiles(root).map((name) => [name, readProjectFile(root, `${viewsFolder}/${name}`)]);
  return sha256(JSON.stringify(files));
}

/** Without a memory all is read at once, as others who ask the same snapshot do. */
async function readRunning(snapshot: Snapshot, models: readonly string[], all: boolean): Promise<Map<string, Running>> {
  const pointers = [...(await snapshot.productions(all ? undefined : models))];
  const records = pointers.map(async ([name, { version }]) => {
    const { candidate } = await snapshot.record(name, version);
    return [name, { version, definition: candidate.definition }] as const;
  });
  return new Map(await Promise.all(records));
}

const knownModelShape = { reads: ["string"], content: "string", definition: "string" } as const;
const knownFolderShape = { folder: "string", "runs?": { version: "number", definition: "string" } } as const;

/** Whatever else lies there is no memory. */
function readKept(kept: unknown, context: string | null): Kept {
  const { context: written, models, folders } = (kept ?? {}) as Record<string, unknown>;
  const isHere = context !== null && written === context;
  const isOwn = (name: string, { reads }: KnownModel) =>
    isModelName(name) && reads.every((path) => path.startsWith(`models/${name}/`) && !path.includes(".."));
  return {
    models: soundEntries(isHere ? models : {}, knownModelShape, isOwn),
    folders: soundEntries<KnownFolder>(isHere ? folders : {}, knownFolderShape, isModelName),
  };
}

function soundEntries<T>(
  written: unknown,
  shape: Parameters<typeof shapeProblem>[1],
  holds: (name: string, entry: T) => boolean,
): Map<string, T> {
  const entries = Object.entries((written ?? {}) as Record<string, T>);
  return new Map(entries.filter(([name, each]) => shapeProblem(each, shape) === null && holds(name, each)));
}
