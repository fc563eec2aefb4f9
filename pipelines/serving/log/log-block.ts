import type { FilledNumbers } from "../../data/engines/session.ts";
import type { FeatureSpec } from "../../data/table.ts";
import type { CandidateRecord } from "../../registry/version-record.ts";
import { type Levels, openLevels } from "../rows/levels.ts";
import type { AnsweredRequest, CodedTexts, RowBatch, RowColumn } from "../served-model.ts";
import type { LoggedRows, Redaction } from "./log-settings.ts";
import { joinedTexts, type LoggedColumn, type LoggedLevels, loggedArms } from "./log-writer.ts";
import type { LoggedBlock } from "./writer-protocol.ts";

/** Gathers rows of one version as the columns of its `logTable`. */
export interface LogBlock {
  rows(): number;
  /** Copies the rows. Nothing of a request is held: thousands that wait for a hand-over would cost the collector more than the copy. */
  add(rows: LoggedRows): void;
  /** All rows, of which it has none then. Numbers are arrays of their own, to be handed over. */
  take(): LoggedBlock;
}

/** Rows that there is room for at first, and at least. */
const fewRows = 64;

/** Texts are codes of what `texts` has, which takes up what it has not yet. */
export function openLogBlock(
  { features, classes }: Pick<CandidateRecord, "features" | "classes">,
  redaction: Redaction,
  texts: SheetTexts,
): LogBlock {
  const keys = openKeys();
  const width = Math.max(1, classes.length);
  const before = [times(), arms(), redaction.key ? noTexts : keys];
  const columns: BlockColumn[] = [
    ...before,
    ...features.map((feature, at) =>
      redaction.features[at] ? hidden(feature) : featureColumn(feature, at, texts.of(before.length + at)),
    ),
    ...Array.from({ length: width }, (_, score) => scores(score, width)),
    latencies(),
  ];
  columns.push(errors(texts.of(columns.length)));
  let [rows, room, usual] = [0, 0, fewRows];
  return {
    rows: () => rows,
    add(added) {
      const end = rows + added.rows;
      if (end > room) {
        const wider = Math.max(end, room * 2, usual);
        for (const column of columns) column.grow(wider);
        room = wider;
      }
      for (const column of columns) column.write(added, rows);
      rows = end;
    },
    take() {
      const taken = columns.map((column) => column.take(rows));
      const block = { rows, columns: taken, levels: texts.news() };
      // As many come again, more or less.
      [rows, room, usual] = [0, 0, Math.max(fewRows, rows)];
      return block;
    },
  };
}

interface BlockColumn {
  /** Makes room for so many rows; those that are there stay. */
  grow(room: number): void;
  write(rows: LoggedRows, from: number): void;
  /** The first so many rows, of which the column lets go. */
  take(rows: number): LoggedColumn;
}

function numbers<T extends FilledNumbers>(
  make: (size: number) => T,
  write: (values: T, rows: LoggedRows, from: number) => void,
): BlockColumn {
  let values = make(0);
  return {
    grow(room) {
      const longer = make(room);
      longer.set(values as never);
      values = longer;
    },
    write: (rows, from) => write(values, rows, from),
    take(rows) {
      const taken = values.subarray(0, rows) as T;
      values = make(0);
      return taken;
    },
  };
}

const int32 = (size: number) => new Int32Array(size);
const float32 = (size: number) => new Float32Array(size);
const float64 = (size: number) => new Float64Array(size);

function times(): BlockColumn {
  return numbers(
    (size) => new BigInt64Array(size),
    (values, { request, rows }, from) => values.fill(BigInt(Math.round(request.time * 1000)), from, from + rows),
  );
}

function arms(): BlockColumn {
  return numbers(int32, (values, { request, rows }, from) =>
    values.fill(loggedArms.indexOf(request.arm), from, from + rows),
  );
}

function latencies(): BlockColumn {
  return numbers(float64, (values, { request, rows }, from) => values.fill(request.latency_ms, from, from + rows));
}

function errors(levels: Levels): BlockColumn {
  return numbers(int32, (values, { request, rows }, from) =>
    values.fill(request.error === null ? -1 : levels.codeOf(request.error), from, from + rows),
  );
}

