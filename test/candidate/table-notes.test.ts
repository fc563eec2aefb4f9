import { expect, it } from "vitest";
import { tableNotes } from "../../pipelines/candidate/table-notes.ts";
import { categories, classification, numbers, regression } from "../training/tables.ts";

const rows = 200;
const each = <T>(value: (at: number) => T) => Array.from({ length: rows }, (_, at) => value(at));
const plain = regression(
  [],
  each((at) => at),
);

/** Notes of one column of a regression. */
const notesOf = (texts: readonly string[], minRows: number | null = 20) =>
  tableNotes({ table: { ...plain, features: [categories("city", texts)] }, target: "rent", minRows });

it.each<[string, string[], string | null]>([
  ["words", each((at) => ["Bonn", "Ulm"][at % 2] ?? ""), null],
  [
    "numbers, and a word in one of fifty rows",
    each((at) => (at % 50 === 0 ? "many" : String(at % 5))),
    'city is a category, but 98% of its values are numbers: read "many" as missing (nullstr of read_csv), or cast it',
  ],
  [
    "numbers, and gaps",
    each((at) => (at % 2 ? "" : `${at % 5},5`)),
    "city is a category, but all of its values are numbers: cast it",
  ],
  ["numbers in nine rows of ten", each((at) => (at % 10 === 0 ? "many" : String(at % 3))), null],
  ["codes", each((at) => `0123${at % 4}`), null],
  [
    "values too rare to be told apart",
    each((at) => `flat ${at % 40}`),
    "no value of city has 20 rows (min_rows_per_leaf), so that all are taken as one: it cannot help; group its values, or lower the limit",
  ],
  ["one value that is not", each((at) => (at < 20 ? "Bonn" : `flat ${at}`)), null],
  ["nothing", each(() => ""), null],
])("of a category of %s", (_title, texts, note) => {
  expect(notesOf(texts)).toEqual(note === null ? [] : [note]);
});

it("of rare values only where the trainer has a limit, and of numbers never", () => {
  expect(
    notesOf(
      each((at) => `flat ${at}`),
      null,
    ),
  ).toEqual([]);
  expect(
    tableNotes({
      table: {
        ...plain,
        features: [
          numbers(
            "size",
            each((at) => at),
          ),
        ],
      },
      target: "rent",
      minRows: 20,
    }),
  ).toEqual([]);
});

it("of many classes, and of classes of one row", () => {
  const many = classification(
    [],
    each((at) => (at < 5 ? `rare ${at}` : `kind ${at % 60}`)),
  );
  expect(tableNotes({ table: many, target: "kind", minRows: 20 })).toEqual([
    "the target kind has 65 classes in 200 rows: group rare ones in the query, or is it a number to predict (task: regression)?",
    '5 classes have a single row to learn from: "rare 0", "rare 1", "rare 2" …',
  ]);
});

it("of a wide table are at most twenty, and how many more", () => {
  const features = each((at) =>
    categories(
      `c${at}`,
      each((row) => String(row % 5)),
    ),
  );
  const notes = tableNotes({ table: { ...plain, features }, target: "rent", minRows: 20 });
  expect([notes.length, notes.at(-1)]).toEqual([21, "and 180 more of such notes"]);
});
