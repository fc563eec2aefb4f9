/** One line of a comparison of two texts. */
export interface DiffLine {
  kind: "same" | "removed" | "added";
  text: string;
}

/** Above this many cells the table of common subsequences costs more than a neat diff is worth. */
const MOST_CELLS = 4_000_000;

/** The lines of both texts in order, as few as possible removed and added (longest common subsequence). */
export function diffLines(before: string, after: string): DiffLine[] {
  const [a, b] = [splitLines(before), splitLines(after)];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  return [
    ...a.slice(0, start).map(line("same")),
    ...diffMiddle(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    ...a.slice(a.length - end).map(line("same")),
  ];
}

/** A unified diff with `context` lines around each change; empty when the texts are equal. */
export function unifiedDiff(before: string, after: string, context = 3): string {
  const lines = diffLines(before, after);
  const near = nearChanges(lines, context);
  const [marks, hunks] = [{ same: " ", removed: "-", added: "+" }, [] as string[]];
  let [oldLine, newLine] = [1, 1];
  lines.forEach((each, at) => {
    if (near[at]) {
      if (!near[at - 1]) hunks.push(hunkHeader(lines, near, at, oldLine, newLine));
      hunks.push(marks[each.kind] + each.text);
    }
    if (each.kind !== "added") oldLine++;
    if (each.kind !== "removed") newLine++;
  });
  return hunks.join("\n");
}

function splitLines(text: string): string[] {
  return text.replace(/\r\n?/g, "\n").replace(/\n$/, "").split("\n");
}

function line(kind: DiffLine["kind"]): (text: string) => DiffLine {
  return (text) => ({ kind, text });
}

function diffMiddle(a: readonly string[], b: readonly string[]): DiffLine[] {
  if (a.length * b.length > MOST_CELLS) return [...a.map(line("removed")), ...b.map(line("added"))];
  const width = b.length + 1;
  const common = commonLengths(a, b);
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ kind: "same", text: a[i++]! });
      j++;
    } else if (i < a.length && (j === b.length || common[(i + 1) * width + j]! >= common[i * width + j + 1]!)) {
      lines.push({ kind: "removed", text: a[i++]! });
    } else {
      lines.push({ kind: "added", text: b[j++]! });
    }
  }
  return lines;
}

/** Row-major [a + 1, b + 1]: the length of the longest common subsequence of a[i…] and b[j…]. */
function commonLengths(a: readonly string[], b: readonly string[]): Uint32Array {
  const width = b.length + 1;
  const common = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const at = i * width + j;
      common[at] = a[i] === b[j] ? common[at + width + 1]! + 1 : Math.max(common[at + width]!, common[at + 1]!);
    }
  }
  return common;
}

function nearChanges(lines: readonly DiffLine[], context: number): boolean[] {
  const near = new Array<boolean>(lines.length).fill(false);
  lines.forEach((each, at) => {
    if (each.kind !== "same") near.fill(true, Math.max(0, at - context), at + context + 1);
  });
  return near;
}

function hunkHeader(
  lines: readonly DiffLine[],
  near: readonly boolean[],
  at: number,
  old: number,
  fresh: number,
): string {
  let end = at;
  while (near[end]) end++;
  const hunk = lines.slice(at, end);
  const count = (absent: DiffLine["kind"]) => hunk.filter((each) => each.kind !== absent).length;
  return `@@ -${old},${count("added")} +${fresh},${count("removed")} @@`;
}
