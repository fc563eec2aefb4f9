import { createHash } from "node:crypto";
import { createdOnce, type GitHub, LostAnswer, orForbidden, refused, statusOf } from "./client.ts";
import { cutMarkdown } from "./comment.ts";

/** GitHub takes so many characters of a summary, and so many annotations in one request. */
const [textLimit, annotationsPerRequest] = [65_535, 50];
/** More annotations help nobody; the report has all problems. */
const annotationLimit = 500;

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
  /** Markdown in at most `limit` characters. */
  summary: (limit: number) => string;
  annotations: readonly CheckAnnotation[];
  detailsUrl: string;
}

/** A check run of GitHub's, as far as it matters here. */
interface Published {
  id: number;
  external_id: string | null;
  status: string;
  conclusion: string | null;
  details_url: string | null;
  output: { title: string | null; summary: string | null; annotations_count: number };
}

/** A check whose work has begun. */
export type BegunCheck = Pick<CheckRun, "name" | "headSha" | "title" | "detailsUrl"> & { summary: string };

/** Of a check that has begun and has no verdict yet; who publishes the verdict writes it into this one. */
const begun = "mergeml:begun";

/** Shows that a check is being worked on, as a new run of it, so that nothing of an earlier verdict remains. Once while it lasts. */
export async function beginCheckRun(github: GitHub, check: BegunCheck): Promise<CheckOutcome> {
  const { octokit, owner, repo } = github;
  const { name, headSha, title, summary, detailsUrl } = check;
  const find = async () => (await newestOf(github, check)).find(isBegun) ?? null;
  return orForbidden<"published" | "unchanged">(async () => {
    const earlier = await find();
    if (earlier?.output.title === title && earlier.details_url === detailsUrl) return "unchanged";
    const facts = { status: "in_progress" as const, details_url: detailsUrl, external_id: begun };
    const output = { title: title.slice(0, 250).toWellFormed(), summary };
    if (earlier) await octokit.rest.checks.update({ owner, repo, check_run_id: earlier.id, ...facts, output });
    else
      await createdOnce<unknown>(github, {
        create: () => octokit.rest.checks.create({ owner, repo, name, head_sha: headSha, ...facts, output }),
        find,
      });
    return "published";
  });
}

/** Ends a check that has begun, without a verdict, where it still has none. Neither conclusion passes for a rule that requires the check. */
export async function endBegunCheck(
  github: GitHub,
  check: BegunCheck & { conclusion: "cancelled" | "failure" },
): Promise<"ended" | "none" | "forbidden"> {
  const { octokit, owner, repo } = github;
  const { title, summary, detailsUrl, conclusion } = check;
  return orForbidden<"ended" | "none">(async () => {
    const left = (await newestOf(github, check)).find(isBegun);
    if (left === undefined) return "none";
    const facts = { status: "completed" as const, conclusion, details_url: detailsUrl };
    const output = { title: title.slice(0, 250).toWellFormed(), summary };
    await octokit.rest.checks.update({ owner, repo, check_run_id: left.id, ...facts, output });
    return "ended";
  });
}

function isBegun({ external_id, status }: Published): boolean {
  return external_id === begun && status !== "completed";
}

export type CheckOutcome = "published" | "unchanged" | "forbidden";

/**
 * Publishes a check on a commit. An earlier one of ours with the same annotations is brought up to date; with other
 * annotations, which GitHub can only add to, a new one takes its place. What is there already is not sent again, even after
 * a run that died half-way.
 */
export async function publishCheckRun(github: GitHub, check: CheckRun): Promise<CheckOutcome> {
  return orForbidden<"published" | "unchanged">(async () => {
    try {
      const annotations = check.annotations.slice(0, annotationLimit);
      const earlier = await findOurs(github, check);
      if (earlier && isSame(earlier, check) && earlier.output.annotations_count >= annotations.length)
        return "unchanged";
      const run = earlier ? await update(github, earlier.id, check) : await create(github, check);
      await addAnnotations(github, run, check);
      return "published";
    } catch (error) {
      throw statusOf(error) === 422 ? refused(error, `the check ${check.name} on ${check.headSha}`) : error;
    }
  });
}

/** Ours with these annotations; another app's check may have the same name. */
async function findOurs(github: GitHub, check: CheckRun): Promise<Published | null> {
  const all = await newestOf(github, check);
  return all.find((each) => each.external_id === externalId(check) || isBegun(each)) ?? null;
}

/** The newest of each app. */
async function newestOf(
  { octokit, owner, repo }: GitHub,
  { headSha, name }: Pick<CheckRun, "headSha" | "name">,
): Promise<Published[]> {
  const request = { owner, repo, ref: headSha, check_name: name, per_page: 100 };
  return (await octokit.rest.checks.listForRef(request)).data.check_runs;
}

async function create(github: GitHub, check: CheckRun): Promise<Published> {
  const { octokit, owner, repo } = github;
  const annotations = check.annotations.slice(0, Math.min(annotationsPerRequest, annotationLimit));
  const facts = { ...stateOf(check), name: check.name, head_sha: check.headSha, external_id: externalId(check) };
  return createdOnce(github, {
    create: async () => {
      const output = { ...outputOf(check), annotations: [...annotations] };
      return (await octokit.rest.checks.create({ owner, repo, ...facts, output })).data;
    },
    find: () => findOurs(github, check),
  });
}

async function update({ octokit, owner, repo }: GitHub, id: number, check: CheckRun): Promise<Published> {
  const facts = { ...stateOf(check), external_id: externalId(check) };
  const request = { owner, repo, check_run_id: id, ...facts, output: outputOf(check) };
  return (await octokit.rest.checks.update(request)).data;
}

/** Sends what is missing, fifty at a time. After a lost answer GitHub's own count says whether they arrived. */
async function addAnnotations({ octokit, owner, repo }: GitHub, run: Published, check: CheckRun): Promise<void> {
  const annotations = check.annotations.slice(0, annotationLimit);
  const request = { owner, repo, check_run_id: run.id };
  let [count, lost] = [run.output.annotations_count, 0];
  while (count < annotations.length) {
    const output = { ...outputOf(check), annotations: annotations.slice(count, count + annotationsPerRequest) };
    try {
      await octokit.rest.checks.update({ ...request, output, request: { once: true } });
      count += output.annotations.length;
    } catch (error) {
      lost += 1;
      if (!(error instanceof LostAnswer) || lost > 2) throw error;
      count = (await octokit.rest.checks.get(request)).data.output.annotations_count;
    }
  }
}

function stateOf({ conclusion, detailsUrl }: CheckRun) {
  return { status: "completed" as const, conclusion, details_url: detailsUrl };
}

function outputOf({ title, summary, detailsUrl }: CheckRun): { title: string; summary: string } {
  const note = `*Cut here: a check has a limit. [The run](${detailsUrl}) has everything.*`;
  return { title: title.slice(0, 250).toWellFormed(), summary: cutMarkdown(summary(textLimit), textLimit, note) };
}

function isSame({ conclusion, details_url, output }: Published, check: CheckRun): boolean {
  const { title, summary } = outputOf(check);
  const isState = conclusion === check.conclusion && details_url === check.detailsUrl;
  return isState && output.title === title && output.summary === summary;
}

/** Names a check's annotations, so that the same are not added twice. */
function externalId({ annotations }: CheckRun): string {
  const digest = createHash("sha256").update(JSON.stringify(annotations)).digest("hex");
  return `mergeml:${digest.slice(0, 32)}`;
}