function hidden({ kind }: FeatureSpec): BlockColumn {
  if (kind === "category") return numbers(int32, (values, { rows }, from) => values.fill(-1, from, from + rows));
  return numbers(float64, (values, { rows }, from) => values.fill(Number.NaN, from, from + rows));
}

function featureColumn({ name, kind }: FeatureSpec, at: number, levels: Levels): BlockColumn {
  if (kind === "category")
    return numbers(int32, (values, { request, taken, rows }, from) => {
      const column = columnOf(request.batch, name, at);
      if (column?.kind === "category") sheetCodes(column, taken, { of: levels, into: values, from, rows });
      else values.fill(-1, from, from + rows);
    });
  return numbers(float64, (values, { request, taken, rows }, from) => {
    const column = columnOf(request.batch, name, at);
    if (column === undefined || column.kind === "category") values.fill(Number.NaN, from, from + rows);
    else if (taken === null) values.set(column.values, from);
    else for (let row = 0; row < rows; row++) values[from + row] = column.values[taken[row]!]!;
  });
}

/** What failed may have come in the order of another version. */
function columnOf({ columns }: RowBatch, name: string, at: number): RowColumn | undefined {
  const column = columns[at];
  return column?.name === name ? column : columns.find((each) => each.name === name);
}

function scores(score: number, width: number): BlockColumn {
  return numbers(float32, (values, { request: { predictions }, taken, rows }, from) => {
    if (predictions === null) values.fill(Number.NaN, from, from + rows);
    else if (width === 1 && taken === null) values.set(predictions.values, from);
    else
      for (let row = 0; row < rows; row++)
        values[from + row] = predictions.values[(taken?.[row] ?? row) * width + score]!;
  });
}

const noTexts: BlockColumn = { grow: () => undefined, write: () => undefined, take: () => null };

/** Takes null when no request has any. */
function openKeys(): BlockColumn {
  let values: (string | null)[] | null = null;
  return {
    grow: () => undefined,
    write({ request: { batch }, taken, rows }: LoggedRows, from) {
      const { keys }: Pick<AnsweredRequest["batch"], "keys"> = batch;
      if (keys === null && values === null) return;
      values ??= new Array<string | null>(from).fill(null);
      for (let row = 0; row < rows; row++) values[from + row] = keys?.[taken?.[row] ?? row] ?? null;
    },
    take(rows) {
      const taken = values && joinedTexts(values.slice(0, rows));
      values = null;
      return taken;
    },
  };
}

/** Texts of the columns of one sheet, by column: each goes to the writer once. */
interface SheetTexts {
  of(column: number): Levels;
  /** Those that came since this was last asked. */
  news(): LoggedLevels[];
}

export function openSheetTexts(): SheetTexts {
  const columns = new Map<number, { levels: Levels; told: number }>();
  return {
    of(column) {
      let known = columns.get(column);
      if (!known) columns.set(column, (known = { levels: openLevels(), told: 0 }));
      return known.levels;
    },
    news() {
      return [...columns].flatMap(([column, known]) => {
        const first = known.told;
        known.told = known.levels.levels.length;
        return first === known.told ? [] : [{ column, first, texts: known.levels.levels.slice(first) }];
      });
    },
  };
}

/** Codes of a request's texts as the sheet has them, for the rows that are taken; all when null. A missing one is −1. */
function sheetCodes(
  { codes, levels }: CodedTexts,
  taken: readonly number[] | null,
  { of, into, from, rows }: { of: Levels; into: Int32Array; from: number; rows: number },
): void {
  const codeAt = (row: number) => codes[taken === null ? row : taken[row]!]!;
  if (rows === 1) {
    const text = levels[codeAt(0)];
    into[from] = text === undefined ? -1 : of.codeOf(text);
    return;
  }
  const places = new Int32Array(levels.length).fill(-1);
  for (let row = 0; row < rows; row++) {
    const code = codeAt(row);
    // Only what a logged row has is told to the writer.
    if (code >= 0 && places[code] === -1) places[code] = of.codeOf(levels[code]!);
    into[from + row] = code < 0 ? -1 : places[code]!;
  }
}
