import { formatCount } from "../../statistics/format-number.ts";
import {
  type Evidence,
  findingSentence,
  isBroken,
  type RollbackJudgement,
} from "../../watch/promotion/decide-rollback.ts";

/** How somebody else's text is made safe to show, and how what is broken stands out. */
interface Words {
  safe(text: string): string;
  strong(text: string): string;
}

/** What live data says of a promotion: what follows from it, since when, and a line for each condition. */
export function liveLimitLines({ evidence, decision }: RollbackJudgement, words: Words): string[] {
  const follows = decision.action === "held" ? `${decision.why}. It stays, for you to decide` : decision.why;
  const lead = `Limits of rollback.when: ${words.safe(follows)}.`;
  return [`${lead} ${sinceText(evidence)}`, ...findingLines(evidence, words)];
}

/** A line for each condition, as a list; none when the window ended before the promotion. */
function findingLines({ findings, window }: Evidence, { safe, strong }: Words): string[] {
  if (window.from >= window.to) return [];
  return findings.map((each) => `- ${isBroken(each) ? `${strong("broken")}: ` : ""}${safe(findingSentence(each))}`);
}

/** What the evidence is about. */
function sinceText({ version, window, least }: Evidence): string {
  if (window.from >= window.to) return `v${version} came into production after this window.`;
  return `From ${minute(window.from)} to ${minute(window.to)}, where at least ${formatCount(least)} rows count:`;
}

/** `2001-04-09 12:00 UTC` */
function minute(time: string): string {
  return `${time.slice(0, 16).replace("T", " ")} UTC`;
}
