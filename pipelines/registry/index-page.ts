import { formatNumber } from "../statistics/format-number.ts";
import { fetchFileOf, type Git } from "./git/git.ts";
import { type FileChange, parseTree, readAllObjects } from "./git/objects.ts";
import { markdownTable, plainText } from "./markdown-text.ts";
import { challengeWords, readChallenger, readPointer } from "./production-pointer.ts";
import {
  type ChallengerPointer,
  challengerFile,
  indexFile,
  isModelName,
  modelFolder,
  type ProductionPointer,
  parseVersionNumber,
  productionFile,
  recordFile,
  type VersionRecord,
  versionFolder,
  versionsFolder,
} from "./version-record.ts";

/** One row of the index. */
interface IndexRow {
  model: string;
  versions: number;
  /** The primary metric of the version in production, null when none is deployed or its record cannot be read. */
  production: { pointer: ProductionPointer; metric: { name: string; value: number | null } | null } | null;
  /** null when none is tried, or its file cannot be read. */
  challenger: ChallengerPointer | null;
}

/**
 * The rows for every model at `tip`, in three batches of reads whatever their number. It is for reading, so it takes a
 * damaged model as undeployed: whoever uses a model reads it through a snapshot, which refuses.
 */
export async function readIndexRows(git: Git, tip: string): Promise<IndexRow[]> {
  const [folder] = await readAllObjects(git, [`${tip}:models`]);
  const models =
    folder?.type === "tree"
      ? parseTree(folder)
          .map((entry) => entry.name)
          .filter(isModelName)
      : [];
  const names = models.flatMap((model) =>
    [versionsFolder(model), productionFile(model), challengerFile(model)].map((path) => `${tip}:${path}`),
  );
  const found = await readAllObjects(git, names);
  const pointers = models.map((model, index) => {
    const file = found[3 * index + 1];
    return file ? lenient(() => readPointer(file.content, model)) : null;
  });
  const deployed = models.flatMap((model, index) =>
    pointers[index] ? [`${tip}:${versionFolder(model, pointers[index].version)}`] : [],
  );
  await fetchFileOf(git, deployed, recordFile);
  const records = await readAllObjects(
    git,
    deployed.map((version) => `${version}/${recordFile}`),
  );
  return models.map((model, index) => {
    const tree = found[3 * index];
    const tried = found[3 * index + 2];
    const versions =
      tree?.type === "tree" ? parseTree(tree).filter((entry) => parseVersionNumber(entry.name) !== null).length : 0;
    const pointer = pointers[index] ?? null;
    const record = pointer ? records.shift() : null;
    return {
      model,
      versions,
      production: pointer && { pointer, metric: record ? lenient(() => primaryOf(record.content)) : null },
      challenger: tried ? lenient(() => readChallenger(tried.content, model)) : null,
    };
  });
}

function lenient<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}

function primaryOf(content: Uint8Array): { name: string; value: number | null } | null {
  const record = JSON.parse(Buffer.from(content).toString("utf8")) as VersionRecord;
  return primaryMetric(record);
}

/** The primary metric of a record, as it was on its own test rows. */
export function primaryMetric({
  evaluation,
}: Pick<VersionRecord, "evaluation">): { name: string; value: number | null } | null {
  const [primary] = evaluation.metrics;
  return primary ? { name: primary.metric, value: primary.candidate } : null;
}

/** README.md of the branch: a pure function of what is on it, so that any write can make it anew and `verify` can compare. */
export function renderIndex(rows: readonly IndexRow[]): string {
  const sorted = rows.toSorted((a, b) => (a.model < b.model ? -1 : 1));
  // The column is there only where something is tried, so that the page of other registries stays as it is.
  const tried = sorted.some(({ challenger }) => challenger !== null) ? ["challenger"] : [];
  const head = ["model", "in production", ...tried, "primary", "promoted", "by", "versions"];
  const cells = (row: IndexRow) => indexRow(row).toSpliced(2, 0, ...tried.map(() => challengerCell(row)));
  const table =
    sorted.length > 0 ? markdownTable(head, sorted.map(cells), [head.length - 1]) : "No model is registered yet.";
  return `${heading}\n${table}\n\n${guide}`;
}

function indexRow({ model, versions, production }: IndexRow): string[] {
  const name = `[${model}](${modelFolder(model)})`;
  if (!production) return [name, "–", "–", "–", "–", String(versions)];
  const { pointer, metric } = production;
  const link = `[v${pointer.version}](${versionFolder(model, pointer.version)}/MODEL_CARD.md)`;
  const figure = metric && metric.value !== null ? `${plainText(metric.name)} ${formatNumber(metric.value)}` : "–";
  const by = pointer.pull_request === null ? plainText(pointer.by) : `#${pointer.pull_request}`;
  return [name, link, figure, pointer.since.slice(0, 10), by, String(versions)];
}

function challengerCell({ model, challenger }: IndexRow): string {
  if (challenger === null) return "–";
  const { version } = challenger;
  return `[v${version}](${versionFolder(model, version)}/MODEL_CARD.md) ${challengeWords(challenger)}`;
}

const heading = `# Model registry

Written by mergeml. A version is a folder that never changes; what is in production is the \`production.json\` beside the
versions. This page is a summary, made anew by every registration and promotion.
`;

const guide = `## Roll back

*Revert a \`promote(…)\` commit on this branch with plain git, or let mergeml do the same:*

\`\`\`
git revert <commit>        # on this branch, then push
mergeml rollback <model>   # the same, without a checkout
\`\`\`

Every version stays. Reverting a model's first promotion leaves the model undeployed.

When \`git revert\` of an older promotion conflicts in \`production.json\`, another version has been promoted since, and git
cannot know which one you want. Say so:

\`\`\`
git revert --abort
mergeml history <model>
mergeml rollback <model> --to <version>
\`\`\`
`;

/** The index as it will be once `model`'s row is what `change` makes of it. */
export interface IndexEditor {
  after(change: Partial<Omit<IndexRow, "model">>): FileChange;
}

/** Reads the rows at `tip` once; each `after` builds on the ones before it. */
export async function editIndex(git: Git, tip: string, model: string): Promise<IndexEditor> {
  const rows = await readIndexRows(git, tip);
  const others = rows.filter((row) => row.model !== model);
  let row = rows.find((each) => each.model === model) ?? { model, versions: 0, production: null, challenger: null };
  return {
    after(change) {
      row = { ...row, ...change };
      return { path: indexFile, content: renderIndex([...others, row]) };
    },
  };
}
