import { readFileSync } from "node:fs";

/** The release that runs, when it was installed by name: its repository, owner/name, and its commit. null in a checkout of the sources. */
export function ownRelease(): { repository: string; commit: string } | null {
  const text = readFileSync(new URL("./release.json", import.meta.url), "utf8");
  const { repository, commit } = JSON.parse(text) as { repository: string | null; commit: string | null };
  return repository === null || commit === null ? null : { repository, commit };
}

/** Asks for a bug's report. Only a release knows its repository, and a name that nobody has could be a stranger's tomorrow. */
export function askForReport(lines: string): string {
  return `Please report it with ${lines}: ${issuesOf(ownReleaseIfAny())}`;
}

function issuesOf(release: { repository: string } | null): string {
  return release ? `https://github.com/${release.repository}/issues/new` : "to where you have mergeml from";
}

/** A bug is told also where this file is not beside its code. */
function ownReleaseIfAny(): ReturnType<typeof ownRelease> {
  try {
    return ownRelease();
  } catch {
    return null;
  }
}
