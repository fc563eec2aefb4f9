import { canonicalJson } from "../config/canonical-json.ts";
import type { ConfigChange } from "../config/describe-change.ts";
import type { HistoryEntry } from "../registry/history.ts";
import { markdownTable, plainText } from "../registry/markdown-text.ts";
import type { SignedStatement } from "../registry/trust/check-bundle.ts";
import { describeFound } from "../registry/trust/trust-policy.ts";
import type { VersionRecord } from "../registry/version-record.ts";
import { formatCount, formatNumber, formatSigned } from "../statistics/format-number.ts";
import { configChanges, valueText } from "./config-changes.ts";

/** What else is on record about a version. */
export interface DossierFacts {
  /** Of the model, newest first. */
  history: readonly HistoryEntry[];
  before: VersionRecord | null;
  signed: SignedStatement | null;
}

/**
 * Technical documentation of a version in the order of Annex IV of Regulation (EU) 2024/1689, filled from the record. What no record
 * knows is marked `TO WRITE`, with what is asked for.
 */
export function technicalDossier(record: VersionRecord, facts: DossierFacts): string {
  const { model, version } = record;
  const sections = [
    `# Technical documentation: ${model}, version ${version}`,
    `After Annex IV of Regulation (EU) 2024/1689, filled by mergeml from the registry's record \`${record.digest}\`. ${signature(facts)} What is marked **TO WRITE** a person must still write; whether the system is of high risk this document does not decide.`,
    `## 1. General description\n\n${general(record, facts)}`,
    `## 2. Elements and development\n\n${development(record)}`,
    `## 3. Monitoring, functioning and control\n\n${control(record)}`,
    `## 4. Why these metrics\n\n${metricsChosen(record)}`,
    `## 5. Risk management (Article 9)\n\n${toWrite("the risks found, how they were estimated, and what was done about each")}`,
    `## 6. Changes through the life cycle\n\n${changes(record, facts)}`,
    `## 7. Standards applied\n\n${toWrite("harmonised standards applied in full or in part, or how the requirements are met without")}`,
    `## 8. Declaration of conformity (Article 47)\n\n${toWrite("a copy of the declaration")}`,
    `## 9. Monitoring after it is in use (Article 72)\n\n${monitoring(record)}`,
  ];
  return `${sections.join("\n\n")}\n`;
}

function toWrite(what: string): string {
  return `**TO WRITE:** ${what}.`;
}

/** What somebody wrote, where another sentence follows. */
function sentence(text: string): string {
  return `${plainText(text)}${/[.!?…]\s*$/.test(text) ? "" : "."}`;
}

function signature({ signed }: DossierFacts): string {
  return signed ? `Its verdict is signed by ${plainText(describeFound(signed.signer))}.` : "Its verdict is not signed.";
}

function general(
  { model, version, candidate, registered, registered_by: by }: VersionRecord,
  facts: DossierFacts,
): string {
  const { config, environment } = candidate;
  const { card } = config;
  const software = Object.entries(environment).map(([name, found]) => `${name} ${found}`);
  return list([
    `(a) Intended purpose: ${card?.intended_use ? sentence(card.intended_use) : toWrite("what the system is for (`card.intended_use` in model.yaml), and the provider's name")}${card?.not_for ? ` Not for: ${sentence(card.not_for)}` : ""}`,
    `Model ${model}, version ${version}: ${sentence(config.description)}${config.owner ? ` Owner: ${plainText(config.owner)}.` : ""} Registered ${registered} by ${plainText(by)}${facts.before ? `, after version ${facts.before.version}` : ", the first version"}.`,
    `(b) Interaction with other hardware and software: ${toWrite("what sends the inputs, and what acts on the outputs")}`,
    `(c) Software: ${plainText(software.join(", "))}.`,
    "(d) Form: model.onnx (ONNX), served over the Open Inference Protocol v2, in batches, or by MLflow.",
    "(e) Hardware: a processor on which ONNX Runtime runs; no accelerator is needed.",
    `(f) (g) User interface: ${toWrite("what the deployer sees, with pictures where the system is part of a product")}`,
    `(h) Instructions for use: ${toWrite("for the deployer")}`,
  ]);
}

