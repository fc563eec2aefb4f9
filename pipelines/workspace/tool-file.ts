/** Of mergeml's own repository, and of one that was made from it. An application may have an action of the same name. */
export const toolFile = "actions/setup/action.yml";

/** Whether the text of a file of that name is mergeml's. */
export function isToolFile(text: string): boolean {
  return /^name: mergeml setup\r?$/m.test(text);
}
