import { chiSquareTail } from "../../statistics/tails/chi-square-tail.ts";
import { type CategoryDistribution, presentRows } from "../profile/distribution.ts";
import { categoryShape } from "./category-shape.ts";
import { jensenShannon, populationStability, totalVariation } from "./cell-distances.ts";
import { categoryCells, poolRareCells } from "./cells.ts";
import { twoSampleChiSquare } from "./chi-square.ts";
import { type Comparison, combine, missingEffect, unseenEffect } from "./comparison.ts";
import type { Effect } from "./drift-result.ts";
import { limits } from "./limits.ts";

/** Categories against those of the profile: total variation, tested by chi-square. */
export function compareCategories(reference: CategoryDistribution, current: CategoryDistribution): Comparison {
  const missing = missingEffect(reference, current);
  if (presentRows(reference) === 0 || presentRows(current) === 0)
    return combine({ effect: null, tests: [] }, missing, { statistics: {}, shape: [] });
  const cells = categoryCells(reference, current);
  const distance = totalVariation(poolRareCells(cells));
  const found = twoSampleChiSquare(cells);
  const chiSquare = found && { ...found, p: chiSquareTail(found.statistic, found.degrees) };
  const effect: Effect = {
    name: "total variation",
    value: distance.corrected,
    limit: limits.totalVariation,
    p: chiSquare?.p ?? null,
    exceeds: distance.corrected >= limits.totalVariation,
  };
  const statistics = {
    totalVariation: distance,
    ...(chiSquare && { chiSquare }),
    jensenShannon: jensenShannon(cells),
    psi: populationStability(cells),
  };
  const others = [...missing, ...unseenEffect(reference, current)];
  const tests = chiSquare ? [chiSquare.p] : [];
  return combine({ effect, tests }, others, { statistics, shape: categoryShape(reference, current) });
}
