// Records what PostgreSQL answers: `PGHOST=… PGUSER=… node test/data/engines/postgres/record-process.ts`, with a database of
// encoding UTF8 and collation C. Run it when the SQL that is asked has changed.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { type Ask, type Exchange, postgresSession, recording } from "./recorded-session.ts";
import { findings, plans, postgresColumns, setUp } from "./work.ts";

const psql = spawn("sh", ["-c", "exec psql -qAtX -d postgres 2>&1"], { stdio: ["pipe", "pipe", "inherit"] });
const lines = createInterface({ input: psql.stdout })[Symbol.asyncIterator]();
const exchanges: Exchange[] = [];

const ask: Ask = async (sql) => {
  const query = /^\s*SELECT/.test(sql) ? `SELECT coalesce(json_agg(t), '[]') FROM (${sql}) AS t` : sql;
  psql.stdin.write(`${query};\n\\echo done\n`);
  const answer: string[] = [];
  for (let line = await lines.next(); line.value !== "done"; line = await lines.next()) {
    if (line.done) throw new Error(`psql ended: ${answer.join("\n")}`);
    answer.push(line.value);
  }
  exchanges.push({ sql, ...answerOf(answer) });
  return exchanges.at(-1)!;
};

function answerOf(lines: readonly string[]): Omit<Exchange, "sql"> {
  const error = lines.find((line) => line.startsWith("ERROR:"));
  if (error !== undefined) return { error: error.replace(/^ERROR: */, "") };
  return lines.length === 0 ? {} : { rows: JSON.parse(lines.join("\n")) };
}

for (const plan of plans) {
  for (const statement of [...setUp("double precision"), "SET TimeZone = 'UTC'"]) await ask(statement);
  await findings(postgresSession(ask, postgresColumns, new Map()), plan, "/staging");
  await ask("DROP TABLE mergeml_hashed");
}
psql.stdin.end();
await once(psql, "exit");
writeFileSync(recording, `${JSON.stringify(exchanges, null, 1)}\n`);
