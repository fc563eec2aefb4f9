import type { LoadedModel } from "../config/load-models.ts";
import type { Table } from "../data/table.ts";
import { countedDuplicates } from "../evaluation/evaluation.ts";
import { trainedRowsNotes } from "../registry/trained-rows.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { leaveFeatures } from "./prepare-data.ts";
import { recordedSplitSeed } from "./split-seed.ts";
import { type Candidate, leaveTraining, notesOf } from "./train-candidate.ts";

/**
 * Leaves the rows and the model of a candidate that another job trained, for machines that go on from there: a job that runs a
 * model's program holds no key that seals results. What is left is what was checked as the candidate was taken over.
 */
export async function leaveSteps(
  workspace: Workspace,
  model: LoadedModel,
  { record, evaluation, model: onnx, naive, example }: Candidate,
  table: Table,
): Promise<void> {
  const { train, test, features, classes, checks, sources } = record;
  const notes = notesOf(table, record.config);
  const ofTraining = new Set([...notes, ...trainedRowsNotes(train)]);
  const { duplicates } = evaluation;
  await leaveFeatures(workspace, model, recordedSplitSeed(record), {
    ...{ train, test, features, classes, checks },
    notes: record.notes.filter((note) => !ofTraining.has(note)),
    ...(duplicates && { duplicates: countedDuplicates(duplicates) }),
    ...(sources && { sources }),
  });
  await leaveTraining(workspace, record.config, record, {
    model: onnx,
    sha256: record.model.sha256,
    facts: { importance: record.importance, coefficients: record.coefficients, curves: record.curves },
    environment: record.environment,
    naive,
    example,
    notes,
    leaks: evaluation.leaks ?? [],
    seconds: record.train_seconds,
  });
}
