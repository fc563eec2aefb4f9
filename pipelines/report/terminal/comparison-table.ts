import type { ArmFacts, ChallengerComparison, ComparedMetric } from "../../serving/comparison/trial-notes.ts";
import { formatCount, formatNumber, formatPercent, matchNumbers } from "../../statistics/format-number.ts";
import { textTable } from "./text-table.ts";

/** `mergeml compare`: challenger and production side by side, and what can be said of them. */
export function renderTrial(comparison: ChallengerComparison, width?: number): string {
  const { model, mode, share, since, by, production, challenger, notes } = comparison;
  const how = mode === "shadow" ? "as a shadow of" : `on ${formatPercent(share ?? 0)} of the requests beside`;
  const when = since.slice(0, 16).replace("T", " ");
  const columns = [
    { header: "" },
    { header: `v${production.version} production`, align: "right" as const },
    { header: `v${challenger.version} ${mode === "shadow" ? "shadow" : "challenger"}`, align: "right" as const },
    { header: "difference" },
  ];
  const rows = [...factRows(production, challenger), ...labelRows(comparison), ...comparison.metrics.map(metricRow)];
  return [
    `${model}: v${challenger.version} ${how} v${production.version}, since ${when} UTC, by ${by}`,
    textTable(columns, rows, { width }),
    ...agreementLine(comparison),
    ...notes,
    outcomeLine(comparison),
  ].join("\n");
}

function factRows(production: ArmFacts, challenger: ArmFacts): string[][] {
  const both = (name: string, cell: (arm: ArmFacts) => string) => [name, cell(production), cell(challenger), ""];
  const spread = (
    name: string,
    of: (arm: ArmFacts) => ArmFacts["latency"],
    digits: readonly ("mean" | "sd" | "p5" | "p50" | "p95" | "p99")[],
  ) => {
    const sides = [of(production), of(challenger)];
    return digits.map((each) => {
      const numbers = matchNumbers(sides.map((side) => side?.[each]));
      return [`${name} ${each}`, ...sides.map((side) => (side ? numbers.value(side[each]) : "–")), ""];
    });
  };
  return [
    both("rows", ({ rows }) => formatCount(rows)),
    both("failed", ({ rows, failed }) =>
      failed === 0 ? "0" : `${formatCount(failed)} (${formatPercent(failed / rows)})`,
    ),
    ...spread("latency ms", ({ latency }) => latency, ["p50", "p95", "p99"]),
    ...(production.predictions || challenger.predictions
      ? spread("prediction", ({ predictions }) => predictions, ["mean", "sd", "p5", "p50", "p95"])
      : []),
    both("labelled", ({ labelled }) => formatCount(labelled)),
  ];
}

function labelRows({ production, challenger }: ChallengerComparison): string[][] {
  const names = [...new Set([...production.labels, ...challenger.labels].map(({ label }) => label))].slice(0, 10);
  return names.map((name) => {
    const cells = [production, challenger].map(({ labels }) => {
      const found = labels.find(({ label }) => label === name);
      return found ? formatPercent(found.share) : "0%";
    });
    return [`says ${name}`, ...cells, ""];
  });
}

function metricRow({ metric, production, challenger, difference, problem }: ComparedMetric): string[] {
  const ends = difference ? [difference.value, difference.low, difference.high] : [];
  const numbers = matchNumbers([production, challenger], ends);
  const told = difference
    ? `${numbers.signed(difference.value)} (${numbers.signed(difference.low)} … ${numbers.signed(difference.high)})`
    : (problem ?? "");
  return [metric, numbers.value(production) || "–", numbers.value(challenger) || "–", told];
}

function agreementLine({ agreement }: ChallengerComparison): string[] {
  if (agreement === null) return [];
  const { rows, mean_difference: mean, mean_absolute_difference: size, same_label: same } = agreement;
  const told =
    same === null
      ? `the shadow differs by ${formatNumber(mean ?? 0)} on average, by ${formatNumber(size ?? 0)} in size`
      : `both say the same class of ${formatPercent(same)}`;
  return [`On ${formatCount(rows)} rows that both were asked: ${told}.`];
}

function outcomeLine(comparison: ChallengerComparison): string {
  const { outcome, metrics, judged, challenger, needed, paired, label_problem: problem } = comparison;
  const [primary] = metrics;
  const fewest = Math.min(judged.production, judged.challenger);
  const rows = paired
    ? `${formatCount(fewest)} rows of both`
    : `${formatCount(judged.production)} and ${formatCount(judged.challenger)} rows`;
  if (outcome === "no labels") return `No labels yet${problem ? `: ${problem}` : ""}.`;
  if (outcome === "too few labels")
    return `Too few labels: ${formatCount(fewest)} rows have one, and ${formatCount(needed ?? 0)} of each version are needed.`;
  const confidence = formatPercent(primary?.difference?.confidence ?? 0);
  if (outcome !== "undecided")
    return `v${challenger.version} is ${outcome} by ${primary?.metric}, beyond noise at ${confidence}, on ${rows}.`;
  const more =
    needed === null
      ? ""
      : ` About ${formatCount(needed)} labelled rows of each would tell, if the difference stays what it is.`;
  return `Nothing can be told by ${primary?.metric} at ${confidence} on ${rows}.${more}`;
}
