import { appendFile, stat } from "node:fs/promises";

/** GitHub drops the whole summary of a step above this many bytes. */
const limitBytes = 1_048_576;
const note = "\n\n*Cut here: a job's summary has a limit.*\n";

/** Appends Markdown to the job's summary, cut at a line so that it stays below the limit. Does nothing outside a workflow. */
export async function appendJobSummary(
  env: Readonly<Record<string, string | undefined>>,
  markdown: string,
): Promise<void> {
  const file = env.GITHUB_STEP_SUMMARY;
  if (!file) return;
  const used = await stat(file).then(
    ({ size }) => size,
    () => 0,
  );
  const room = limitBytes - used - 1;
  const text = `${markdown.trimEnd()}\n`;
  if (Buffer.byteLength(text) <= room) return appendFile(file, text);
  const space = room - Buffer.byteLength(note);
  if (space >= 0) await appendFile(file, `${cutAt(text, space)}${note}`);
}

/** The whole lines that fit into so many bytes; of a line that is longer than all of them, its beginning. */
function cutAt(text: string, bytes: number): string {
  const kept = Buffer.from(text).subarray(0, bytes);
  const end = kept.lastIndexOf("\n");
  // A character that was cut through reads as U+FFFD.
  return end > 0 ? kept.subarray(0, end).toString("utf8") : kept.toString("utf8").replace(/\uFFFD$/, "");
}
