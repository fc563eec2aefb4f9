import { canonicalJson } from "../config/canonical-json.ts";
import { describeChange } from "../config/describe-change.ts";
import type { Evaluation, Explanations, MetricComparison } from "../evaluation/evaluation.ts";
import { formatCount, formatNumber, formatSigned } from "../statistics/format-number.ts";
import { markdownTable, plainText } from "./markdown-text.ts";
import type { VersionRecord } from "./version-record.ts";

/** What MODEL_CARD.md tells: everything of the record but the hashes of the files it is one of. */
export interface CardSource
  extends Pick<
    VersionRecord,
    "model" | "version" | "candidate" | "evaluation" | "verdict" | "pull_request" | "registered" | "registered_by"
  > {
  /** The version before, to tell what has changed since; null for the first. */
  before?: VersionRecord | null;
}

/** MODEL_CARD.md: what the model is, how good it was when it was registered, what it learned from, and how to make it again. */
export function modelCard(source: CardSource): string {
  const { model, version, candidate } = source;
  const { config } = candidate;
  const sections = [
    `# ${model}, version ${version}`,
    `${plainText(config.description)}${config.owner ? `\n\nOwner: ${plainText(config.owner)}` : ""}`,
    `**${source.verdict.outcome}**: ${plainText(source.verdict.summary)}`,
    `## Intended use\n\n${useSection(source)}`,
    `## How good\n\n${metricTable(source.evaluation)}`,
    ...sliceSection(source.evaluation),
    `## Data\n\n${dataSection(source)}`,
    ...(source.before ? [`## Since version ${source.before.version}\n\n${changeSection(source, source.before)}`] : []),
    `## Training\n\n${trainingSection(source)}`,
    `## Limits\n\n${limitsSection(source)}`,
    `## Lineage\n\n${lineageSection(source)}`,
    `## Make it again\n\n\`\`\`\nmergeml reproduce ${model}@${version}\n\`\`\`\n\nIt trains from this record and compares the bytes of model.onnx.`,
  ];
  return `${sections.join("\n\n")}\n`;
}

function useSection({ candidate }: CardSource): string {
  const { card, task, features } = candidate.config;
  const nobody = "Nobody has written it down: `card.intended_use` in model.yaml.";
  return [
    card?.intended_use ? plainText(card.intended_use) : nobody,
    ...(card?.not_for ? [`Not for: ${plainText(card.not_for)}`] : []),
    `A ${task} of ${plainText(features.target)} from ${features.key.length > 0 ? `rows identified by ${plainText(features.key.join(", "))}` : "rows"}.`,
  ].join("\n\n");
}

/** The worst first; all of them are in version.json. */
function sliceSection({ slices, small_slices: small }: Evaluation): string[] {
  if (slices.length === 0) return [];
  const worse = ({ difference, direction }: (typeof slices)[number]) =>
    (difference?.value ?? 0) * (direction === "min" ? 1 : -1);
  const rows = slices
    .toSorted((a, b) => worse(b) - worse(a))
    .slice(0, 20)
    .map(({ by, value: of, metric, rows: count, production, candidate, difference }) => [
      `${plainText(by)} = ${plainText(of)}`,
      plainText(metric),
      formatCount(count),
      value(production),
      value(candidate),
      difference ? formatSigned(difference.value) : "–",
    ]);
  const table = markdownTable(
    ["slice", "metric", "rows", "production then", "this version", "difference"],
    rows,
    [2, 3, 4, 5],
  );
  const left = [
    ...(slices.length > 20 ? [`${slices.length - 20} more are in version.json.`] : []),
    ...(small > 0 ? [`${small} slices have too few rows to tell.`] : []),
  ];
  return [[`## By slice\n\n${table}`, ...left].join("\n\n")];
}

function changeSection({ candidate, evaluation }: CardSource, before: VersionRecord): string {
  const { config, query } = before.candidate;
  const changes = describeChange(config, candidate.config, query, candidate.query).map(
    ({ key, before: was, after: is }) => `${key}: ${shortValue(was)} → ${shortValue(is)}`,
  );
  const [now] = evaluation.metrics;
  const then = before.evaluation.metrics.find(({ metric }) => metric === now?.metric);
  const metric =
    now && then
      ? [
          `- ${plainText(now.metric)}: ${value(then.candidate)} then, ${value(now.candidate)} now, each on the test rows of its day`,
        ]
      : [];
  const rows = (key: "train" | "test") =>
    `- ${key} rows: ${formatCount(before.candidate[key].rows)} → ${formatCount(candidate[key].rows)}${before.candidate[key].fingerprint === candidate[key].fingerprint ? " (the same)" : ""}`;
  return [...changes.map((each) => `- ${plainText(each)}`), rows("train"), rows("test"), ...metric].join("\n");
}

