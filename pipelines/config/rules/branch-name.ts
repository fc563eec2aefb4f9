// biome-ignore lint/suspicious/noControlCharactersInRegex: git forbids them.
const forbidden = /[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|^[-/.]|[/.]$|\.lock$|\/\.|\.lock\/|^@$/;

/** Whether git takes a text as the name of a branch (the rules of git-check-ref-format). */
export function isBranchName(name: string): boolean {
  return name.length > 0 && name.length <= 200 && !name.startsWith("refs/") && !forbidden.test(name);
}
