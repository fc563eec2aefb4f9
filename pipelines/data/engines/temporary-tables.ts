import type { QuerySession } from "./session.ts";

/** How a session keeps the rows of a query where a connection has temporary tables. */
export function temporaryTables(run: (sql: string) => Promise<void>): Pick<QuerySession, "keep" | "view" | "release"> {
  return {
    async keep(name, query) {
      await run(`CREATE TEMP TABLE ${name} AS ${query}`);
      return name;
    },
    async view(name, query) {
      await run(`CREATE TEMP VIEW ${name} AS ${query}`);
      return name;
    },
    release: (kept, views) => run([...views.map((view) => `DROP VIEW ${view}`), `DROP TABLE ${kept}`].join("; ")),
  };
}

/** The only row of an aggregate. */
export function onlyRow(rows: QuerySession["rows"]): QuerySession["row"] {
  return async (sql) => {
    const [first] = await rows(sql);
    if (!first) throw new Error(`no row came back from: ${sql}`);
    return first;
  };
}
