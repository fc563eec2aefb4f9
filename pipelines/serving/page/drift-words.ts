import { foreign, type Html, html, moment } from "../../report/page/html.ts";
import { countOf } from "../../statistics/format-number.ts";
import type { LastCheck } from "../../watch/last-check.ts";
import type { ModelFacts } from "../serving-facts.ts";

/** In words and a sign of its own, so that colour says nothing by itself. */
const words: Readonly<Record<LastCheck["outcome"], readonly [sign: string, words: string, kind: string]>> = {
  clean: ["●", "no drift", "good"],
  drift: ["▲", "drifting", "bad"],
  silent: ["▲", "no rows any more", "bad"],
  "too few rows": ["○", "too few rows to tell drift", "open"],
};

function stateOf(outcome: LastCheck["outcome"], more: Html): Html {
  const [sign, says, kind] = words[outcome];
  return html`<span class="state ${kind}"><span aria-hidden="true">${sign}</span> ${says}${more}</span>`;
}

/** What the model's line says of drift: what the server saw in its own log, else what was found where it runs. */
export function driftParts({ live, drift }: ModelFacts): Html[] {
  if (live?.drift) return [stateOf(live.drift.outcome, html``)];
  return drift ? [lastCheckWords(drift)] : [];
}

/** The same in full: of the log with when it was looked at, and of the last check where there was one. */
export function driftFacts({ live, drift }: ModelFacts, now: Date): [string, Html][] {
  return [
    ["drift of the log", live ? liveWords(live, now) : html`not looked at yet`],
    ...(drift ? [["last check", lastCheckWords(drift)] as [string, Html]] : []),
  ];
}

/** `▲ drifting: size, city, 1,204 rows since 09:14 UTC; looked at 14:12 UTC` */
function liveWords({ drift, rows, window, looked }: NonNullable<ModelFacts["live"]>, now: Date): Html {
  const span = html`${countOf(rows, "row")} since ${moment(window.from, now)}; looked at ${moment(looked, now)}`;
  if (drift === null) return html`${rows === 0 ? "nothing to compare" : "this version has no profile"}: ${span}`;
  const named = drift.columns.slice(0, mostColumns).map((name, at) => html`${at > 0 && ", "}${foreign(name)}`);
  // Columns of little weight may move without the model.
  const among = drift.outcome === "drift" ? " in " : ", although these moved: ";
  const more = drift.columns.length > mostColumns && `, ${drift.columns.length - mostColumns} more`;
  return html`${stateOf(drift.outcome, html``)}${named.length > 0 && html`${among}${named}${more}`}, ${span}`;
}

const mostColumns = 5;

function lastCheckWords({ outcome, window }: LastCheck): Html {
  const last = new Date(Date.parse(window.to) - 1);
  const until = Number.isNaN(last.getTime()) ? "" : ` (until ${last.toISOString().slice(0, 10)})`;
  return stateOf(outcome, html`${until}`);
}
