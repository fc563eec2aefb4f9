import type { DriftState, NoticeDecision } from "./decide-notice.ts";

/** What a person reads of a drift: Markdown without any hidden line. */
export interface NoticeText {
  title: string;
  body: string;
  /** Posted with a close or a reopening; a change of the body alone tells nobody. Empty otherwise. */
  comment: string;
  /** `@user` or `@org/team`. */
  owner: string | null;
}

export interface NoticeParts {
  /** The drift report. */
  report: { title: string; body: string } | null;
  owner: string | null;
}

/** The text around a drift report, which may be null when there is nothing to report any more. */
export function noticeText(decision: NoticeDecision, state: DriftState, { report, owner }: NoticeParts): NoticeText {
  const mention =
    owner === null ? [] : [`<sub>Owner: ${owner}. This text is kept up to date while the drift lasts.</sub>`];
  const body = [report?.body.trim() ?? "", ...mention].join("\n\n");
  return { title: report?.title ?? `${state.model} drifts`, body, comment: commentOf(decision, state, owner), owner };
}

function commentOf(decision: NoticeDecision, state: DriftState, owner: string | null): string {
  const { model, version } = state;
  const day = state.to.slice(0, 10);
  if (decision.action === "close") {
    if (decision.why === "returned")
      return `**Rows come again** for ${model} v${version}, up to ${day}. Should they stop once more, this issue opens again.`;
    if (decision.why === "harmless")
      return `**It costs nothing.** What moved in the data of ${model} v${version}, up to ${day}, does not make it worse by its labels. Should that change, this issue opens again.`;
    return decision.why === "clean"
      ? `**No drift any more.** The last windows of ${model} v${version}, up to ${day}, are clean. Should it drift anew, this issue opens again.`
      : `**Nothing to watch any more.** No version of ${model} is in production.`;
  }
  if (decision.action !== "reopen") return "";
  const asked = owner === null ? "" : ` ${owner}, please have a look.`;
  const [before, now] = [decision.before, decision.memory.severity].map((each) => each.toPrecision(2));
  const why = {
    again: `**${model} drifts again**, up to ${day}.`,
    grown: `**The drift has grown by half** since this issue was closed: ${before} → ${now} times its limit, up to ${day}.`,
    silent: `**${model} gets no rows any more**, up to ${day}.`,
    "another version": `**${model} v${version} drifts too**, up to ${day}; this issue was closed for an earlier version.`,
  }[decision.why];
  return `${why}${asked}`;
}
