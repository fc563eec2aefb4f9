/**
 * Makes the library keep a U+FEFF at the beginning of a text, which it takes for a byte order mark and drops: two categories,
 * classes or columns of a table would become one.
 */
export async function keepWholeTexts(): Promise<void> {
  const { default: accessors } = await import("@duckdb/node-api/lib/vectors/dataAccessors.js");
  Object.assign(accessors, { textDecoder: wholeTexts });
}

const wholeTexts = new TextDecoder("utf-8", { ignoreBOM: true });
