import type { LockFault } from "./lock-kind.ts";

const byDigest =
  "name the image by its digest, e.g. FROM python:3.13-slim@sha256:…: docker buildx imagetools inspect python:3.13-slim tells it";
const pinned = /@sha256:[0-9a-f]{64}$/;

/** What of a Dockerfile leaves open which images and archives it starts from. What its RUN lines fetch is theirs to pin. */
export function checkDockerfile(text: string): LockFault[] {
  const stages = new Set(["scratch"]);
  let images = 0;
  const faults: LockFault[] = [];
  for (const { line, entry } of instructions(text)) {
    const [instruction = "", ...words] = entry.split(/\s+/);
    const [image = "", as = "", name = ""] = words.filter((word) => !word.startsWith("--"));
    const isFrom = instruction.toUpperCase() === "FROM";
    if (isFrom) images++;
    for (const each of isFrom ? [image] : imagesOf(instruction, words)) {
      if (stages.has(each) || /^\d+$/.test(each) || pinned.test(each)) continue;
      faults.push({ line, message: `the image ${each.slice(0, 80)} is not named by its digest`, hint: byDigest });
    }
    if (isFrom && as.toUpperCase() === "AS") stages.add(name);
    const archive = /^ADD$/i.test(instruction) && words.find((word) => /^(https?|git|ssh):|^git@/.test(word));
    if (archive && !words.some((word) => /^--checksum=sha256:[0-9a-f]{64}$/.test(word))) {
      faults.push({
        line,
        message: `${archive.slice(0, 80)} has no checksum`,
        hint: "ADD --checksum=sha256:… says which bytes it is",
      });
    }
  }
  if (images > 0) return faults;
  return [{ line: 1, message: "it has no FROM", hint: "a Dockerfile begins with FROM and an image by its digest" }];
}

/** Images that an instruction other than FROM names. */
function imagesOf(instruction: string, words: readonly string[]): string[] {
  if (instruction === "#syntax") return words.slice(0, 1);
  const flags = words.filter((word) => word.startsWith("--"));
  return flags.flatMap(
    (flag) => /^--from=(.+)$/.exec(flag)?.[1] ?? /^--mount=(?:.*,)?from=([^,]+)/.exec(flag)?.[1] ?? [],
  );
}

/** Instructions with the line that each begins on: a backslash joins lines, and comments between them are none. */
function instructions(text: string): { line: number; entry: string }[] {
  const found: { line: number; entry: string }[] = [];
  let open = false;
  for (const [at, written] of text.split("\n").entries()) {
    const syntax = /^#\s*syntax\s*=\s*(\S+)/i.exec(written)?.[1];
    if (syntax && found.length === 0) found.push({ line: at + 1, entry: `#syntax ${syntax}` });
    if (/^\s*#/.test(written)) continue;
    const plain = written.replace(/\\\s*$/, "").trim();
    if (open) found.at(-1)!.entry += ` ${plain}`;
    else if (plain !== "") found.push({ line: at + 1, entry: plain });
    open = /\\\s*$/.test(written) && (open || plain !== "");
  }
  return found;
}
