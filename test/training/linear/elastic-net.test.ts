import { expect, test } from "vitest";
import type { Table } from "../../../pipelines/data/table.ts";
import { silentLog } from "../../../pipelines/ports/host.ts";
import { studentQuantile } from "../../../pipelines/statistics/tails/distributions.ts";
import { linear } from "../../../pipelines/training/linear/index.ts";
import { type ProvenModel, trainModel } from "../../../pipelines/training/train-model.ts";
import type { Coefficient } from "../../../pipelines/training/trainer.ts";
import { categories, classification, numbers, regression, seeded, signatureOf } from "../tables.ts";

/*
The expected numbers are those of scikit-learn 1.9.1 and numpy:

i = np.arange(60)
X = np.column_stack([i*37%11, i*53%17, i*29%13, i*41%19]).astype(float)
y = 10*X[:,0] - X[:,1] + X[:,2]/10 + i*31%23
g = np.digitize(y, np.quantile(y, [1/3, 2/3]))
Z = StandardScaler().fit_transform(X)
ElasticNet(alpha=0.8, l1_ratio=0.75, tol=1e-14, max_iter=10**6).fit(Z, y).coef_ / X.std(0)
LogisticRegression(C=0.25, l1_ratio=0.75, solver="saga", tol=1e-13, max_iter=10**6).fit(Z, g).coef_ / X.std(0)
A = np.column_stack([np.ones(60), X])
w = np.linalg.solve(A.T@A, A.T@y)
w + T.ppf(.975, 55) * np.sqrt(np.diag(np.linalg.inv(A.T@A)) * ((y-A@w)**2).sum()/55)
for _ in range(50):  # from w = 0, with k = (i*7%10) < 4 + 2*(X[:,0]>5)
    p = 1/(1+np.exp(-A@w)); H = A.T@(A*(p*(1-p))[:,None]); w = w + np.linalg.solve(H, A.T@(k-p))
w + 1.959963984540054 * np.sqrt(np.diag(np.linalg.inv(H)))
*/
const i = Array.from({ length: 60 }, (_, row) => row);
const columns = [37, 53, 29, 41].map((step, at) => i.map((n) => (n * step) % [11, 17, 13, 19][at]!));
const features = columns.map((values, at) => numbers(`x${at}`, values));
const y = i.map((n) => 10 * columns[0]![n]! - columns[1]![n]! + columns[2]![n]! / 10 + ((n * 31) % 23));
const sorted = y.toSorted((a, b) => a - b);
const cut = (share: number) => {
  const at = Math.floor(59 * share);
  return sorted[at]! + (59 * share - at) * (sorted[at + 1]! - sorted[at]!);
};
const thirds = y.map((value) => (value < cut(1 / 3) ? "a" : value < cut(2 / 3) ? "b" : "c"));
const k = i.map((n) => ((n * 7) % 10 < 4 + (columns[0]![n]! > 5 ? 2 : 0) ? "yes" : "no"));

function train(table: Table, l2: number, l1: number): Promise<ProvenModel> {
  const params = { l2, l1, max_categories: 500 };
  const input = { trainer: linear, task: table.target.task, table, params, seed: 1, threads: 1, log: silentLog };
  return trainModel({ ...input, signature: signatureOf(table) });
}

async function coefficients(table: Table, l2: number, l1: number): Promise<readonly Coefficient[]> {
  return (await train(table, l2, l1)).model.coefficients;
}

function expectClose(found: readonly (number | undefined)[], expected: readonly number[], digits = 7): void {
  expect(found).toHaveLength(expected.length);
  for (const [at, value] of expected.entries()) expect(found[at]).toBeCloseTo(value, digits);
}

test("regression gives what scikit-learn's ElasticNet gives", async () => {
  const found = await coefficients(regression(features, y), 60 * 0.8 * 0.25, 2 * 60 * 0.8 * 0.75);
  const expected = [
    17.755223096348438, 8.076422811861226, -0.6858885509876851, 0.20378013685406504, -0.10254458628172088,
  ];
  expectClose(
    found.map(({ value }) => value),
    expected,
  );
});

test("three classes give what scikit-learn's LogisticRegression(saga) gives, zeros included", async () => {
  const found = await coefficients(classification(features, thirds), 0.25 / 0.25, 0.75 / 0.25);
  const weights = found.filter(({ name }) => !name.endsWith("(intercept)")).map(({ value }) => value);
  const expected = [
    -0.5120494119986814, 0.007724707864283183, -0.003416370163362375, 0, 0, 0, 0.012709734502100903, 0,
    0.5430951897670935, 0, 0, 0,
  ];
  expectClose(weights, expected, 6);
  for (const [at, value] of expected.entries()) expect(weights[at] === 0).toBe(value === 0);
});

test("two classes give what scikit-learn's LogisticRegression(saga) gives", async () => {
  const median = cut(0.5);
  const above = y.map((value) => (value > median ? "yes" : "no"));
  const found = await coefficients(classification(features, above), 1, 3);
  expectClose(
    found.slice(1).map(({ value }) => value),
    [0.6565802653751606, 0, 0, 0],
    6,
  );
});

