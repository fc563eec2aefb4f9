import type { CandidateRecord } from "../../registry/version-record.ts";
import { formatNumber } from "../../statistics/format-number.ts";
import { configChanges, valueText } from "../config-changes.ts";
import { brokenChecks, indexChecks, markWords, metricChecks } from "../gate-checks.ts";
import { factTable, type Html, html } from "../page/html.ts";
import { shortLabel } from "../page/plots.ts";
import { classificationFigures, probabilityFigure } from "./classification-figures.ts";
import { columnFigures } from "./column-figures.ts";
import { type Drawing, nameOf } from "./drawing.ts";
import { dependenceFigures, importanceFigure, trainingFigures } from "./explanation-figures.ts";
import { differenceFigure, primaryFigure } from "./primary-figures.ts";
import { predictedFigure, regressionFigures } from "./regression-figures.ts";
import { sliceFigure } from "./slice-figure.ts";

const outcomes = {
  pass: ["✓", "good", "Can ship"],
  fail: ["✕", "bad", "Blocked"],
  inconclusive: ["?", "open", "Inconclusive"],
} as const;

/** The verdict in a word with a sign of its own, and the sentence that decides. */
export function verdictLine({ verdict, facts }: Drawing): Html {
  const [sign, kind, word] = outcomes[verdict.outcome] ?? outcomes.inconclusive;
  const isSaid = verdict.summary.startsWith(`${word}:`); // what blocks says so itself
  return html`<p class="verdict ${kind}"><span class="sign" aria-hidden="true">${sign}</span> ${!isSaid && html`<strong>${word}:</strong> `}${facts.text("verdict.summary", 800)}</p>`;
}

/** What a reviewer looks at first: the primary metric, its difference, predicted against actual or calibration. */
export function firstScreen(drawing: Drawing): Html {
  const figures = [
    primaryFigure(drawing),
    differenceFigure(drawing),
    predictedFigure(drawing) ?? probabilityFigure(drawing),
  ];
  return html`<h2 class="unseen">At a glance</h2><div class="figures first">${figures}</div>`;
}

/** Everything else, in the order in which it is asked for. `history` is the picture of the versions. */
export function restOfPictures(drawing: Drawing): Html {
  const groups: readonly (readonly [string, readonly (Html | null)[]])[] = [
    ["Where it errs", [sliceFigure(drawing), ...regressionFigures(drawing), ...classificationFigures(drawing)]],
    ["What moves it", [importanceFigure(drawing), ...dependenceFigures(drawing)]],
    ["Training", trainingFigures(drawing)],
    ["Data: train split against test split", columnFigures(drawing)],
  ];
  const missing =
    drawing.evaluation.pictures === undefined &&
    html`<p class="note">This evaluation was made before mergeml kept what pictures of residuals, curves and columns need: train again to see them.</p>`;
  return html`${missing}${groups.map(([title, figures]) => group(title, figures))}`;
}

/** Figures under a heading; nothing without any. */
export function group(title: string, figures: readonly (Html | null)[]): Html {
  const drawn = figures.filter((each) => each !== null);
  return drawn.length === 0 ? html`` : html`<h2>${title}</h2><div class="figures">${drawn}</div>`;
}

/** All metrics of naive, production and candidate, with differences and limits. */
export function metricSection(drawing: Drawing): Html {
  const { evaluation, verdict, facts } = drawing;
  const index = indexChecks(verdict);
  const places = evaluation.metrics.map((_, at) => at);
  const path = (at: number) => `evaluation.metrics.${at}`;
  const compared = evaluation.baseline.state === "scored";
  const checks = (at: number) => metricChecks(index, evaluation.metrics[at]!.metric, evaluation.primary);
  const table = factTable<number>(
    `Metrics of ${drawing.candidate.config.name}`,
    [
      {
        header: "metric",
        cell: (at) =>
          html`${facts.text(`${path(at)}.metric`)} <span class="aside">${aim(evaluation.metrics[at]!)}</span>`,
        isName: true,
      },
      { header: "naive", cell: (at) => facts.number(`${path(at)}.naive`), isNumber: true },
      ...(compared
        ? [
            {
              header: nameOf(drawing, "production"),
              cell: (at: number) => facts.number(`${path(at)}.production`),
              isNumber: true,
            },
          ]
        : []),
      { header: nameOf(drawing, "candidate"), cell: (at) => facts.number(`${path(at)}.candidate`), isNumber: true },
      ...(compared
        ? [
            { header: "Δ", cell: (at: number) => facts.signed(`${path(at)}.difference.value`), isNumber: true },
            { header: "interval", cell: (at: number) => facts.interval(`${path(at)}.difference`), isNumber: true },
          ]
        : []),
      {
        header: "limit",
        cell: (at) =>
          html`<span class="quoted">${[...new Set(checks(at).map(({ limit }) => limit))].join(" and ")}</span>`,
      },
      { header: "", cell: (at) => markWords(checks(at)) || (evaluation.metrics[at]!.problem ? "not scored" : "") },
    ],
    places,
  );
  return html`<h2>Metrics</h2>${table}${reasons(drawing)}`;
}

function aim({ metric, direction }: { metric: string; direction: string }): string {
  return metric === "bias" ? "near 0" : direction;
}

