import { oneLine } from "../../pipelines/errors/inert-markdown.ts";
import { challengeWords } from "../../pipelines/registry/production-pointer.ts";
import { windowBars } from "../../pipelines/report/drift/drift-terminal.ts";
import { humaniseAge } from "../../pipelines/report/terminal/humanise-age.ts";
import { renderStatus } from "../../pipelines/report/terminal/status-table.ts";
import { newestScores } from "../../pipelines/report-history.ts";
import { readStatus } from "../../pipelines/status.ts";
import { refusedLines } from "../../pipelines/trust-state.ts";
import type { LastCheck } from "../../pipelines/watch/last-check.ts";
import type { Command } from "../cli/command.ts";

export const status: Command = {
  description:
    "What is in production for every model, since when, by whom, its primary metric at deployment and as a line over the newest versions, each on the test rows of its own time, which version is tried beside it, which is refused because nobody signed it who must (!), what the last mergeml drift on this machine found, and what a run would do next.",
  positionals: { min: 0, max: 0 },
  options: {},
  examples: [
    { command: "mergeml status", shows: "a table of all models" },
    { command: "mergeml status --json", shows: "the same for machines" },
  ],
  async run({ workspace, width }) {
    const opened = await workspace();
    const told = await readStatus(opened);
    const scores = await newestScores(
      opened,
      told.map(({ model }) => model),
    );
    const entries = told.map((entry) => ({ ...entry, history: scores.get(entry.model) ?? [] }));
    const now = opened.clock.now();
    const rows = entries.map((entry) => ({
      ...entry,
      scores: entry.history.flatMap(({ metric, value }) => (metric === entry.metric && value !== null ? [value] : [])),
      since: entry.since && humaniseAge(entry.since, now),
      by: entry.by && (entry.pull_request === null ? entry.by : `${entry.by} #${entry.pull_request}`),
      challenger: entry.challenger && `v${entry.challenger.version} ${challengeWords(entry.challenger)}`,
      drift: entry.drift && driftWord(entry.drift),
      next: nextWord(entry.next, entry.model, entry.detail),
    }));
    const notes = entries.flatMap(({ model, production, automatic }) =>
      automatic === null
        ? []
        : [`${model}: v${production} came back by an automatic rollback: ${oneLine(automatic, 300)}`],
    );
    const refused = refusedLines(entries.flatMap(({ untrusted = [] }) => untrusted));
    const text = rows.length > 0 ? renderStatus(rows, width) : "no models yet. Start with: mergeml init";
    return { text: [text, ...refused, ...notes].join("\n"), data: { models: entries } };
  },
};

/** With the last day of its window, because the check may be an old one. */
function driftWord({ outcome, window, history = [] }: LastCheck): string {
  const day = new Date(Date.parse(window.to) - 1).toISOString().slice(0, 10);
  return [`${outcome} (${day})`, windowBars(history)].filter(Boolean).join(" ");
}

function nextWord(state: string, model: string, detail: string): string {
  if (state === "unchanged") return "–";
  return state === "new" || state === "changed" ? `${state}: mergeml run ${model}` : `${state}: ${detail}`;
}
