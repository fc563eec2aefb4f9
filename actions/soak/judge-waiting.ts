import { knownEnvironment } from "../../pipelines/choose-promotion.ts";
import { UserError } from "../../pipelines/errors/expected-error.ts";
import { escapeSentence } from "../../pipelines/errors/inert-markdown.ts";
import type { Snapshot } from "../../pipelines/registry/snapshot.ts";
import { driftReports } from "../../pipelines/report/drift/drift-report.ts";
import { type Hop, hopsOf, type WaitingVersion, waitingVersions } from "../../pipelines/waiting-versions.ts";
import type { DriftEntry } from "../../pipelines/watch/drift/model-drift.ts";
import { judgeSoak, type Soak } from "../../pipelines/watch/promotion/soak.ts";
import type { Workspace } from "../../pipelines/workspace/workspace.ts";
import { downloadDrift } from "../drift/drift-bundle.ts";
import { type Action, appendJobSummary } from "../shared/action.ts";
import { jobMatrix } from "../shared/job-matrix.ts";

/** A version that waits, how it was, and whether it goes on now. */
interface Judged {
  waiting: WaitingVersion;
  /** null where no rule says what counts. */
  soak: Soak | null;
  entry: DriftEntry | null;
  goes: boolean;
  why: string;
  /** A person must approve before it is written. */
  approval: boolean;
}

/** Says of each version that waits whether it goes on, and why; what is approved afterwards is what this summary shows. */
export async function judgeWaiting(action: Action): Promise<void> {
  const workspace = await action.workspace();
  const snapshot = await workspace.registry.snapshot({ fetch: true });
  const waiting = await waitingOf(action, workspace, snapshot);
  const asked = action.list("models").length > 0;
  const entries = new Map<string, Map<string, DriftEntry>>();
  const context = await action.context();
  for (const from of new Set(waiting.map((each) => each.from))) entries.set(from, await downloadDrift(context, from));
  const judged = waiting.map((each) => judge(each, entries.get(each.from)?.get(each.model) ?? null, asked));
  const going = judged.filter(({ goes }) => goes).slice(0, mostJobs);
  const include = going.map(({ waiting: { model, version, from, to }, approval, why }) => {
    return { name: `${model} to ${to}`, model, version: `${version}`, from, to, approval: approval ? to : "", why };
  });
  action.output("matrix", JSON.stringify({ include }));
  action.output("count", `${include.length}`);
  for (const {
    waiting: { model, version, from, to },
    goes,
    why,
  } of judged)
    action.log.info(`${model}: v${version} ${goes ? `goes on to ${to}` : `stays in ${from}`}: ${why}`);
  await appendJobSummary(action.env, await summaryOf(judged, snapshot));
}

/** What a person asks for waits for no windows; what nobody asked for goes on by its rule alone. */
function judge(waiting: WaitingVersion, entry: DriftEntry | null, asked: boolean): Judged {
  const { config, held } = waiting;
  const rule = config?.promote?.when ?? null;
  const soak = rule && judgeSoak(rule, waiting, entry);
  const own = held ?? soak?.why ?? "";
  const approval = rule?.approval ?? true;
  if (asked) return { waiting, soak, entry, goes: true, why: `asked for by a person; ${own}`, approval };
  return { waiting, soak, entry, goes: held === null && soak?.met === true, why: own, approval };
}

async function summaryOf(judged: readonly Judged[], snapshot: Snapshot): Promise<string> {
  if (judged.length === 0) return "### Promotions\n\nNothing waits to go on.\n";
  const rows = judged.map(({ waiting: { model, version, from, to }, goes, why, approval }) => {
    const next = goes ? `${approval ? "waits for approval" : "goes on"} to ${to}` : "stays";
    return `| ${goes ? "✅" : "⏳"} | ${model} | v${version} in ${from} | ${next} | ${escapeSentence(why)} |`;
  });
  const table = ["| | model | runs | | why |", "| - | - | - | - | - |", ...rows].join("\n");
  const parts = [`### Promotions\n\n${table}\n`];
  for (const each of judged.filter(({ goes }) => goes)) parts.push(await reportOf(each, snapshot));
  const checked = judged.flatMap(({ entry }) => entry ?? []);
  if (checked.length > 0) parts.push(driftReports(checked));
  return parts.join("\n");
}

/** The verdict that let the version in, against what, and all that its card tells. */
async function reportOf({ waiting: { model, version, to } }: Judged, snapshot: Snapshot): Promise<string> {
  const { verdict, evaluation } = await snapshot.trusted(model, version);
  const running = (await snapshot.pointer(model, to))?.version ?? null;
  const judgedAgainst = evaluation.baseline.state === "scored" ? evaluation.baseline.version : null;
  const moved =
    to === "production" && judgedAgainst !== running
      ? ` It was judged against ${judgedAgainst === null ? "no version" : `v${judgedAgainst}`}; ${running === null ? "nothing" : `v${running}`} is in production now.`
      : "";
  const card = await snapshot.versionFile(model, version, "MODEL_CARD.md");
  const fold = card
    ? `\n<details><summary>The card of ${model} v${version}</summary>\n\n${Buffer.from(card).toString("utf8")}\n</details>\n`
    : "";
  return `#### ${model} v${version}\n\n**${escapeSentence(verdict.summary)}**${moved}\n${fold}`;
}

/** GitHub runs at most so many jobs of one matrix. */
const mostJobs = 256;

/** The versions that wait for one of the environments, each step in its order. Throws UserError for models of which none does. */
async function waitingOf(action: Action, workspace: Workspace, snapshot: Snapshot): Promise<WaitingVersion[]> {
  const named = action.list("models");
  const waiting: WaitingVersion[] = [];
  for (const hop of wantedHops(action, workspace))
    waiting.push(...(await waitingVersions(workspace, snapshot, hop, named)));
  const idle = named.filter((name) => !waiting.some(({ model }) => model === name));
  if (idle.length === 0) return waiting;
  throw new UserError({
    message: `nothing of ${idle.join(", ")} waits to go on`,
    hint: "see what runs where: mergeml status",
  });
}

function wantedHops(action: Action, { repository: { environments } }: Workspace): Hop[] {
  const to = action.input("environment");
  if (to !== "") knownEnvironment(to, environments);
  return hopsOf(environments).filter((hop) => to === "" || hop.to === to);
}

/** Gives the matrix of the models whose live data counts, in the environment that they wait in. */
export async function planSoak(action: Action): Promise<void> {
  const workspace = await action.workspace();
  const waiting = await waitingOf(action, workspace, await workspace.registry.snapshot({ fetch: true }));
  const asked = action.list("models").length > 0;
  const counted = waiting.filter(
    ({ config, held }) => (config?.promote?.when.clean_windows ?? 0) > 0 && (asked || held === null),
  );
  const groups = [...Map.groupBy(counted, ({ from }) => from)];
  const limit = Math.floor(mostJobs / Math.max(1, groups.length));
  const include = groups.flatMap(([environment, group]) => {
    const configs = group.flatMap(({ config }) => config ?? []);
    const { include: jobs } = jobMatrix(configs, { usual: action.input("runner"), limit });
    return jobs.map((job) => ({ ...job, environment }));
  });
  action.output("matrix", JSON.stringify({ include }));
  action.output("count", `${include.length}`);
  for (const { model, version, from, to, held } of waiting)
    action.log.info(`${model}: v${version} waits in ${from} for ${to}${held && !asked ? `: ${held}` : ""}`);
  if (waiting.length === 0) action.log.info("Nothing waits to go on.");
}
