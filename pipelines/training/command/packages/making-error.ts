import { EnvironmentError, UserError } from "../../../errors/expected-error.ts";
import { visibleText } from "../../../errors/inert-markdown.ts";
import type { ProgramEnd } from "../run-program.ts";

/** What is known when an environment could not be made. */
export interface FailedMaking {
  end: ProgramEnd;
  command: readonly string[];
  /** The last lines that it said. */
  said: readonly string[];
  /** The lock file, relative to the repository. */
  lock: string;
  minutes: number;
}

const shownLines = 20;

/** What tools say when the network, or a server, is not there. */
const unreachable =
  /could not (?:connect|resolve (?:host|proxy|name))|name or service not known|temporary failure in name resolution|connection (?:refused|reset|error)|(?:read|connect) timed? ?out|network is unreachable|error sending request|failed to fetch|cannot connect to the docker daemon|could not open URL|error downloading .*\[error code (?:[567]|28|35|56)\]|HTTP error 5\d\d/i;

const causes: readonly { pattern: RegExp; hint: string }[] = [
  {
    pattern: /do not match the hashes|hash mismatch|hash(?:es)? (?:does|do) not match/i,
    hint: "the package is not the one that was locked: it was replaced in its index, or on the way. Nothing of it was run; lock again only when you know why",
  },
  {
    pattern:
      /require-hashes mode|hashes are (?:required|missing)|requires? .*, (?:which|but) .*not (?:installed|pinned)/i,
    hint: "the lock does not name all that its packages need: lock again, e.g. uv pip compile requirements.in --universal --generate-hashes -o requirements.txt",
  },
  {
    pattern: /ensurepip is not (?:available|enabled)|No module named (?:venv|pip|ensurepip)/i,
    hint: "install uv, or python3-venv; in a workflow, give the input `setup` the folder of a composite action of yours that uses actions/setup-python",
  },
  {
    pattern:
      /no matching distribution|no (?:compatible )?wheels?|no solution found|building source distributions is disabled|can't be installed because it (?:is marked|doesn't have)/i,
    hint: "there is no wheel of it for this Python and platform: lock a version that has one, or take another Python by .python-version; --no-binary NAME in requirements.txt builds it from source",
  },
  {
    pattern: /failed to find source for/i,
    hint: "the repositories of renv.lock have this version no more: name one that keeps old versions there, e.g. a dated snapshot, and lock again: renv::snapshot()",
  },
  { pattern: /no space left/i, hint: "the disk is full: mergeml gc clears what is not used any more" },
];

/** Turns the way in which making an environment failed into an error that shows its last words and says what to do. */
export function makingError({ end, command, said, lock, minutes }: FailedMaking): Error {
  const words = said.slice(-shownLines).map(visibleText);
  const text = words.join("\n");
  const told = words.length > 0 ? `\n${words.map((line) => `  | ${line}`).join("\n")}` : "";
  const message = `The environment of ${lock} could not be made: ${what(end, command, minutes)}${told}`;
  const isOffline = end.state === "exited" && unreachable.test(text);
  if (isOffline || end.state === "lost") {
    const tried = `to make the environment of ${lock}`;
    return new EnvironmentError(message, { tried, safe: "nothing was trained; nothing half-made is kept" });
  }
  const hint =
    end.state === "timeout" ? "lock fewer or smaller packages" : causes.find((each) => each.pattern.test(text))?.hint;
  return new UserError({ message, ...(hint && { hint }), key: "params.environment" });
}

function what(end: ProgramEnd, command: readonly string[], minutes: number): string {
  const name = visibleText(command.join(" ")).slice(0, 200);
  if (end.state === "timeout") return `${name} took longer than ${minutes} minutes and was ended.`;
  if (end.state === "not-started") return `${name} could not be started: ${end.reason}.`;
  if (end.state === "killed") return `${name} was ended by ${end.signal}.`;
  if (end.state === "lost") return `${name} was ended together with the process that watches it.`;
  return `${name} ended with exit code ${end.code}.`;
}