function shortValue(value: unknown): string {
  if (value === undefined) return "–";
  const text = typeof value === "string" ? value : canonicalJson(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

function metricTable({ metrics, baseline, rows }: Evaluation): string {
  const compared = baseline.state === "scored";
  const against =
    baseline.state === "none"
      ? "nothing in production at the time"
      : `production at the time (version ${baseline.version})${compared ? "" : ", which could not be compared"}`;
  const head = [
    "metric",
    "naive",
    ...(compared ? [`v${baseline.version}`] : []),
    "this version",
    ...(compared ? ["difference", "interval"] : []),
  ];
  const body = metrics.map((metric, index) => metricRow(metric, compared, index === 0));
  const right = head.map((_, index) => index).slice(1);
  return `On ${formatCount(rows)} test rows, against ${against}.\n\n${markdownTable(head, body, right)}`;
}

function metricRow(metric: MetricComparison, compared: boolean, isPrimary: boolean): string[] {
  const { difference } = metric;
  const name = `${plainText(metric.metric)} (${metric.direction === "min" ? "less is better" : "more is better"})`;
  const cells = [isPrimary ? `**${name}**` : name, value(metric.naive)];
  if (compared) cells.push(value(metric.production));
  cells.push(metric.candidate === null && metric.problem ? plainText(metric.problem) : value(metric.candidate));
  if (!compared) return cells;
  const interval =
    difference &&
    `${formatSigned(difference.low)} … ${formatSigned(difference.high)} (${formatNumber(difference.confidence * 100)}%)`;
  return [...cells, difference ? formatSigned(difference.value) : "–", interval ?? "–"];
}

function value(number: number | null): string {
  return number === null ? "–" : formatNumber(number);
}

function dataSection({ candidate }: CardSource): string {
  const { train, test, features, classes, checks, notes, config } = candidate;
  const { window, split, target } = config.features;
  const passed = checks.filter((check) => check.passed).length;
  const rows = [
    ["train", formatCount(train.rows), `\`${train.fingerprint}\``],
    ["test", formatCount(test.rows), `\`${test.fingerprint}\``],
    ["test predictions", formatCount(candidate.predictions.rows), `\`${candidate.predictions.fingerprint}\``],
  ];
  const lines = [
    `- Window: ${window ? `${plainText(window.start)} to ${plainText(window.end)} (end exclusive)` : "all rows of the query"}`,
    `- Split by ${split.by}, ${formatNumber(split.test * 100)}% for the test`,
    `- Target: ${plainText(target)}${classes.length > 0 ? ` (${classes.map(plainText).join(", ")})` : ""}`,
    `- Features: ${features.map(({ name, kind }) => `${plainText(name)} (${kind})`).join(", ")}`,
    `- Checks: ${passed} of ${checks.length} passed`,
    ...checks
      .filter((check) => !check.passed)
      .map((check) => `  - ${plainText(check.check)}: ${plainText(check.found)}`),
    ...notes.map((note) => `- ${plainText(note)}`),
  ];
  return `${markdownTable(["dataset", "rows", "fingerprint"], rows, [1])}\n\n${lines.join("\n")}`;
}

function trainingSection({ candidate, evaluation }: CardSource): string {
  const { trainer, config, importance, train_seconds: seconds } = candidate;
  const params = Object.entries(config.params).map(([name, param]) => [
    plainText(name),
    plainText(canonicalJson(param)),
  ]);
  const most = importance.toSorted((a, b) => b.share - a.share).slice(0, 10);
  const measured = evaluation.explanations;
  const parts = [
    `${plainText(trainer.name)} (trainer version ${trainer.version}), seed ${config.seed}, trained in ${formatNumber(seconds, 3)} s.`,
  ];
  if (params.length > 0) parts.push(markdownTable(["param", "value"], params));
  if (measured) parts.push(permutationTable(measured), ...sampled(measured));
  else if (most.length > 0) {
    const shares = most.map(({ feature, share }) => [plainText(feature), `${formatNumber(share * 100, 3)}%`]);
    parts.push(markdownTable(["feature", "importance"], shares, [1]));
  }
  if (evaluation.explanations_left_out) parts.push(`Not explained: ${plainText(evaluation.explanations_left_out)}.`);
  return parts.join("\n\n");
}

function sampled({ limited, rows, repeats, importance }: Explanations): string[] {
  if (!limited) return [];
  const taken = `${formatCount(rows)} of ${formatCount(limited.test_rows)} test rows and ${importance.length} of ${limited.features} features`;
  return [`The model is large, so ${taken} were taken, each feature shuffled ${formatCount(repeats)}×.`];
}

function permutationTable({ importance, metric }: Explanations): string {
  const rows = importance.slice(0, 10).map(({ feature, worse, sd }) => {
    return [plainText(feature), formatSigned(worse), formatNumber(sd, 3)];
  });
  return markdownTable(["feature", `${plainText(metric)} worse by when shuffled`, "± sd"], rows, [1, 2]);
}

function limitsSection({ verdict, candidate: { config } }: CardSource): string {
  const rows = verdict.checks.map(({ id, limit, found, outcome, waived }) => {
    const state = waived ? `waived until ${waived.until}: ${waived.reason}` : outcome;
    return [id, limit, found, state].map(plainText);
  });
  const notes = verdict.notes.map((note) => `- ${plainText(note)}`).join("\n");
  const table = rows.length > 0 ? markdownTable(["check", "limit", "found", "outcome"], rows) : "";
  const known = (config.card?.limits ?? []).map((each) => `- ${plainText(each)}`).join("\n");
  return [known, table, notes].filter(Boolean).join("\n\n") || "None.";
}

function lineageSection({ candidate, pull_request: pullRequest, registered, registered_by: by }: CardSource): string {
  const environment = Object.entries(candidate.environment).map(([name, version]) => `${name} ${version}`);
  return [
    `- Candidate \`${candidate.id}\``,
    `- Commit ${candidate.commit ? `\`${candidate.commit}\`` : "unknown"}${candidate.dirty ? ", with changes that were not committed" : ""}`,
    ...(pullRequest === null ? [] : [`- Pull request #${pullRequest}`]),
    `- model.onnx \`${candidate.model.sha256}\`, ${formatCount(candidate.model.size)} bytes`,
    `- Registered ${registered} by ${plainText(by)}`,
    `- Trained ${candidate.created} with ${plainText(environment.join(", "))}`,
    "- Config, query, evaluation and verdict: [version.json](version.json)",
  ].join("\n");
}
