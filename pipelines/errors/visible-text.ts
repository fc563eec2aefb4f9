/**
 * Control characters, the bidirectional ones that make a line read differently from what it is, and those that nobody sees.
 * Not the joiners U+200C and U+200D, which scripts and emoji need.
 */
const hidden =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/** Text from a file, safe to print: it cannot move the cursor, colour the terminal or hide itself. Tabs and line feeds stay. */
export function visibleText(text: string): string {
  return text.replaceAll(hidden, (character) => {
    const code = character.charCodeAt(0);
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    return code === 0x7f ? "\u2421" : "\ufffd";
  });
}

/** Columns a character takes on a terminal: 0 for combining marks, 2 for CJK and emoji (an approximation of Unicode TR11), else 1. */
export function displayWidth(character: string): number {
  if (/^(?:\p{Mark}|[\u200b-\u200d])/u.test(character)) return 0;
  return /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303f\uff01-\uff60]/u.test(
    character,
  )
    ? 2
    : 1;
}
