import type { Window } from "../../config/model-config.ts";
import type { RetrainTrial } from "../drift/model-drift.ts";
import type { RetrainMemory } from "./retrain-memory.ts";
import { trialWords } from "./trial-words.ts";

/** What a retrain pull request says, in its commit and on GitHub. */
export interface RetrainText {
  title: string;
  /** Markdown of the pull request, without the hidden line. */
  body: string;
  /** Plain text of the commit. */
  message: string;
}

/** The text of a retrain from what it answers; `report` is the drift's, null for a retrain by schedule. */
export function retrainText(
  { model, reason, version, window }: RetrainMemory,
  {
    before,
    schedule,
    report,
    owner,
    trial = null,
  }: {
    before: Window;
    schedule: string;
    report: { title: string; body: string } | null;
    owner: string | null;
    /** What a trial of it gave; null where none was made. */
    trial?: RetrainTrial | null;
  },
): RetrainText {
  const title = `Retrain ${model} on data up to ${window.end}`;
  const why =
    reason === "drift" ? (report?.title ?? `${model} is drifting`) : `A retrain is due: it is planned ${schedule}`;
  const moved = `\`features.window\` moves from ${told(before)} to ${told(window)} (the end is exclusive). Nothing else changes.`;
  const gain = trial && reason === "drift" ? [`Expected, by a trial: ${trialWords(trial)}.`] : [];
  const check = `The comparison with v${version}, on test rows of the new window, follows as a comment, and the check \`mergeml\` says whether it may be merged.`;
  const choices = [
    "1. **Merge it** to deploy the retrained model.",
    "2. **Commit to this branch** to change more; mergeml then leaves it to you.",
    `3. **Close it** to decline. ${reason === "drift" ? "It comes back when the drift has grown by half, or for another version." : "It comes back when the next retrain is due."}`,
  ];
  const evidence =
    report && reason === "drift"
      ? [`<details><summary>The drift</summary>\n\n${report.body.trim()}\n\n</details>`]
      : [];
  const asked = owner === null ? [] : [`<sub>Owner: ${owner}</sub>`];
  const body = [`**${why}.**`, moved, ...gain, check, choices.join("\n"), ...evidence, ...asked].join("\n\n");
  return { title, body, message: `Move features.window from ${told(before)} to ${told(window)}.` };
}

function told({ start, end }: Window): string {
  return `${start} … ${end}`;
}
