import { EnvironmentError } from "../../errors/expected-error.ts";

export type GitFailureKind =
  | "missing-git"
  | "timeout"
  | "raced"
  | "locked"
  | "in-the-way"
  | "disk-full"
  | "auth"
  | "network"
  | "read-only"
  | "refused"
  | "missing-ref"
  | "ownership"
  | "not-a-repository"
  | "identity"
  | "signing"
  | "damaged"
  | "unknown";

interface Rule {
  kind: GitFailureKind;
  pattern: RegExp;
  what: string;
  mend: string;
  /** Instead, of a remote that has no name in the repository, given its address. */
  mendAt?: (address: string) => string;
}

/** What a person may try for himself: git answers with the branches that he may read. */
const tryReading = (address: string) => `git ls-remote ${redact(address)}`;

/** What only a person can change: the same command fails again. */
const permanentKinds: ReadonlySet<GitFailureKind> = new Set([
  "missing-git",
  "auth",
  "read-only",
  "refused",
  "in-the-way",
  "ownership",
  "not-a-repository",
  "identity",
  "signing",
]);

/** What git's English stderr means. The first rule that matches decides, so a cause stands above its consequences. */
const rules: readonly Rule[] = [
  {
    kind: "raced",
    pattern:
      /\((fetch first|non-fast-forward|stale info)\)|but expected [0-9a-f]{40}|incorrect old value|reference already exists/,
    what: "somebody else wrote to the branch first",
    mend: "run the same command again",
  },
  {
    // https://docs.github.com/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets
    kind: "refused",
    pattern: /\bGH0\d\d: |Repository rule violations found|push declined due to repository rule/,
    what: "the remote's rules for this branch refused the push",
    mend: "whoever administers the repository can let this writer pass: Settings → Rules → Rulesets → Bypass list",
  },
  {
    kind: "disk-full",
    pattern: /No space left on device|Disk quota exceeded|File too large/i,
    what: "the disk is full",
    mend: "free some space there, then run the same command again",
  },
  {
    kind: "auth",
    pattern:
      /Authentication failed|could not read (Username|Password)|terminal prompts disabled|Permission denied \(|returned error: 40[13]|Repository not found|Host key verification failed/i,
    what: "the remote did not accept your credentials",
    mend: "check that you may push there: git push --dry-run",
    mendAt: (address) => `check that git may read there: ${tryReading(address)}`,
  },
  {
    kind: "read-only",
    pattern:
      /Permission denied|Read-only file system|insufficient permission|Operation not permitted|unable to create temporary|unpacker error/i,
    what: "the repository cannot be written to",
    mend: "check who owns its files, and whether its disk is full or mounted read-only",
  },
  {
    kind: "in-the-way",
    pattern: /'refs\/[^']+' exists; cannot create 'refs\/|directory.file conflict/,
    what: "another branch is in the way: git keeps a name either as a branch or as a folder of branches",
    mend: "rename or delete the branch that is named here",
  },
  {
    kind: "locked",
    pattern: /Unable to create '.*\.lock': File exists|cannot lock ref|unable to lock|failed to update ref/i,
    what: "another git process holds a lock, or one that was killed left it behind",
    mend: "when no git is running, delete the .lock file that is named here",
  },
  {
    kind: "missing-ref",
    pattern: /couldn't find remote ref|no such ref|unknown revision or path/i,
    what: "the branch does not exist",
    mend: "create it: mergeml init",
  },
  {
    kind: "ownership",
    pattern: /dubious ownership/,
    what: "the repository belongs to another user, so git does not trust it",
    mend: "trust it: git config --global --add safe.directory <folder>",
  },
  {
    kind: "network",
    pattern:
      /Could not resolve host|unable to access|Connection (refused|timed out|reset|closed)|Could not read from remote repository|does not appear to be a git repository|remote end hung up|early EOF|RPC failed|Network is unreachable|timed out|unexpected disconnect|No such remote/i,
    what: "the remote cannot be reached",
    mend: "check the network and the address: git remote -v",
    mendAt: (address) => `check the network and the address: ${tryReading(address)}`,
  },
  {
    kind: "refused",
    pattern: /\[remote rejected\]/,
    what: "the remote refused the push",
    mend: "its branch rules or its hook said no: whoever administers it can allow pushes to this branch",
  },
  {
    kind: "identity",
    pattern: /Please tell me who you are|unable to auto-detect email|empty ident name|no (name|email) was given/,
    what: "git does not know who you are",
    mend: 'tell it: git config user.name "Your Name" and git config user.email you@your.domain',
  },
  {
    kind: "signing",
    pattern: /failed to sign|gpg failed|cannot run gpg|error: Load key/,
    what: "the commit could not be signed",
    mend: "mend the key, or do not ask for it here: git config commit.gpgSign false",
  },
  {
    kind: "not-a-repository",
    pattern: /not a git repository/,
    what: "this is not a git repository",
    mend: "run it inside one, or make one: git init",
  },
  {
    kind: "damaged",
    pattern:
      /is corrupt|bad object|object file .* is empty|missing (blob|tree|commit)|unable to read|bad tree|not a valid object/i,
    what: "the repository lacks or cannot read some of its objects",
    mend: "look at it with git fsck; a fresh clone has what the remote has",
  },
];