/** Rules that did not pass, waivers and notes, as the verdict has them. */
function reasons({ verdict, facts }: Drawing): Html {
  const broken = brokenChecks(verdict).map((check) => verdict.checks.indexOf(check));
  const waived = verdict.checks.flatMap((check, at) => (check.waived ? [at] : []));
  const lines = [
    ...broken
      .slice(0, 20)
      .map(
        (at) =>
          html`${verdict.checks[at]!.outcome === "fail" ? "✕ " : "? "}${facts.text(`verdict.checks.${at}.reason`, 600)}`,
      ),
    ...waived.map(
      (at) =>
        html`Waived until ${facts.text(`verdict.checks.${at}.waived.until`)}: ${facts.text(`verdict.checks.${at}.reason`, 600)} Reason: ${facts.text(`verdict.checks.${at}.waived.reason`, 600)}`,
    ),
    ...verdict.notes.slice(0, 20).map((_, at) => facts.text(`verdict.notes.${at}`, 600)),
  ];
  return lines.length === 0 ? html`` : html`<ul class="reasons">${lines.map((line) => html`<li>${line}</li>`)}</ul>`;
}

/** What differs from production's config, and how the query changed. */
export function changeSection(
  { facts, candidate }: Drawing,
  before: CandidateRecord | null,
  version: number | null,
): Html {
  if (before === null) return html``;
  const changes = configChanges(before, candidate).slice(0, 40);
  const same =
    before.train.fingerprint === candidate.train.fingerprint && before.test.fingerprint === candidate.test.fingerprint;
  // A change within a list is told as its item, which has no path of its own.
  const value = (path: string, shown: string) =>
    /^[\w.-]+$/.test(path) && shown === valueText(facts.value(path))
      ? html`<span data-config="${path}">${shortLabel(shown, 120)}</span>`
      : html`<span class="quoted">${shortLabel(shown, 120)}</span>`;
  const table = factTable<(typeof changes)[number]>(
    `What changed in ${candidate.config.name}`,
    [
      { header: "key", cell: ({ key }) => html`<code>${key}</code>`, isName: true },
      {
        header: `production v${version}`,
        cell: ({ key, before: was }) => value(`production.candidate.config.${key}`, valueText(was)),
      },
      { header: "candidate", cell: ({ key, after }) => value(`candidate.config.${key}`, valueText(after)) },
    ],
    changes,
  );
  const data = same ? "The same data." : "Other data.";
  const query = before.query === candidate.query ? "" : " The query changed.";
  return html`<h2>What changed</h2>${changes.length > 0 ? table : html`<p>Nothing in the config.</p>`}<p>${data}${query}</p>`;
}

/** Where it comes from: data, code, trainer, model file; the query as it ran. */
export function lineageSection({ facts, candidate }: Drawing): Html {
  const lines: readonly (readonly [string, Html | false])[] = [
    ["description", facts.text("candidate.config.description")],
    ["owner", candidate.config.owner ? facts.text("candidate.config.owner", 80) : false],
    ["candidate", html`<code>${facts.text("candidate.id", 80)}</code>`],
    [
      "commit",
      html`<code>${facts.text("candidate.commit", 13)}</code>${candidate.dirty && " with uncommitted changes"}`,
    ],
    [
      "trainer",
      html`${facts.text("candidate.trainer.name", 60)} ${facts.count("candidate.trainer.version")}, seed ${facts.number("candidate.config.seed", String)}, ${facts.number("candidate.train_seconds", (value) => formatNumber(value, 3))} s`,
    ],
    [
      "window",
      candidate.config.features.window !== null &&
        html`${facts.text("candidate.config.features.window.start", 40)} … ${facts.text("candidate.config.features.window.end", 40)}`,
    ],
    [
      "train",
      html`${facts.count("candidate.train.rows")} rows <code>${facts.text("candidate.train.fingerprint", 80)}</code>`,
    ],
    [
      "test",
      html`${facts.count("candidate.test.rows")} rows <code>${facts.text("candidate.test.fingerprint", 80)}</code>`,
    ],
    [
      "model.onnx",
      html`<code>${facts.text("candidate.model.sha256", 80)}</code> ${facts.count("candidate.model.size")} bytes`,
    ],
    ["created", facts.day("candidate.created")],
  ];
  return html`<h2>Lineage</h2><dl class="lineage">${lines.flatMap(([term, value]) => (value === false ? [] : [html`<div><dt>${term}</dt><dd>${value}</dd></div>`]))}</dl>
${checkTable(facts, candidate)}
<details class="numbers"><summary>The feature query</summary><pre tabindex="0"><code data-text="candidate.query">${candidate.query}</code></pre></details>`;
}

function checkTable(facts: Drawing["facts"], { checks }: CandidateRecord): Html {
  if (checks.length === 0) return html``;
  const path = (at: number) => `candidate.checks.${at}`;
  const table = factTable<number>(
    "Data checks",
    [
      {
        header: "",
        cell: (at) => (checks[at]!.passed ? "✓ passed" : checks[at]!.severity === "block" ? "✕ blocks" : "! warns"),
      },
      { header: "data check", cell: (at) => facts.text(`${path(at)}.check`, 200), isName: true },
      { header: "found", cell: (at) => facts.text(`${path(at)}.found`, 200) },
    ],
    checks.map((_, at) => at).toSorted((a, b) => Number(checks[a]!.passed) - Number(checks[b]!.passed)),
  );
  return html`<details class="numbers"><summary>Data checks</summary>${table}</details>`;
}

/** `Judged on 9,880 of 10,841 test rows: production was trained on 961 of them.` */
export function judgedOn({ facts, evaluation }: Drawing): Html {
  const { test_rows = evaluation.rows, seen_by_production: seen } = evaluation;
  if (evaluation.rows === test_rows) return html`${facts.count("evaluation.rows")} test rows`;
  const why =
    typeof seen === "number" &&
    seen > 0 &&
    html`: production was trained on ${facts.count("evaluation.seen_by_production")} of them`;
  return html`${facts.count("evaluation.rows")} of ${facts.count("evaluation.test_rows")} test rows${why}`;
}
