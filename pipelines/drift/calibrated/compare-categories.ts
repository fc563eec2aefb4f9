import { type CategoryDistribution, presentRows } from "../distribution.ts";
import type { Effect } from "../drift-result.ts";
import { chiSquareTail } from "../significance/chi-square-tail.ts";
import { categoryCells, poolRareCells } from "../statistics/cells.ts";
import { twoSampleChiSquare } from "../statistics/chi-square.ts";
import { jensenShannon, populationStability, totalVariation } from "../statistics/share-distances.ts";
import { categoryShape } from "./category-shape.ts";
import { type Comparison, combine, missingEffect, unseenEffect } from "./comparison.ts";
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
