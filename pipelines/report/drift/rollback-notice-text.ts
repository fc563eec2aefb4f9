import { escapeMarkdown } from "../../errors/inert-markdown.ts";
import type { RollbackEvent, RollbackNotice, RollbackSituation } from "../../watch/notice/decide-rollback-notice.ts";
import { liveLimitLines } from "./live-limits.ts";

/** What a person reads of a rollback: Markdown without any hidden line. */
export interface RollbackNoticeText {
  title: string;
  body: string;
  /** Posted with a close or a reopening; empty otherwise. */
  comment: string;
}

interface NoticeParts {
  situation: RollbackSituation;
  owner: string | null;
  /** The repository's page. */
  repository: string;
}

/** The issue's text. A rollback is told as the registry has it, so that every run writes the same. */
export function rollbackNoticeText(notice: RollbackNotice, parts: NoticeParts): RollbackNoticeText {
  const { situation, owner } = parts;
  const comment = commentOf(notice, situation, owner);
  if (notice.action === "close") return { title: "", body: "", comment };
  const { event } = notice;
  const mention = owner === null ? [] : [`<sub>Owner: ${owner}. This text is kept up to date while it is so.</sub>`];
  const { title, parts: told } = event.event === "held" ? heldText(event) : rolledBackText(event, parts);
  return { title, body: [...told, ...mention].join("\n\n"), comment };
}

const safe = (text: string) => escapeMarkdown(text, 1_000);

function rolledBackText(
  { version, to, commit, time, reason }: Extract<RollbackEvent, { event: "rolled back" }>,
  { situation: { model }, repository }: NoticeParts,
): { title: string; parts: string[] } {
  const where = `[${commit.slice(0, 7)}](${repository}/commit/${commit})`;
  return {
    title: `${model} v${version} was rolled back to v${to}`,
    parts: [
      `**v${version} of ${model} broke its limits of \`rollback.when\` and is out of production.** v${to}, which was there before, is back since ${time.slice(0, 16).replace("T", " ")} UTC: ${where} on the registry branch.`,
      `What live data said: ${safe(reason)}.`,
      steps([
        `Find out why. The model may be at fault, or what feeds it: then v${to} may fail as well.`,
        `Merge a change of \`models/${model}\`: it is compared with v${to} and deployed as any other. v${version} is held and not deployed again by itself.`,
        `Or put v${version} back as it is, when the cause was elsewhere: \`mergeml promote ${model} --to ${version}\`.`,
      ]),
      "Nothing of this model is rolled back automatically again until somebody promotes a version, which also closes this issue.",
    ],
  };
}

function heldText({ version, judgement }: Extract<RollbackEvent, { event: "held" }>): {
  title: string;
  parts: string[];
} {
  const { model } = judgement.evidence;
  const strong = (text: string) => `**${text}**`;
  return {
    title: `${model} v${version} breaks its limits and stays in production`,
    parts: [
      liveLimitLines(judgement, { safe, strong }).join("\n"),
      steps([
        `Take it back by hand, or go to another version: \`mergeml rollback ${model}\`, \`mergeml promote ${model} --to …\`.`,
        `Or merge a change of \`models/${model}\`.`,
        "Or close this issue as expected: it stays closed for this version.",
      ]),
    ],
  };
}

function steps(lines: readonly string[]): string {
  return ["**What to do**", "", ...lines.map((line, at) => `${at + 1}. ${line}`)].join("\n");
}

function commentOf(notice: RollbackNotice, { model, production, by }: RollbackSituation, owner: string | null): string {
  if (notice.action === "reopen") {
    const asked = owner === null ? "" : ` ${owner}, please have a look.`;
    const what = notice.event.event === "held" ? "breaks its limits again" : "was rolled back after all";
    return `**${model} v${notice.event.version} ${what}.**${asked}`;
  }
  if (notice.action !== "close") return "";
  if (notice.why === "sound") return `**${model} v${notice.memory.version} keeps its limits again.**`;
  const now = production === null ? "nothing is in production" : `v${production} is in production`;
  return `**Over:** ${now}${by === null ? "" : `, by ${safe(by)}`}.`;
}
