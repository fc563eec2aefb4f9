/**
 * Expected values from scikit-learn 1.9.1 with NumPy 2.4.6, inputs drawn once with numpy.random.default_rng(20240229):
 *
 *   y, p = np.float64(actual), np.float64(np.float32(predicted)); w = weights
 *   rmse = root_mean_squared_error(y, p, sample_weight=w); mae = mean_absolute_error(…); medae = median_absolute_error(…)
 *   r2 = r2_score(…); mape = mean_absolute_percentage_error(…); bias = np.average(p - y, weights=w)
 *
 *   P = np.float64(np.float32(probabilities)).reshape(-1, k); hot = y[:, None] == np.arange(k); top = P.argmax(1)
 *   log_loss = log_loss(y, P, labels=range(k), sample_weight=w)
 *   roc_auc = roc_auc_score(y, P[:, 1]) or roc_auc_score(y, P, multi_class="ovr", average="macro")
 *   pr_auc = average_precision_score(y, P[:, 1]) or average_precision_score(hot, P, average="macro")
 *   accuracy = accuracy_score(y, top); f1 = f1_score(y, top, average="macro")
 *   brier = brier_score_loss(y, P[:, 1]) or brier_score_loss(y, P, labels=range(k)), all with sample_weight=w
 *   ece, which scikit-learn has not: with conf = P.max(1), b = minimum(9, floor(10 * conf)),
 *     sum(abs(sum(w[b == i] * ((top == y) - conf)[b == i])) for i in range(10)) / sum(w)
 */
interface Vector {
  title: string;
  actual: readonly number[];
  weights: readonly number[] | null;
  expected: Readonly<Record<string, number>>;
}

export interface RegressionVector extends Vector {
  /** Shortest decimals of float32 numbers. */
  predicted: readonly number[];
}

export interface ClassificationVector extends Vector {
  classes: number;
  /** [rows, classes] row-major; shortest decimals of float32 numbers. */
  probabilities: readonly number[];
}

export const regressionVectors: readonly RegressionVector[] = [
  {
    title: "twelve rows",
    actual: [83.98, 96.66, 92.16, 96.27, 73.38, 91.92, 37.17, 100.04, 103.94, 145.64, 22.19, 105.08],
    predicted: [89.18, 104.16, 92.06, 86.87, 70.88, 98.82, 34.57, 106.34, 111.04, 137.84, 17.99, 107.78],
    weights: null,
    expected: {
      rmse: 5.832023929592658,
      mae: 5.1916671943664525,
      medae: 5.749998321533198,
      r2: 0.963972910342328,
      mape: 0.06809424719309136,
      bias: 0.7583327547709162,
    },
  },
  {
    title: "eleven rows, so one middle error",
    actual: [83.98, 96.66, 92.16, 96.27, 73.38, 91.92, 37.17, 100.04, 103.94, 145.64, 22.19],
    predicted: [89.18, 104.16, 92.06, 86.87, 70.88, 98.82, 34.57, 106.34, 111.04, 137.84, 17.99],
    weights: null,
    expected: {
      rmse: 6.0367062359888415,
      mae: 5.418182504827323,
      medae: 6.299996337890619,
      r2: 0.9635143508968296,
      mape: 0.07194875174006264,
      bias: 0.5818176616321925,
    },
  },
  {
    title: "repeated targets and predictions",
    actual: [3, 3, 3, 5, 5, 9, 9, 9],
    predicted: [4, 4, 2, 5, 5, 8, 10, 8],
    weights: null,
    expected: {
      rmse: 0.8660254037844386,
      mae: 0.75,
      medae: 1,
      r2: 0.8918918918918919,
      mape: 0.16666666666666666,
      bias: 0,
    },
  },
  {
    title: "large targets with a small spread",
    actual: [100000000, 100000001, 100000002, 100000003, 100000004, 100000005],
    predicted: [1e8, 1.0000001e8, 1e8, 1.0000001e8, 1e8, 1.0000001e8],
    weights: null,
    expected: {
      rmse: 4.143267631552018,
      mae: 3.5,
      medae: 3.5,
      r2: -4.885714285714286,
      mape: 3.4999999050000036e-8,
      bias: 1.5,
    },
  },
  {
    title: "targets of zero",
    actual: [0, 0, 1, 2, -4],
    predicted: [0, 0.5, 1, 3, -2],
    weights: null,
    expected: {
      rmse: 1.02469507659596,
      mae: 0.7,
      medae: 0.5,
      r2: 0.7475961538461539,
      // scikit-learn says 450359962737049.8, which is a number about the float64 epsilon.
      mape: Number.NaN,
      bias: 0.7,
    },
  },
  {
    title: "a constant target",
    actual: [7, 7, 7, 7],
    predicted: [7, 6, 8, 7.5],
    weights: null,
    expected: { rmse: 0.75, mae: 0.625, medae: 0.75, r2: 0, mape: 0.08928571428571427, bias: 0.125 },
  },
  {
    title: "a constant target, predicted exactly",
    actual: [7, 7, 7, 7],
    predicted: [7, 7, 7, 7],
    weights: null,
    expected: { rmse: 0, mae: 0, medae: 0, r2: 1, mape: 0, bias: 0 },
  },
  {
    title: "weights",
    actual: [83.98, 96.66, 92.16, 96.27, 73.38, 91.92, 37.17, 100.04, 103.94, 145.64, 22.19, 105.08],
    predicted: [89.18, 104.16, 92.06, 86.87, 70.88, 98.82, 34.57, 106.34, 111.04, 137.84, 17.99, 107.78],
    weights: [0, 0, 2, 0, 3, 3, 3, 2, 2, 2, 1, 0],
    expected: {
      rmse: 5.277836700128861,
      mae: 4.600000843471948,
      medae: 5.249998283386228,
      r2: 0.9748898210662127,
      mape: 0.06102084780625267,
      bias: 0.6777762222290055,
    },
  },
  {
    title: "weights of an odd total",
    actual: [83.98, 96.66, 92.16, 96.27, 73.38],
    predicted: [89.18, 104.16, 92.06, 86.87, 70.88],
    weights: [2, 0, 1, 3, 1],
    expected: {
      rmse: 6.818251406143629,
      mae: 5.88571393694196,
      medae: 5.200000305175777,
      r2: 0.29693898562445575,
      mape: 0.06455991974571294,
      bias: -2.9142851911272305,
    },
  },
];

