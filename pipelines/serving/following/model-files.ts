import type { Git } from "../../registry/git/git.ts";
import { parseTree, readAllObjects } from "../../registry/git/objects.ts";
import { isModelName, recordFile, versionFolder } from "../../registry/paths.ts";
import { modelFile, referenceFile } from "../../registry/stored-model.ts";

/** What a model's folder says of who answers, as git's ids: equal ids are the same files. null: there is no such file. */
export interface PointerIds {
  production: string | null;
  challenger: string | null;
}

/** The pointers of all models at a commit, without reading one of them: a commit of two hundred models takes two questions. */
export async function readPointerIds(
  git: Git,
  tip: string,
  environment = "production",
): Promise<Map<string, PointerIds>> {
  const [folder] = await readAllObjects(git, [`${tip}:models`]);
  const models = folder?.type === "tree" ? parseTree(folder).filter(({ name }) => isModelName(name)) : [];
  const trees = await readAllObjects(
    git,
    models.map(({ oid }) => oid),
  );
  return new Map(
    models.flatMap(({ name }, at) => {
      const tree = trees[at];
      if (tree?.type !== "tree") return [];
      const ids = new Map(parseTree(tree).map((entry) => [entry.name, entry.oid]));
      const production = ids.get(`${environment}.json`) ?? null;
      // A challenger is tried beside what is in production, and nowhere else.
      const challenger = environment === "production" ? (ids.get("challenger.json") ?? null) : null;
      return [[name, { production, challenger }] as const];
    }),
  );
}

/** Ids of the files that loading these versions reads. */
export async function versionFileIds(
  git: Git,
  tip: string,
  versions: readonly { model: string; version: number }[],
): Promise<string[]> {
  const folders = versions.map(({ model, version }) => `${tip}:${versionFolder(model, version)}`);
  const needed = [recordFile, modelFile, referenceFile];
  return (await readAllObjects(git, folders)).flatMap((tree) =>
    tree?.type === "tree" ? parseTree(tree).flatMap(({ name, oid }) => (needed.includes(name) ? [oid] : [])) : [],
  );
}
