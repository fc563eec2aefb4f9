import { readFileSync } from "node:fs";

interface Vector {
  title: string;
  actual: readonly number[];
  weights: readonly number[] | null;
  /** null where ours is not defined on purpose. */
  expected: Readonly<Record<string, number | null>>;
}

interface RegressionVector extends Vector {
  /** Shortest decimals of float32 numbers. */
  predicted: readonly number[];
}

interface ClassificationVector extends Vector {
  classes: number;
  /** [rows, classes] row-major; shortest decimals of float32 numbers. */
  probabilities: readonly number[];
}

const file = new URL("scikit-learn-vectors.json", import.meta.url);

/** Rows with the metrics that scikit-learn computes of them; write_vectors.py fills them in. */
export const { regression: regressionVectors, classification: classificationVectors } = JSON.parse(
  readFileSync(file, "utf8"),
) as { regression: readonly RegressionVector[]; classification: readonly ClassificationVector[] };
