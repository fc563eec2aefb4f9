/** The first line of a Markdown text as a comment that carries facts for the next run. The facts must hold no `-->`. */
export function writeHidden(kind: string, facts: object): string {
  return `<!-- mergeml:${kind} ${JSON.stringify(facts)} -->`;
}

/** The facts in the first line; empty when it is none of this kind or was damaged. They are somebody's claim: check each. */
export function readHidden(kind: string, text: string): Readonly<Record<string, unknown>> {
  const line = text.split(/\r?\n/, 1)[0] ?? "";
  const [before, after] = [`<!-- mergeml:${kind} `, " -->"];
  if (!line.startsWith(before) || !line.endsWith(after)) return {};
  try {
    const facts: unknown = JSON.parse(line.slice(before.length, -after.length));
    return typeof facts === "object" && facts !== null ? (facts as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
