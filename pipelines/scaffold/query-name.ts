/** A column's name in a query, quoted where it must be: a column may be named like a keyword. */
export function quotedName(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) && !reserved.has(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

const reserved = new Set(
  "all and any array as asc both case cast check column constraint create default desc distinct do else end except false fetch for foreign from grant group having in initially intersect into lateral leading limit not null offset on only or order primary references returning select show some summarize symmetric table then to trailing true union unique using variadic when where window with".split(
    " ",
  ),
);
