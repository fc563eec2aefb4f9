import type { GitHub } from "./github/client.ts";
import { readComment } from "./github/comment.ts";

/** The hidden first line of the report's comment. Two folders of models in one repository have a comment each. */
export function reportMarker(folder: string): string {
  return `<!-- mergeml:report${folder === "" ? "" : ` ${folder}`} -->`;
}

/** Seconds of training and the run that reported: they differ when a job runs again, and are no reason to notify anybody. */
export const incidentalText =
  /trained in [\d.,]+ s|\/actions\/runs\/\d+(\/artifacts\/\d+)?|<!-- mergeml:run [^\n]*|[\d.,]+ min of runners[^·<\n]*/g;

/** What a comment that was cut says of where the rest is. */
export function elsewhereOf(link: string): string {
  return `The [full report](${link}) has everything.`;
}

/** The report's comment on a pull request; null when there is none. */
export function findReportComment(github: GitHub, pullRequest: number, folder: string): Promise<string | null> {
  return readComment(github, pullRequest, reportMarker(folder));
}