/** A git command that failed, with what it means. `stderr` is free of credentials. */
export class GitError extends EnvironmentError {
  readonly kind: GitFailureKind;
  readonly stderr: string;

  constructor(
    kind: GitFailureKind,
    message: string,
    detail: { tried: string; safe: string; stderr: string },
    options?: ErrorOptions,
  ) {
    super(message, { ...detail, permanent: permanentKinds.has(kind) }, options);
    this.name = "GitError";
    this.kind = kind;
    this.stderr = detail.stderr;
  }
}

interface FailedCommand {
  args: readonly string[];
  code: number | null;
  /** stderr, and stdout where the reason stands there (`git push --porcelain`). */
  output: string;
  safe: string;
  /** Of the remote that it spoke with, where no setting of the repository has it. */
  address?: string | undefined;
}

/** Turns a failed git command into the error that says what happened, what was tried, what is safe and how to mend it. */
export function gitFailure({ args, code, output, safe, address }: FailedCommand): GitError {
  const stderr = redact(output.trim());
  const tried = describeCommand(args);
  const rule = rules.find((each) => each.pattern.test(stderr));
  const detail = tellingLines(stderr);
  if (!rule) {
    const message = `${tried} failed${code === null ? "" : ` (exit code ${code})`}${detail ? `: ${detail}` : ""}`;
    return new GitError("unknown", message, { tried, safe, stderr });
  }
  const mend = (address !== undefined && rule.mendAt?.(address)) || rule.mend;
  const message = `${rule.what}${detail ? `: ${detail}` : ""}\n${mend}`;
  return new GitError(rule.kind, message, { tried, safe, stderr });
}

/** `git push origin …` as a person would type it: without our own `-c` settings and without credentials. */
export function describeCommand(args: readonly string[]): string {
  return redact(`git ${args.join(" ")}`).slice(0, 200);
}

/** Said by git and who it speaks with, or by a program that git asked, such as a credential helper that may not read its file. */
const telling = /^(fatal|error|remote|!|ssh):?\s|^\S+: .*: (Permission denied|No such file or directory)$/;

/** The lines of git's output that carry the reason; its advice and progress are left out. */
function tellingLines(stderr: string): string {
  const lines = stderr.split("\n").map((line) => line.trim());
  const reasons = lines.filter((line) => telling.test(line) && !/^remote:\s*$/.test(line));
  const chosen = reasons.length > 0 ? reasons : lines.filter(Boolean);
  return chosen
    .slice(0, 4)
    .map((line) => line.replace(/^(fatal|error):\s*/, "").replaceAll("\t", " "))
    .join("; ");
}

const urlCredentials = /([a-z][a-z0-9+.-]*:\/\/)[^/@\s]+@/gi;
const tokens = /\b(gh[a-z]_\w{8,}|github_pat_\w{8,}|glpat-[\w-]{8,})|(authorization:\s*\S+\s+)\S+/gi;

/** Text without the credentials that git repeats from URLs and headers, so that it may be logged. */
export function redact(text: string): string {
  return text.replace(urlCredentials, "$1").replace(tokens, (_all, _token, header) => `${header ?? ""}***`);
}