function development(record: VersionRecord): string {
  const { candidate, verdict, pull_request: pullRequest } = record;
  const { config, trainer, train, test, checks, sources = [] } = candidate;
  const { split, window, target } = config.features;
  const passed = checks.filter((each) => each.passed).length;
  const params = Object.entries(config.params).map(([name, value]) => `${name} ${canonicalJson(value)}`);
  return list([
    `(a) Methods: ${config.type} by ${trainer.name} (version ${trainer.version}), seed ${config.seed}; no pre-trained system. Commit ${candidate.commit ?? "unknown"}${pullRequest === null ? "" : `, pull request #${pullRequest}`}.`,
    `(b) Design: it is trained to predict ${plainText(target)} and judged by ${plainText(config.thresholds.primary)}. Params: ${plainText(params.join(", ") || "none")}. ${toWrite("assumptions, alternatives that were considered, trade-offs")}`,
    `(c) Resources: trained in ${formatNumber(candidate.train_seconds, 3)} s; the model has ${formatCount(candidate.model.size)} bytes.`,
    `(d) Data: ${formatCount(train.rows)} rows to train (\`${train.fingerprint}\`), ${formatCount(test.rows)} to test (\`${test.fingerprint}\`), split by ${split.by}${window ? `, ${plainText(window.start)} to ${plainText(window.end)}` : ""}; ${passed} of ${checks.length} data checks passed. Sources: ${sources.length > 0 ? plainText(sources.map((each) => each.source).join(", ")) : "files of the repository"}. Terms: ${config.card?.data_licence ? sentence(config.card.data_licence) : toWrite("the licence of the data (`card.data_licence`)")} ${toWrite("how the data were obtained, selected, labelled and cleaned, and whom they are about")}`,
    `(e) Human oversight (Article 14): ${toWrite("who can see, question and overrule a prediction")}`,
    `(f) Changes planned in advance: retraining ${config.retrain.schedule === "never" ? "by a person alone" : `${config.retrain.schedule}, by a pull request that a person merges`}.`,
    `(g) Validation and testing: the verdict of ${verdict.judged_on} was ${verdict.outcome}: ${plainText(verdict.summary)} The test rows were held out of training; every check is below. ${toWrite("tests for discriminatory impact beyond the slices below, and who signed the test reports")}\n\n${checkTable(record)}`,
    `(h) Cybersecurity: queries run confined, versions are signed and checked by hash, every reader refuses what is not. ${toWrite("measures around the system itself")}`,
  ]);
}

function checkTable({ verdict }: VersionRecord): string {
  const rows = verdict.checks.map(({ id, limit, found, outcome, waived }) =>
    [id, limit, found, waived ? `waived until ${waived.until}: ${waived.reason}` : outcome].map(plainText),
  );
  return markdownTable(["check", "limit", "found", "outcome"], rows);
}

function control({ candidate, evaluation, verdict }: VersionRecord): string {
  const { card } = candidate.config;
  const metrics = evaluation.metrics.map(({ metric, naive, production, candidate: own, difference }) => [
    plainText(metric),
    value(naive),
    value(production),
    value(own),
    difference ? `${formatSigned(difference.low)} … ${formatSigned(difference.high)}` : "–",
  ]);
  const slices = evaluation.slices.map(({ by, value: of, metric, rows, candidate: own }) => [
    `${plainText(by)} = ${plainText(of)}`,
    plainText(metric),
    formatCount(rows),
    value(own),
  ]);
  const limits = [...(card?.limits ?? []), ...verdict.notes].map((each) => `- ${plainText(each)}`);
  const head = ["metric", "naive", "production then", "this version", "interval of the difference"];
  return [
    `Accuracy on ${formatCount(evaluation.rows)} test rows:\n\n${markdownTable(head, metrics, [1, 2, 3, 4])}`,
    slices.length > 0
      ? `By group:\n\n${markdownTable(["group", "metric", "rows", "this version"], slices, [2, 3])}`
      : toWrite(
          "accuracy for the persons or groups that it is used on (`thresholds.slices` in model.yaml measures it)",
        ),
    limits.length > 0 ? `Known limits:\n\n${limits.join("\n")}` : toWrite("known limits (`card.limits` in model.yaml)"),
    `Input: ${candidate.features.map(({ name, kind }) => `${plainText(name)} (${kind})`).join(", ")}.`,
    toWrite("foreseeable unintended outcomes, and risks to health, safety and fundamental rights"),
  ].join("\n\n");
}

function metricsChosen({ candidate }: VersionRecord): string {
  const { primary, first_deploy: limits, retrain } = candidate.config.thresholds;
  return `${plainText(primary)} decides: the first version had to reach ${plainText(canonicalJson(limits))}, each further one must be ${retrain.mode} against production on the same rows. ${toWrite("why this is the right measure for the intended purpose")}`;
}

function changes(record: VersionRecord, { history, before }: DossierFacts): string {
  const told = before ? configChanges(before.candidate, record.candidate).map(changeLine) : [];
  const since = before
    ? `Since version ${before.version}: ${told.length > 0 ? `\n\n${told.join("\n")}` : "the same config and query."}`
    : "This is the first version.";
  const rows = history
    .toReversed()
    .map(({ time, action, from, to, by, commit }) => [
      time.slice(0, 16).replace("T", " "),
      action,
      action === "register" ? `v${to}` : `${from ?? "none"} → ${to ?? "none"}`,
      plainText(by),
      `\`${commit.slice(0, 10)}\``,
    ]);
  return `${since}\n\n${markdownTable(["when (UTC)", "what", "version", "by", "commit"], rows)}`;
}

function changeLine({ key, before, after }: ConfigChange): string {
  return `- ${plainText(key)}: ${plainText(valueText(before))} → ${plainText(valueText(after))}`;
}

function monitoring({ candidate: { config } }: VersionRecord): string {
  const { drift, rollback } = config;
  const back = rollback
    ? `It is taken back by itself when ${plainText(canonicalJson(rollback.when))}.`
    : "It is taken back by a person.";
  return `Live data of each ${plainText(drift.window)} are compared with the training data, from ${formatCount(drift.min_rows)} rows on; drift becomes ${drift.on_drift === "issue" ? "an issue" : "a pull request"}. ${back} ${toWrite("the monitoring plan, and how serious incidents are reported (Article 73)")}`;
}

function list(items: readonly string[]): string {
  return items.map((each) => `- ${each.replaceAll("\n", "\n  ")}`).join("\n");
}

function value(number: number | null): string {
  return number === null ? "–" : formatNumber(number);
}
