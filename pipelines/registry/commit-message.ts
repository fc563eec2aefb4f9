import type { Outcome } from "../gate/verdict.ts";

/** What the trailers of a registry commit say; they are for people and for `git log --grep`, never trusted by a reader. */
export interface CommitFacts {
  model: string;
  /** The version registered, or the one in production after the commit; null when nothing is. */
  version: number | null;
  candidate: string | null;
  pullRequest: number | null;
  verdict: Outcome | null;
  /** Why mergeml took a promotion back by itself, in a line; null when a person did it, and for everything else. */
  automatic?: string | null;
  /** Where the pointer moved; production when left out. */
  environment?: string | null;
}

export function registerSubject(model: string, version: number): string {
  return `register(${model}): version ${version}`;
}

/** `promote(flight-delay): 2 -> 3`; ASCII, so that it can be typed after `git log --grep`. */
export function promoteSubject(model: string, from: number | null, to: number, environment = "production"): string {
  return `promote(${model}): ${from ?? "none"} -> ${to}${placeWords(environment)}`;
}

export function rollbackSubject(
  model: string,
  from: number | null,
  to: number | null,
  environment = "production",
): string {
  return `rollback(${model}): ${from ?? "unreadable"} -> ${to ?? "none"}${placeWords(environment)}`;
}

/** Production goes without saying. */
function placeWords(environment: string): string {
  return environment === "production" ? "" : ` in ${environment}`;
}

/** `challenge(flight-delay): 3 as a shadow`; what follows the colon is told by the caller. */
export function challengeSubject(model: string, what: string): string {
  return `challenge(${model}): ${what}`;
}

export interface ParsedSubject {
  kind: "register" | "promote" | "rollback" | "revert";
  model: string;
}

/** Reads a subject of ours, or of a `git revert` of one of ours; null for any other. */
export function parseSubject(subject: string): ParsedSubject | null {
  const [, reverts, verb, model] =
    /^((?:Re(?:vert|apply) ")*)(register|promote|rollback)\(([a-z0-9-]+)\): /.exec(subject) ?? [];
  if (!verb || !model) return null;
  return { kind: reverts ? "revert" : (verb as ParsedSubject["kind"]), model };
}

/** What `git revert` itself writes. */
export function revertMessage(subject: string, commit: string): { subject: string; body: string } {
  return { subject: `Revert "${subject}"`, body: `This reverts commit ${commit}.` };
}

/** Subject, an optional body and trailers as one commit message. */
export function formatMessage(subject: string, body: string | null, facts: CommitFacts): string {
  const trailers = [
    `Model: ${facts.model}`,
    `Version: ${facts.version ?? "none"}`,
    facts.candidate === null ? null : `Candidate: ${facts.candidate}`,
    facts.pullRequest === null ? null : `Pull-Request: ${facts.pullRequest}`,
    facts.verdict === null ? null : `Verdict: ${facts.verdict}`,
    (facts.environment ?? "production") === "production" ? null : `Environment: ${facts.environment}`,
    ...(facts.automatic == null ? [] : ["Automatic: rollback.when", `Reason: ${oneLine(facts.automatic)}`]),
  ].filter((line) => line !== null);
  return `${[subject, body, trailers.join("\n")].filter((part) => part !== null).join("\n\n")}\n`;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

/** The facts of a message's last paragraph; null for a message without them, e.g. of a plain `git revert`. */
export function parseFacts(message: string): CommitFacts | null {
  const last = message.trimEnd().split(/\n\n+/).at(-1) ?? "";
  const trailers = new Map(last.split("\n").map((line) => trailer(line)));
  const model = trailers.get("Model");
  const version = trailers.get("Version");
  if (model === undefined || version === undefined) return null;
  const pullRequest = trailers.get("Pull-Request");
  return {
    model,
    version: version === "none" ? null : Number(version),
    candidate: trailers.get("Candidate") ?? null,
    pullRequest: pullRequest === undefined ? null : Number(pullRequest),
    verdict: (trailers.get("Verdict") as Outcome | undefined) ?? null,
    automatic: trailers.has("Automatic") ? (trailers.get("Reason") ?? "") : null,
    ...(trailers.has("Environment") && { environment: trailers.get("Environment") ?? null }),
  };
}

function trailer(line: string): [string, string] {
  const at = line.indexOf(": ");
  return at < 0 ? [line, ""] : [line.slice(0, at), line.slice(at + 2)];
}
