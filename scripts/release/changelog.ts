/** A version's part of the changelog. */
export interface ReleaseNotes {
  version: string;
  text: string;
}

const heading = /^## \[?(\d+\.\d+\.\d+(?:-[\w.]+)?)\]?(?: - \d{4}-\d\d-\d\d)?\s*$/;

/** The newest version that the changelog has a heading of, with what it says; null when all is unreleased. */
export function newestRelease(changelog: string): ReleaseNotes | null {
  const lines = changelog.split("\n");
  const start = lines.findIndex((line) => heading.test(line));
  if (start < 0) return null;
  const length = lines.slice(start + 1).findIndex((line) => line.startsWith("## "));
  const end = length < 0 ? lines.length : start + 1 + length;
  return {
    version: heading.exec(lines[start]!)![1]!,
    text: lines
      .slice(start + 1, end)
      .join("\n")
      .trim(),
  };
}

/** The tag that moves with a major version: `v0` of `v0.3.1`; null of a version that is none to rely on yet. */
export function floatingTag(version: string): string | null {
  return version.includes("-") ? null : `v${version.split(".")[0]}`;
}
