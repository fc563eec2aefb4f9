/**
 * The name of a model's section. GitHub gives headings in comments no anchors of their own and puts `user-content-`
 * before the names we give, so a link goes to `#user-content-` and this.
 */
export function anchorOf(model: string): string {
  return `mergeml-${model
    .toLowerCase()
    .slice(0, 100)
    .replace(/[^a-z0-9-]/g, "-")}`;
}
