/** Members of a record, each one level down, that hold most of its bytes: what is drawn of one version alone. */
const drawn = ["curves", "pictures", "bins", "explanations", "slices"].map((name) => Buffer.from(`\n    "${name}": `));

/**
 * The text of a record with null for what is drawn of one version alone, for those who list thousands: to parse all of them is most of
 * their time. A line in JSON as `writeRecord` indents it begins nowhere within a text, so that a member ends where its bracket stands
 * as far in as its name. A record that is written in another way is left as it is.
 */
export function recordOutline(content: Uint8Array): string {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const cuts = drawn.flatMap((name) => cutOf(bytes, name) ?? []).sort((a, b) => a.from - b.from);
  let [text, at] = ["", 0];
  for (const { from, to } of cuts) {
    text += `${bytes.toString("utf8", at, from)}null`;
    at = to;
  }
  return text + bytes.toString("utf8", at);
}

/** Where the member's value stands, if it has lines of its own. */
function cutOf(bytes: Buffer, name: Buffer): { from: number; to: number } | null {
  const at = bytes.indexOf(name);
  if (at < 0) return null;
  const from = at + name.length;
  const closing = { "{\n": "\n    }", "[\n": "\n    ]" }[bytes.toString("latin1", from, from + 2)];
  const end = closing === undefined ? -1 : bytes.indexOf(closing, from);
  return closing === undefined || end < 0 ? null : { from, to: end + closing.length };
}