export const classificationVectors: readonly ClassificationVector[] = [
  {
    title: "two classes",
    actual: [0, 1, 0, 1, 0, 1, 0, 1, 1, 0, 0, 0],
    classes: 2,
    probabilities: [
      0.52, 0.48, 0.13999999, 0.86, 0.42000002, 0.58, 0.14999998, 0.85, 0.84000003, 0.16, 0.44, 0.56, 0.64, 0.36, 0.37,
      0.63, 0.74, 0.26, 0.61, 0.39, 0.73, 0.27, 0.6, 0.4,
    ],
    weights: null,
    expected: {
      log_loss: 0.5136807935753952,
      roc_auc: 0.8,
      pr_auc: 0.8509090909090908,
      accuracy: 0.8333333333333334,
      f1: 0.8285714285714285,
      brier: 0.1689333319405716,
      ece: 0.23166666428248087,
    },
  },
  {
    title: "two classes, tied scores",
    actual: [0, 1, 0, 1, 1, 0, 1, 0],
    classes: 2,
    probabilities: [0.75, 0.25, 0.75, 0.25, 0.5, 0.5, 0.5, 0.5, 0.25, 0.75, 0.25, 0.75, 0.25, 0.75, 0.75, 0.25],
    weights: null,
    expected: {
      log_loss: 0.6637014216458494,
      roc_auc: 0.65625,
      pr_auc: 0.6083333333333334,
      accuracy: 0.625,
      f1: 0.6190476190476191,
      brier: 0.234375,
      ece: 0.0625,
    },
  },
  {
    title: "two classes, certain and wrong",
    actual: [0, 1, 1, 0],
    classes: 2,
    probabilities: [0, 1, 1, 0, 0, 1, 1, 0],
    weights: null,
    expected: { log_loss: 18.021826694558577, roc_auc: 0.5, pr_auc: 0.5, accuracy: 0.5, f1: 0.5, brier: 0.5, ece: 0.5 },
  },
  {
    title: "two classes, every row predicted as one",
    actual: [0, 1, 0, 0],
    classes: 2,
    probabilities: [0.875, 0.125, 0.75, 0.25, 0.625, 0.375, 0.9375, 0.0625],
    weights: null,
    expected: {
      log_loss: 0.51359197603193,
      roc_auc: 0.6666666666666667,
      pr_auc: 0.5,
      accuracy: 0.75,
      f1: 0.42857142857142855,
      brier: 0.1806640625,
      ece: 0.328125,
    },
  },
  {
    title: "two classes, weights",
    actual: [0, 1, 0, 1, 0, 1, 0, 1, 1, 0, 0, 0],
    classes: 2,
    probabilities: [
      0.52, 0.48, 0.13999999, 0.86, 0.42000002, 0.58, 0.14999998, 0.85, 0.84000003, 0.16, 0.44, 0.56, 0.64, 0.36, 0.37,
      0.63, 0.74, 0.26, 0.61, 0.39, 0.73, 0.27, 0.6, 0.4,
    ],
    weights: [1, 2, 1, 1, 0, 1, 1, 3, 2, 1, 2, 0],
    expected: {
      log_loss: 0.5477112534837597,
      roc_auc: 0.7592592592592593,
      pr_auc: 0.8972222222222223,
      accuracy: 0.8,
      f1: 0.7963800904977376,
      brier: 0.18370000017484045,
      ece: 0.23800000349680583,
    },
  },
  {
    title: "three classes",
    actual: [0, 1, 2, 0, 2, 0, 2, 0, 2, 1, 0, 2, 0, 0],
    classes: 3,
    probabilities: [
      0.58556104, 0.1763676, 0.23807135, 0.08306499, 0.74966264, 0.16727234, 0.64449245, 0.03546205, 0.32004547,
      0.5635552, 0.20732036, 0.22912444, 0.17662445, 0.107128136, 0.71624744, 0.5431603, 0.054456625, 0.40238306,
      0.5736635, 0.28487286, 0.14146367, 0.65602833, 0.14637971, 0.19759195, 0.8751216, 0.017714133, 0.10716426,
      0.5887963, 0.32313827, 0.088065445, 0.96190745, 0.026282892, 0.011809665, 0.016772486, 0.30482563, 0.6784019,
      0.8966564, 0.08989773, 0.013445879, 0.09420989, 0.20966797, 0.69612217,
    ],
    weights: null,
    expected: {
      log_loss: 0.8656196891762923,
      roc_auc: 0.7732426303854876,
      pr_auc: 0.7823816395244968,
      accuracy: 0.6428571428571429,
      f1: 0.6241830065359477,
      brier: 0.5205457324022071,
      ece: 0.15459064074925014,
    },
  },
  {
    title: "three classes, one never predicted",
    actual: [0, 1, 2, 0, 1, 2, 0],
    classes: 3,
    probabilities: [
      0.5, 0.25, 0.25, 0.25, 0.5, 0.25, 0.5, 0.25, 0.25, 0.75, 0.125, 0.125, 0.125, 0.75, 0.125, 0.25, 0.5, 0.25, 0.25,
      0.625, 0.125,
    ],
    weights: null,
    expected: {
      log_loss: 0.8743630841975891,
      roc_auc: 0.8138888888888888,
      pr_auc: 0.6574074074074074,
      accuracy: 0.5714285714285714,
      f1: 0.4444444444444444,
      brier: 0.5223214285714286,
      ece: 0.16071428571428573,
    },
  },
  {
    title: "three classes, weights",
    actual: [0, 1, 2, 0, 2, 0, 2, 0, 2, 1, 0, 2, 0, 0],
    classes: 3,
    probabilities: [
      0.58556104, 0.1763676, 0.23807135, 0.08306499, 0.74966264, 0.16727234, 0.64449245, 0.03546205, 0.32004547,
      0.5635552, 0.20732036, 0.22912444, 0.17662445, 0.107128136, 0.71624744, 0.5431603, 0.054456625, 0.40238306,
      0.5736635, 0.28487286, 0.14146367, 0.65602833, 0.14637971, 0.19759195, 0.8751216, 0.017714133, 0.10716426,
      0.5887963, 0.32313827, 0.088065445, 0.96190745, 0.026282892, 0.011809665, 0.016772486, 0.30482563, 0.6784019,
      0.8966564, 0.08989773, 0.013445879, 0.09420989, 0.20966797, 0.69612217,
    ],
    weights: [1, 1, 1, 0, 2, 3, 1, 0, 2, 1, 1, 3, 2, 1],
    expected: {
      log_loss: 0.8313984862460757,
      roc_auc: 0.8089225589225589,
      pr_auc: 0.8275819088319089,
      accuracy: 0.6842105263157895,
      f1: 0.6777777777777777,
      brier: 0.5088809979573142,
      ece: 0.17883207923487612,
    },
  },
];
