import { ago, foreign, type Html, html, moment } from "../../report/page/html.ts";
import { countOf } from "../../statistics/format-number.ts";
import type { Arm } from "../answered-request.ts";
import type { LoadFailure, ModelFacts, ServingFacts } from "../serving-facts.ts";

/** What needs a person, above everything else: what could not be loaded, and what still answers in its place. */
export function notices(facts: ServingFacts): Html {
  const all = [...facts.models.flatMap((model) => modelNotices(model, facts.now)), ...serverNotices(facts)];
  if (all.length === 0) return html``;
  return html`<section class="notices" aria-labelledby="needs"><h2 id="needs">Needs a person</h2><ul>
${all.map((notice) => html`<li>${notice}</li>\n`)}</ul></section>`;
}

function modelNotices(model: ModelFacts, now: Date): Html[] {
  return model.failures.map((failure) => {
    const { version, arm, problem, since } = failure;
    const what = version === null ? html`is damaged` : html`v${version}${role(arm)} was not loaded`;
    return html`<strong>${foreign(model.name)} ${what}:</strong> ${foreign(problem)} <span class="aside">(since ${moment(since, now)})</span>
<p>${stillAnswers(model, failure)}</p>`;
  });
}

function role(arm: Arm): string {
  return arm === "production" ? "" : ` as ${arm}`;
}

function stillAnswers({ versions, name }: ModelFacts, { arm }: LoadFailure): Html {
  const production = versions.find((each) => each.arm === "production");
  if (production === undefined) return html`Nothing answers for ${foreign(name)}: callers get 404.`;
  if (arm === "production") return html`v${production.version} still answers.`;
  return html`v${production.version} answers as before; there is no ${arm}.`;
}

function serverNotices({ registry, log, now }: ServingFacts): Html[] {
  const { problem, commit, looked } = registry;
  const seen = looked === null ? "not looked at since the start" : `last looked at ${ago(looked, now)}`;
  const copy =
    commit === null ? "There is no copy of it here." : `What answers is the last good copy, ${commit.slice(0, 7)}.`;
  return [
    ...(problem === null
      ? []
      : [html`<strong>The registry cannot be read:</strong> ${foreign(problem)}<p>${copy} It was ${seen}.</p>`]),
    ...(log.problem === null
      ? []
      : [
          html`<strong>The prediction log:</strong> ${foreign(log.problem)}<p>Answers are not affected; ${countOf(log.dropped, "row")} lost so far.</p>`,
        ]),
  ];
}
