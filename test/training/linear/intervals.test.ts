import { expect, test } from "vitest";
import type { Table } from "../../../pipelines/data/table.ts";
import { silentLog } from "../../../pipelines/ports/host.ts";
import { linear } from "../../../pipelines/training/linear/index.ts";
import type { Coefficient } from "../../../pipelines/training/trainer.ts";
import { classification, numbers, regression } from "../tables.ts";

/*
The expected numbers are those of numpy and scipy, from the analytic gradient alone: the second derivatives are finite
differences, and inverses are pseudo-inverses, so that the intercepts of several classes need no tie.

i = np.arange(60)
X = np.column_stack([i*37%11, i*53%17, i*29%13, i*41%19]).astype(float)
y = 10*X[:,0] - X[:,1] + X[:,2]/10 + i*31%23
thirds = np.digitize(y, np.quantile(y, [1/3, 2/3]))
k = ((i*7%10) < 4 + 2*(X[:,0]>5)).astype(int)
Z = np.column_stack([np.ones(60), (X - X.mean(0))/X.std(0)])
R = np.block([[np.ones((1,1)), -(X.mean(0)/X.std(0))[None]], [np.zeros((4,1)), np.diag(1/X.std(0))]])
P = np.diag([0., 1, 1, 1, 1])

def ridge(l2):
    M = np.linalg.solve(Z.T@Z + l2*P, Z.T)
    freedom = 60 - np.trace(Z@M)
    s2 = ((y - Z@M@y)**2).sum()/freedom
    half = stats.t.ppf(.975, freedom)*np.sqrt(s2*np.diag(R@M@M.T@R.T))
    return R@M@y - half, R@M@y + half

def logistic(l2, labels, K):  # K = 1: the log odds of the second of two classes
    def grad(W):
        s = Z@W.reshape(K, 5).T
        s = np.column_stack([np.zeros(60), s]) if K == 1 else s
        p = np.exp(s - np.logaddexp.reduce(s, axis=1, keepdims=True))
        return ((p - np.eye(p.shape[1])[labels])[:, -K:].T@Z).ravel()
    F = lambda W: np.column_stack([(grad(W + 1e-5*e) - grad(W - 1e-5*e))/2e-5 for e in np.eye(5*K)])
    penalty, S, W = np.kron(np.eye(K), l2*P), np.kron(np.eye(K), R), np.zeros(5*K)
    for _ in range(60): W = W - np.linalg.pinv(F(W) + penalty, rcond=1e-9)@(grad(W) + penalty@W)
    A = np.linalg.pinv(F(W) + penalty, rcond=1e-9)
    half = stats.norm.ppf(.975)*np.sqrt(np.diag(S@A@F(W)@A@S.T))
    return S@W - half, S@W + half

ridge(5); logistic(2, k, 1); logistic(1.5, thirds, 3)
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

async function coefficients(table: Table, params: { l2: number; l1?: number }): Promise<readonly Coefficient[]> {
  const all = { l1: 0, max_categories: 500, ...params };
  const given = { task: table.target.task, table, params: all, seed: 1, threads: 1, log: silentLog };
  return (await linear.train(given)).coefficients;
}

interface Case {
  title: string;
  table: Table;
  l2: number;
  low: readonly number[];
  high: readonly number[];
}

test.each<Case>([
  {
    ...{ title: "a ridge regression", table: regression(features, y), l2: 5 },
    low: [7.874190102534268, 8.568245068693814, -1.2720390181243395, -0.07688335306122285, -0.4349797220311542],
    high: [18.877080502047423, 9.682856917284836, -0.5610066969315355, 0.8753487076856468, 0.21574733402206303],
  },
  {
    ...{ title: "two classes", table: classification(features, k), l2: 2 },
    low: [-1.298643802819921, -0.048388451923224704, -0.10749678457426735, -0.22844187283159573, -0.0829532753037485],
    high: [1.6094308779068163, 0.24607093328864027, 0.0797203063925561, 0.02277083502233497, 0.0865351672890939],
  },
  {
    ...{ title: "three classes", table: classification(features, thirds), l2: 1.5 },
    low: [
      ...[1.308290910146118, -0.8851173124734203, -0.021717681001423364, -0.21786467881235505, -0.07343643924501997],
      ...[-0.6406658187877798, -0.18551540119516471, -0.07948045325315439, -0.043714593940352174, -0.07778327600857636],
      ...[-5.260917964800866, 0.519618113178961, -0.165636560473102, -0.09597420184953634, -0.09544753396920132],
    ],
    high: [
      ...[4.335573318930063, -0.4996414707320974, 0.1699928173593342, 0.042672900089954946, 0.10605718837527983],
      ...[1.9686657345039917, 0.14114615661372806, 0.07066679636921533, 0.15810754191699278, 0.061848039780221895],
      ...[-1.7109461800011183, 0.9095099146079937, 0.0261750809991302, 0.15677303259529637, 0.07876202106729586],
    ],
  },
])("$title with l2 = $l2 has the intervals of the penalised estimate", async ({ table, l2, low, high }) => {
  const found = await coefficients(table, { l2 });
  expect(found).toHaveLength(low.length);
  for (const [at, { name, ...each }] of found.entries()) {
    // Student's t quantile is a series: exact to five digits here.
    const width = high[at]! - low[at]!;
    expect(Math.abs(each.low! - low[at]!) / width, `low of ${name}`).toBeLessThan(1e-5);
    expect(Math.abs(each.high! - high[at]!) / width, `high of ${name}`).toBeLessThan(1e-5);
  }
});

test("a larger l2 narrows the intervals, towards 0", async () => {
  const widths = await Promise.all(
    [0, 10, 1000].map(async (l2) => {
      const [, slope] = await coefficients(classification(features, k), { l2 });
      return slope!.high! - slope!.low!;
    }),
  );
  expect(widths.toSorted((a, b) => b - a)).toEqual(widths);
  expect(widths[2]! / widths[0]!).toBeLessThan(0.1);
});

test("of three classes, those of one are of the width that any order of the classes gives", async () => {
  const renamed = thirds.map((each) => ({ a: "z", b: "b", c: "c" })[each]!);
  const interval = async (labels: readonly string[], name: string) => {
    const found = await coefficients(classification(features, [...labels]), { l2: 1, l1: 2 });
    return found.filter((each) => each.name.startsWith(`${name}: `)).map(({ low, high }) => [low, high]);
  };
  const [before, after] = [await interval(thirds, "a"), await interval(renamed, "z")];
  for (const [at, pair] of before.entries()) {
    for (const [side, value] of pair.entries()) {
      if (value === undefined) expect(after[at]![side]).toBeUndefined();
      else expect(after[at]![side]).toBeCloseTo(value, 5);
    }
  }
});
