import type { GitHub } from "./github/client.ts";
import { readComment } from "./github/comment.ts";

/** The hidden first line of the report's comment. */
export const reportMarker = "<!-- mergeml:report -->";

/** The report's comment on a pull request; null when there is none. */
export function findReportComment(github: GitHub, pullRequest: number): Promise<string | null> {
  return readComment(github, pullRequest, reportMarker);
}
