const member = Buffer.from('\n    "');
const closings: Readonly<Record<string, Buffer>> = { "{\n": Buffer.from("\n    }"), "[\n": Buffer.from("\n    ]") };

/**
 * The text of a record with null for each member two levels down that has lines of its own and is not one of `kept`, for those who
 * list thousands: to parse all of each is most of their time. A line in JSON as `writeRecord` indents it begins nowhere within a
 * text, so that a member ends where its bracket stands as far in as its name. A record that is written in another way is left as it is.
 */
export function recordOutline(content: Uint8Array, kept: ReadonlySet<string>): string {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  let [text, told] = ["", 0];
  for (let at = bytes.indexOf(member); at >= 0; at = bytes.indexOf(member, at)) {
    const name = at + member.length;
    const quote = bytes.indexOf(0x22, name);
    const from = quote + '": '.length;
    const closing = closings[bytes.toString("latin1", from, from + 2)];
    const end = closing === undefined ? -1 : bytes.indexOf(closing, from);
    at = Math.max(end, name);
    if (closing === undefined || end < 0 || kept.has(bytes.toString("utf8", name, quote))) continue;
    text += `${bytes.toString("utf8", told, from)}null`;
    told = end + closing.length;
  }
  return text + bytes.toString("utf8", told);
}
