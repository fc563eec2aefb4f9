import type { GitHub } from "./client.ts";
import { orForbidden } from "./failure.ts";

/** GitHub takes so many characters of a summary, and so many annotations in one request. */
const [textLimit, annotationLimit] = [65_535, 50];

export interface CheckAnnotation {
  path: string;
  start_line: number;
  end_line: number;
  annotation_level: "failure" | "warning" | "notice";
  message: string;
  title: string;
}

export interface CheckRun {
  name: string;
  headSha: string;
  conclusion: "success" | "failure" | "neutral";
  title: string;
  /** Markdown. */
  summary: string;
  annotations: readonly CheckAnnotation[];
  detailsUrl: string;
}

/** Publishes a check on a commit; the one of an earlier run of the same name is brought up to date, not joined by another. */
export async function publishCheckRun(github: GitHub, check: CheckRun): Promise<"published" | "forbidden"> {
  const { octokit, owner, repo } = github;
  return orForbidden<"published">(async () => {
    const { data } = await octokit.rest.checks.listForRef({ owner, repo, ref: check.headSha, check_name: check.name });
    const batches = chunks(check.annotations);
    const output = { title: check.title.slice(0, 250), summary: cut(check.summary) };
    const state = { status: "completed" as const, conclusion: check.conclusion, details_url: check.detailsUrl };
    const earlier = data.check_runs[0]?.id;
    const first = { ...state, output: { ...output, annotations: [...(batches[0] ?? [])] } };
    const id =
      earlier === undefined
        ? (await octokit.rest.checks.create({ owner, repo, name: check.name, head_sha: check.headSha, ...first })).data
            .id
        : (await octokit.rest.checks.update({ owner, repo, check_run_id: earlier, ...first })).data.id;
    for (const annotations of batches.slice(1))
      await octokit.rest.checks.update({
        owner,
        repo,
        check_run_id: id,
        output: { ...output, annotations: [...annotations] },
      });
    return "published";
  });
}

function chunks(annotations: readonly CheckAnnotation[]): (readonly CheckAnnotation[])[] {
  const count = Math.ceil(annotations.length / annotationLimit);
  return Array.from({ length: count }, (_, at) => annotations.slice(at * annotationLimit, (at + 1) * annotationLimit));
}

function cut(text: string): string {
  if (text.length <= textLimit) return text;
  const line = text.lastIndexOf("\n", textLimit - 200);
  return `${text.slice(0, line > 0 ? line : textLimit - 200).toWellFormed()}\n\n*Cut here: a check has a limit. The job's summary has everything.*`;
}
