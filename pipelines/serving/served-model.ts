import type { FeatureSpec } from "../data/table.ts";
import { didYouMean } from "../errors/expected-error.ts";
import type { Snapshot } from "../registry/snapshot.ts";
import type { ProductionPointer, VersionRecord } from "../registry/version-record.ts";
import type { Predictions } from "../training/trainer.ts";

/** A number's values as they came, before the model's float32: NaN is a missing one. Booleans are 0 and 1. */
interface NumberCells {
  kind: "number" | "boolean";
  values: Float64Array;
}

/** Texts by the places that they have in a list of the different ones; −1 is a missing one. */
export interface CodedTexts {
  codes: Int32Array;
  levels: readonly string[];
}

/** Texts of a category: the few that there are come first in whatever is done with the rows. */
interface CategoryCells extends CodedTexts {
  kind: "category";
}

/** One feature of the rows of a request. */
export type RowColumn = (NumberCells | CategoryCells) & { name: string };

/** The rows of a request: one column a feature, in the order of the model's signature. Nothing may change them. */
export interface RowBatch {
  rows: number;
  columns: readonly RowColumn[];
  /** What identifies each row, as the prediction log writes it (`logKey`); null when the request names no whole key. */
  keys: readonly (string | null)[] | null;
}

/** A second version of a model, beside production. */
export interface ServedChallenger {
  model: ServedModel;
  /** The share of keys it answers, 0 to 1; null: it gets a copy of the rows and answers nobody. */
  share: number | null;
}

/** What a model's name stands for at one moment. */
export interface ServedPair {
  production: ServedModel;
  challenger: ServedChallenger | null;
}

/** Decides which version answers a row. */
export interface Router {
  /** Whether the challenger answers the row with this key; production answers otherwise. Called row by row, when there is a share. */
  isChallengers(model: string, share: number, key: string | null): boolean;
}

/** Which version the registry names as a model's challenger (`challenger.json`), and with what share; null for a shadow. */
interface ChallengerChoice extends Placement {
  version: number;
  share: number | null;
}

/** Reads it at one commit of the registry; null when the model has none. Throws UserError for a damaged one. */
export type ReadChallenger = (snapshot: Snapshot, model: string) => Promise<ChallengerChoice | null>;

/** Who made a version answer, when and why. */
export interface Placement extends Pick<ProductionPointer, "by" | "since" | "pull_request"> {
  /** Subject of the commit; null while it is not read yet. */
  why: string | null;
}

/** A version that is loaded, verified and warmed up. Features, classes and key are in `record.candidate`. */
export interface ServedModel {
  readonly name: string;
  readonly version: number;
  readonly record: VersionRecord;
  /** What rows for it have. */
  readonly signature: RowSignature;
  readonly placement: Placement;
  /**
   * What the model says of the rows, in their order. Rows of several calls may be scored as one batch. Rejects when ONNX Runtime
   * cannot score them.
   */
  score(batch: RowBatch): Promise<Predictions>;
  /** Whoever takes rows to it holds it until they are scored, so that a newer version does not free it under them. */
  hold(): void;
  letGo(): void;
  /** Frees its memory once nobody holds it. */
  retire(): Promise<void>;
}

/** In which role a version was asked. */
export type Arm = "production" | "challenger" | "shadow";

/** The rows of one request that one version was asked for. */
export interface AnsweredRequest {
  model: ServedModel;
  arm: Arm;
  /** When the request had come, in milliseconds since 1970. */
  time: number;
  /** From then until there were predictions. */
  latency_ms: number;
  batch: RowBatch;
  /** Values are [rows, classes], or [rows] of a regression; null when the model failed. */
  predictions: Predictions | null;
  /** Why the model failed; null when it answered. */
  error: string | null;
}

/** What the log did with the rows it was given. */
export interface ServingLogFacts {
  kept: number;
  /** Lost because memory or disk did not suffice. */
  dropped: number;
  /** What is wrong with it now, in words; null when nothing is. */
  problem: string | null;
}

/** Where what was answered is written. */
export interface ServingLog extends AsyncDisposable {
  /** Called after the answer was handed to the socket. Never throws and never blocks. */
  onAnswered(request: AnsweredRequest): void;
  facts(): ServingLogFacts;
  /** Where its files are on this machine, laid out as the log; null when there are none. */
  readonly folder: string | null;
}

/** Keeps nothing. */
export const noLog: ServingLog = {
  onAnswered() {},
  facts: () => ({ kept: 0, dropped: 0, problem: null }),
  folder: null,
  [Symbol.asyncDispose]: async () => {},
};

/** What the rows of a request to one version have: its features, and perhaps the columns of its key. */
export interface RowSignature {
  features: readonly FeatureSpec[];
  key: readonly string[];
}

/** What a version takes. */
export function rowSignature({ candidate }: Pick<VersionRecord, "candidate">): RowSignature {
  return { features: candidate.features, key: candidate.config.features.key };
}

/** `carat is missing`, with the name that was probably meant among those that are there. */
export function missingColumn({ name, kind }: FeatureSpec, given: readonly string[], signature: RowSignature): string {
  const known = new Set([...signature.features.map((each) => each.name), ...signature.key]);
  const meant = didYouMean(name, given.filter((each) => !known.has(each)).slice(0, 100));
  const expected = kind === "category" ? "a text" : `a ${kind}`;
  const hint = meant === null ? "null stands for a missing value" : `was ${JSON.stringify(meant)} meant?`;
  return `${name} is missing; ${expected} was expected (${hint})`;
}

/** One value of a request that the model cannot take. Rows count from 1; null: the whole column, or the whole row. */
export interface CellProblem {
  row: number | null;
  column: string | null;
  /** In words: what is there, what was expected. */
  message: string;
}

/** What a client has to mend, with the HTTP status that says so. */
export class RefusedRequest extends Error {
  readonly status: number;
  readonly problems: readonly CellProblem[];

  constructor(status: number, message: string, problems: readonly CellProblem[] = []) {
    super(message);
    this.name = "RefusedRequest";
    this.status = status;
    this.problems = problems;
  }
}

/** Told in one answer, so that a wrong batch of thousands of rows does not give a larger one. */
const mostTold = 10;

/** Collects what is wrong with the rows of a request. */
export class CellProblems {
  readonly #told: CellProblem[] = [];
  #found = 0;

  /** `message` is put together only when it will be told. */
  add(row: number | null, column: string | null, message: () => string): void {
    this.#found += 1;
    if (this.#told.length < mostTold) this.#told.push({ row, column, message: message() });
  }

  /** Throws RefusedRequest (422) when something was found. */
  refuse(): void {
    const [first] = this.#told;
    if (first === undefined) return;
    const more = this.#found - 1;
    const place = first.row === null ? "" : `row ${first.row}: `;
    throw new RefusedRequest(422, `${place}${first.message}${more > 0 ? ` (and ${more} more)` : ""}`, this.#told);
  }
}

/** A value as an error shows it, however long it is. */
export function shownValue(value: unknown): string {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number" || typeof value === "boolean" || value === null) return String(value);
  if (typeof value === "string")
    return `the text ${JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)}`;
  return Array.isArray(value) ? "a list" : typeof value === "object" ? "an object" : typeof value;
}
