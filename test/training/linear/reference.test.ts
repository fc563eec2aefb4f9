import { expect, test } from "vitest";
import type { FeatureColumn, Table } from "../../../pipelines/data/table.ts";
import { silentLog } from "../../../pipelines/ports/host.ts";
import { linear } from "../../../pipelines/training/linear/index.ts";
import { openModel } from "../../../pipelines/training/onnx/session.ts";
import { trainModel } from "../../../pipelines/training/train-model.ts";
import { categories, classification, numbers, regression, signatureOf } from "../tables.ts";

/*
The expected numbers are those of scikit-learn 1.9.1:

i = np.arange(60)
table = pd.DataFrame({
    "year": np.where(i % 7 == 3, np.nan, 2001 + (i * 37 % 11)),
    "depth": 1e9 + 64 * (i * 53 % 17),
    "city": np.array(["Rome", "Oslo", "", "Lima"])[i * i % 7 % 4],
})
price = 10 * np.nan_to_num(table.year - 2001, nan=3) - (i * 53 % 17) + np.where(table.city == "Oslo", 20, 0) + i * 29 % 13
grade = np.array(["a", "b", "c"])[(i * 29 % 13 + i * 37 % 11) * 3 // 24]
scale = ColumnTransformer([("z", StandardScaler(), [0, 1])], remainder="passthrough")
numbers = make_pipeline(SimpleImputer(add_indicator=True), scale)
encode = ColumnTransformer([("n", numbers, ["year", "depth"]), ("c", OneHotEncoder(handle_unknown="ignore"), ["city"])])
ask = pd.DataFrame({"year": [2003, np.nan, 2010], "depth": [1e9, 1e9 + 512, 1e9 + 1024], "city": ["Oslo", "Paris", ""]})
make_pipeline(encode, Ridge(alpha=1)).fit(table, price).predict(ask)
make_pipeline(encode, LogisticRegression(C=1 / l2, tol=1e-12, solver="newton-cg")).fit(table, grade).predict_proba(ask)
*/
const i = Array.from({ length: 60 }, (_, row) => row);
const year = i.map((n) => (n % 7 === 3 ? null : 2001 + ((n * 37) % 11)));
const city = i.map((n) => ["Rome", "Oslo", "", "Lima"][((n * n) % 7) % 4]!);
const price = i.map((n) => {
  const years = year[n] == null ? 3 : year[n] - 2001;
  return 10 * years - ((n * 53) % 17) + (city[n] === "Oslo" ? 20 : 0) + ((n * 29) % 13);
});
const grade = i.map((n) => ["a", "b", "c"][Math.floor(((((n * 29) % 13) + ((n * 37) % 11)) * 3) / 24)]!);
const features: FeatureColumn[] = [
  numbers("year", year),
  numbers(
    "depth",
    i.map((n) => 1e9 + 64 * ((n * 53) % 17)),
  ),
  categories("city", city),
];
const ask = [
  numbers("year", [2003, null, 2010]),
  numbers("depth", [1e9, 1e9 + 512, 1e9 + 1024]),
  categories("city", ["Oslo", "Paris", ""]),
];

async function answers(table: Table, l2: number): Promise<number[]> {
  const signature = signatureOf(table);
  const params = { l2, l1: 0, max_categories: 500 };
  const input = { trainer: linear, task: table.target.task, table, params, seed: 1, threads: 1, log: silentLog };
  const { model } = await trainModel({ ...input, signature });
  const session = await openModel(model.onnx, signature);
  const { values } = await session.predict(ask);
  await session.close();
  return [...values];
}

/** Float32 holds about seven digits. */
function expectClose(found: readonly number[], expected: readonly number[]): void {
  expect(found).toHaveLength(expected.length);
  for (const [at, value] of expected.entries()) expect(Math.abs(found[at]! / value - 1)).toBeLessThan(2e-6);
}

test("regression gives what scikit-learn's Ridge gives", async () => {
  const expected = [43.92694562283082, 37.2234353002669, 79.7726863207271];
  expectClose(await answers(regression(features, price), 1), expected);
});

test.each([
  [
    1,
    [
      0.9618821454426212, 0.03811785455737884, 0.8881977609714974, 0.11180223902850259, 0.43630217325492493,
      0.5636978267450751,
    ],
  ],
  [
    0.01,
    [
      0.9782685476490988, 0.021731452350901286, 0.9419618790845953, 0.05803812091540471, 0.2613237699786749,
      0.7386762300213251,
    ],
  ],
])("two classes give what scikit-learn's LogisticRegression gives with l2 = %d", async (l2, expected) => {
  const isC = grade.map((each) => (each === "c" ? "yes" : "no"));
  expectClose(await answers(classification(features, isC), l2), expected);
});

test.each([
  [
    1,
    [
      0.7148125847918105, 0.2641808325210265, 0.021006582687162833, 0.10493876848816275, 0.7966746460793316,
      0.09838658543250564, 0.008245003576519597, 0.41293885093314314, 0.5788161454903373,
    ],
  ],
  [
    0.01,
    [
      0.7858515700859774, 0.20513951124430427, 0.009008918669718466, 0.06103306180987695, 0.8814148155570627,
      0.057552122633060414, 0.0028321883627854725, 0.2609911878046312, 0.7361766238325833,
    ],
  ],
])("three classes give what scikit-learn's LogisticRegression gives with l2 = %d", async (l2, expected) => {
  expectClose(await answers(classification(features, grade), l2), expected);
});
