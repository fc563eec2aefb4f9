const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", vert: "|", zwnj: "" };

/** The text that a line of the report's own inline Markdown shows: its escapes and entities read back. */
export function shownText(markdown: string): string {
  return markdown
    .replaceAll("<span>$</span>", "$")
    .replace(/\\([!-/:-@[-`{-~])|&([a-z]+);/gi, (found, sign: string | undefined, entity: string | undefined) =>
      sign !== undefined ? sign : (ENTITIES[entity!] ?? found),
    );
}

/** The parts of a report outside of fenced blocks, and the fenced blocks. Throws when a fence is not closed. */
export function splitFences(markdown: string): { text: string; fences: { language: string; body: string }[] } {
  const text: string[] = [];
  const fences: { language: string; body: string }[] = [];
  let open: { bar: string; language: string; lines: string[] } | null = null;
  for (const line of markdown.split("\n")) {
    const bar = /^ {0,3}(`{3,})([^`]*)$/.exec(line);
    if (open) {
      if (bar && bar[1]!.length >= open.bar.length && bar[2]!.trim() === "") {
        fences.push({ language: open.language, body: open.lines.join("\n") });
        open = null;
      } else open.lines.push(line);
    } else if (bar) open = { bar: bar[1]!, language: bar[2]!, lines: [] };
    else text.push(line);
  }
  if (open) throw new Error(`a fence is not closed: ${open.bar}${open.language}`);
  return { text: text.join("\n"), fences };
}

/** The tables of the text, each a list of rows of cells (Markdown). Throws when a row has another number of cells than its header. */
export function readTables(text: string): string[][][] {
  const tables: string[][][] = [];
  let table: string[][] | null = null;
  for (const line of text.split("\n")) {
    if (!line.startsWith("|")) {
      table = null;
      continue;
    }
    const cells = line
      .replace(/^\||\|$/g, "")
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim());
    if (!table) tables.push((table = []));
    table.push(cells);
    if (cells.length !== table[0]!.length)
      throw new Error(`a row has ${cells.length} cells, its header ${table[0]!.length}: ${line}`);
  }
  return tables;
}

/**
 * Throws when folded parts are not closed, or not surrounded by blank lines, or nested, but for the table in the fold of a chart.
 * Returns the titles of the outer ones.
 */
export function readDetails(text: string): string[] {
  const titles: string[] = [];
  let open = 0;
  const lines = text.split("\n");
  lines.forEach((line, at) => {
    const title = /^<details><summary>([^<>]*)<\/summary>$/.exec(line)?.[1];
    if (title !== undefined) {
      const isTable = open === 1 && title === "The same as a table";
      if ((open > 0 && !isTable) || lines[at + 1] !== "" || (at > 0 && lines[at - 1] !== ""))
        throw new Error(`misplaced: ${line}`);
      if (!isTable) titles.push(title);
      open += 1;
    } else if (line === "</details>") {
      if (open === 0 || lines[at - 1] !== "") throw new Error("a folded part is closed twice or runs on");
      open -= 1;
    } else if (/<\/?(?:details|summary)/i.test(line)) throw new Error(`markup of a folded part in: ${line}`);
  });
  if (open > 0) throw new Error("a folded part is not closed");
  return titles;
}
