import { type ChosenParam, chosenParams, withoutChosenParams } from "../config/chosen-params.ts";
import { candidateId, definitionHash } from "../config/definition.ts";
import type { LoadedModel } from "../config/load-models.ts";
import { expectedChecks } from "../data/aggregate-checks.ts";
import { expectedOfViews } from "../features/check-views.ts";
import type { CandidateRecord } from "../registry/version-record.ts";
import { isSame } from "./same-json.ts";

/**
 * Why a candidate's record is not of the model as a commit has it, or null: everything in it that the config determines is
 * made again, its ids and the list of its data checks included.
 */
export function recordDoubt(record: CandidateRecord, written: LoadedModel, commit: string): string | null {
  const { config, query, files } = written;
  const other = `it was trained from another config than that of commit ${commit.slice(0, 7)}`;
  if (!isSame(withoutChosenParams(record.config), withoutChosenParams(config)) || record.query !== query.text)
    return other;
  const odd = chosenParams(record.config).find((chosen) => !isInSpace(chosen));
  if (odd) return `its search chose ${odd.name} outside of search.space`;
  // The version is the record's: a pull request may bring a newer trainer.
  const trainer = { name: config.type, version: record.trainer.version };
  const definition = definitionHash(config, query.text, trainer, files);
  if (record.trainer.name !== config.type || record.definition !== definition) return other;
  if (record.id !== candidateId(definition, record.train.fingerprint, record.test.fingerprint))
    return "its id is not that of its inputs";
  if (record.predictions.rows !== record.test.rows) return "it has predictions of other rows than the test's";
  return checksDoubt(record, config.features);
}

function isInSpace({ value, choices }: ChosenParam): boolean {
  if ("min" in choices) {
    const room = 1e-9 * Math.max(Math.abs(choices.min), Math.abs(choices.max)); // of a logarithm and back
    return typeof value === "number" && value >= choices.min - room && value <= choices.max + room;
  }
  return choices.some((choice) => isSame(choice, value));
}

function checksDoubt({ checks, train, test }: CandidateRecord, asked: LoadedModel["config"]["features"]) {
  const expected = [...expectedOfViews(asked.composition), ...expectedChecks(asked.checks)];
  const made = checks.map(({ check, severity }) => ({ check, severity }));
  if (
    !isSame(
      made,
      expected.map(({ check, severity }) => ({ check, severity })),
    )
  )
    return "it does not have each data check of features.checks";
  // Of very many rows a rounding error's worth may fail.
  const unnoticed = (train.rows + test.rows) * 1e-9;
  const odd = checks.find(({ passed, failing_rows: failing }, at) => {
    if (failing === null) return false;
    return passed ? expected[at]?.everyRow && failing > unnoticed : failing === 0;
  });
  return odd ? `the data check ${odd.check} cannot be as it is told` : null;
}