test("intervals of a regression without penalty are those of ordinary least squares", async () => {
  const found = await coefficients(regression(features, y), 0, 0);
  const low = [3.9989674494934224, 9.353948393609816, -1.386743120725586, -0.08109955780984512, -0.3537017160532039];
  const high = [15.001235771270442, 10.49329250621869, -0.661859083920481, 0.8956922501444466, 0.31666280833495675];
  expectClose(
    found.map((each) => each.low),
    low,
    4,
  );
  expectClose(
    found.map((each) => each.high),
    high,
    4,
  );
});

test("intervals of two classes without penalty are those of the observed information", async () => {
  const found = await coefficients(classification(features, k), 0, 0);
  const low = [
    -1.4833279502813692, -0.05639853764083112, -0.12404219352804428, -0.2687561030024662, -0.09336242811380961,
  ];
  const high = [1.7669160088907772, 0.2898492627506466, 0.09374969029623322, 0.027939094089558386, 0.1062152202760291];
  expectClose(
    found.map((each) => each.low),
    low,
    4,
  );
  expectClose(
    found.map((each) => each.high),
    high,
    4,
  );
});

test("a standardised coefficient is per standard deviation of its feature; a weight of 0 has no interval", async () => {
  const found = await coefficients(regression(features, y), 0, 1500);
  const [intercept, strong, ...rest] = found;
  expect(intercept).not.toHaveProperty("standardised");
  expect(strong!.standardised! / strong!.value).toBeCloseTo(Math.sqrt(10), 0);
  expect(strong!.low).toBeLessThan(strong!.value);
  for (const { value, standardised, low } of rest) expect([value, standardised, low]).toEqual([0, 0, undefined]);
});

test("95 of 100 intervals hold the true weight", async () => {
  const random = seeded(11);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  let held = 0;
  for (let run = 0; run < 400; run++) {
    const [a, b] = [i.slice(0, 20).map(random), i.slice(0, 20).map(random)];
    const table = regression(
      [numbers("a", a), numbers("b", b)],
      a.map((value, n) => 1 + 2 * value - b[n]! + normal()),
    );
    const { coefficients: found } = await linear.train({
      task: "regression",
      table,
      params: { l2: 0, l1: 0, max_categories: 2 },
      seed: 1,
      threads: 1,
      log: silentLog,
    });
    const [, slope] = found;
    if (slope!.low! <= 2 && 2 <= slope!.high!) held++;
  }
  expect(held / 400).toBeGreaterThan(0.92);
  expect(held / 400).toBeLessThan(0.98);
});

test.each([
  [3, 3.1824],
  [10, 2.2281],
  [55, 2.004],
])("Student's t with %d degrees of freedom", (freedom, expected) => {
  expect(studentQuantile(freedom) / expected).toBeCloseTo(1, 2);
});

const many = (count: number, rows: number) =>
  Array.from({ length: count }, (_, j) => {
    const random = seeded(j);
    return numbers(
      `x${j}`,
      Array.from({ length: rows }, () => random()),
    );
  });
test.each<[string, Table, number]>([
  ["one row", regression([numbers("x", [5])], [42]), 1],
  ["a wholly missing column", regression([numbers("x", [null, null]), numbers("y", [1, 2])], [1, 2]), 0.1],
  ["a constant column", regression([numbers("x", [3, 3, 3, 3, 3, 3])], [1, 2, 3, 4, 5, 6]), 1],
  ["collinear columns", regression([numbers("a", i), numbers("b", i), categories("k", k)], y), 1],
  ["two classes and collinear columns", classification([numbers("a", i), numbers("b", i)], k), 1],
  ["2,000 columns", regression(many(2_000, 60), y), 50],
])("%s: trains with l1, and is finite", async (_title, table, l1) => {
  const { parity, model } = await train(table, 0, l1);
  expect(parity.maxRelative).toBeLessThan(1e-5);
  for (const { name: _, ...found } of model.coefficients) {
    expect(Object.values(found).every(Number.isFinite)).toBe(true);
  }
});

const classOf = (letters: string) => i.map((n) => letters[((n * 29) % 13) % letters.length]!);
const small = [
  numbers(
    "x",
    i.map((n) => (n * 37) % 11),
  ),
  categories(
    "k",
    i.map((n) => "abc"[(n * 7) % 3]!),
  ),
];
const seventeen = i.map((n) => (n * 53) % 17);
// Taken from the trainer as it was before it knew l1.
test.each<[string, Table, string]>([
  ["regression", regression(small, seventeen), "9f9ec45ea8d8b6985a0fac7428af6983b20ee5d0189a93a7900b9276af998917"],
  [
    "two classes",
    classification(small, classOf("uv")),
    "28b1c7ab2a3d81ac2f3f9cfd8b0febee98eedf3f79f3e8d72d6ffbee5dfc473f",
  ],
  [
    "three classes",
    classification(small, classOf("uvw")),
    "8eded4e02104400ff7620d756ae96b782350876a4aa2c29377d6135aae526046",
  ],
])("%s without l1 keeps its bytes", async (_title, table, expected) => {
  expect((await train(table, 1, 0)).sha256).toBe(`sha256:${expected}`);
});
