import { rankTrials } from "../candidate/search/rounds.ts";
import type { TrialRecord } from "../candidate/search/score-trial.ts";
import { escapeMarkdown } from "../errors/inert-markdown.ts";
import type { CandidateRecord } from "../registry/version-record.ts";
import { formatCount, formatNumber, matchNumbers } from "../statistics/format-number.ts";
import { columnTable } from "./column-table.ts";
import type { Fold } from "./model-charts.ts";

const SHOWN_TRIALS = 10;
const SHOWN_PARAMS = 6;

/** The best ten trials of a search, the winner first; null for a model without one. */
export function trialsFold({ trials, config }: CandidateRecord): Fold | null {
  const { search } = config;
  if (!trials || trials.length === 0 || !search) return null;
  const sorted = bestFirst(search.metric, trials);
  const shown = sorted.slice(0, SHOWN_TRIALS);
  const numbers = matchNumbers(shown.map(({ score }) => score));
  const names = Object.keys(shown[0]!.params).slice(0, SHOWN_PARAMS);
  const table = columnTable<TrialRecord>(
    [
      ...names.map((name) => ({
        header: escapeMarkdown(name, 40),
        align: "right" as const,
        cell: ({ params }: TrialRecord) => escapeMarkdown(valueText(params[name]), 40),
      })),
      {
        header: escapeMarkdown(search.resource, 40),
        align: "right",
        cell: ({ budget }) => (budget === undefined ? "" : formatCount(budget)),
      },
      { header: escapeMarkdown(search.metric, 40), align: "right", cell: (trial) => scoreText(trial, numbers.value) },
      { header: "seconds", align: "right", cell: ({ seconds }) => formatNumber(seconds, 2) },
    ],
    shown,
  );
  const few = sorted.length > shown.length ? `, the best ${shown.length}` : "";
  const title = `Search: ${formatCount(sorted.length)} trials (${search.method})${few}`;
  return { title, body: `${explanation(search.validation)}\n\n${table}` };
}

/** A trial that got a larger budget did better than those that were dropped before. */
function bestFirst(metric: string, trials: readonly TrialRecord[]): TrialRecord[] {
  const ranked = rankTrials(metric, trials).map((at) => trials[at]!);
  return ranked.sort(
    (a, b) => Number(b.winner ?? false) - Number(a.winner ?? false) || (b.budget ?? 0) - (a.budget ?? 0),
  );
}

function scoreText({ score, problem, winner }: TrialRecord, number: (value: number) => string): string {
  if (score === null) return `failed: ${escapeMarkdown(problem ?? "", 80)}`;
  return winner ? `**${number(score)}**` : number(score);
}

function explanation(share: number): string {
  return `Scored on ${formatNumber(share * 100, 2)}% of the train split; the test split stayed unseen. The first row's params are the model's.`;
}

function valueText(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "–");
}
