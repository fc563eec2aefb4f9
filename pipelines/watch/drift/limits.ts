/** From which effect on a difference matters. */
export const limits = {
  /** Reference standard deviations. */
  wasserstein: 0.1,
  /** Share of the rows. */
  totalVariation: 0.05,
  /** Change of the share of missing values. */
  missing: 0.05,
  /** Share of rows with categories that the reference does not have, above what chance brings. */
  unseen: 0.05,
  /** Growth of the share of infinite values. */
  infinite: 0.01,
  /** How much worse the primary metric may get, relative to the reference's error. */
  worse: 0.1,
} as const;

/**
 * Over all columns of a model together. A little less than the 5% of false alarms that are allowed, because the chi-square of
 * rare categories and the bootstrap of few outcomes are a little too sure.
 */
export const alpha = 0.045;
