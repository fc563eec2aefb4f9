import { formatCount } from "../../statistics/format-number.ts";
import { costsNothing, onlyBroken } from "../../watch/drift/cost.ts";
import type { ModelDrift } from "../../watch/drift/model-drift.ts";
import { trialWords } from "../../watch/retrain/trial-words.ts";
import { firstNewWindow, momentText, overlapWords, type Safe, spanText } from "./moved-words.ts";

/** How the steps are written: a command or a setting, a text from the data, and what takes the place of the advice how to retrain. */
export interface StepStyle {
  code: Safe;
  safe: Safe;
  retrain?: string;
}

/** What a person can do, most useful first. Empty for a model that is clean. */
export function driftSteps(drift: ModelDrift, style: StepStyle): string[] {
  const { code, safe, retrain = retrainStep(drift, code) } = style;
  if (drift.outcome === "clean") return [];
  if (drift.outcome === "silent") return silentSteps(drift, code);
  if (drift.outcome === "too few rows") return [...mendSteps(drift, safe), ...fewRowsSteps(drift, code)];
  if (costsNothing(drift))
    return [...mendSteps(drift, safe), "Nothing: the model is as good as it was, so a retrain cannot help."];
  if (onlyBroken(drift.result)) return mendSteps(drift, safe);
  return [...mendSteps(drift, safe), retrain, ...rollbackSteps(drift, code)];
}

function mendSteps({ result, rejected }: ModelDrift, safe: Safe): string[] {
  const refused =
    rejected > 0 ? [`Mend the source: ${formatCount(rejected)} rows have a value that the model cannot be given.`] : [];
  const broken = result.features.filter(({ state }) => state === "vanished" || state === "type changed");
  if (broken.length === 0) return refused;
  const names = broken.slice(0, 5).map(({ name }) => safe(name));
  return [
    `Mend the source: ${names.join(", ")}${broken.length > 5 ? ", …" : ""} ${broken.length === 1 ? "is" : "are"} gone or of another type, which no retrain makes good.`,
    ...refused,
  ];
}

function retrainStep({ model, retrain }: ModelDrift, code: Safe): string {
  const train = code(`mergeml train ${model}`);
  const file = code(`models/${model}/model.yaml`);
  if (retrain?.kind === "gone") return `Bring ${file} back to retrain it: it is gone.`;
  if (retrain?.kind === "windowless")
    return `Retrain on what ${code(`models/${model}`)} queries now: ${train} shows how it compares with production, and a merged pull request deploys it.`;
  if (retrain?.kind !== "move") {
    const why = retrain ? `: ${retrain.why}` : "";
    return `A retrain would not move the data window${why}; ${train} shows how what ${file} says now compares with production.`;
  }
  const window = code(`window: { start: ${retrain.window.start}, end: ${retrain.window.end} }`);
  if (retrain.trial?.better === false)
    return `A retrain on newer data would not help: a trial of ${window} gave ${trialWords(retrain.trial)}.`;
  const gain = retrain.trial ? ` A trial of it gave ${trialWords(retrain.trial)}.` : "";
  return `Retrain on newer data: write ${window} into ${file}; ${train} shows how it compares with production, and a merged pull request deploys it.${gain}`;
}

function rollbackSteps({ model, version, result }: ModelDrift, code: Safe): string[] {
  const worse = result.because.some((reason) => reason !== "features");
  return worse && version > 1 ? [`Or roll back: ${code(`mergeml rollback ${model}`)}`] : [];
}

function silentSteps({ model, source, silence, window }: ModelDrift, code: Safe): string[] {
  const feed = {
    log: `whatever serves ${model} writes the prediction log no more, or elsewhere`,
    query: `${code("drift.query")} returns no rows of the window: look at what fills its tables`,
    features: "the feature query returns no rows of the window: look at what fills its tables",
  }[source];
  const last = code(`mergeml drift ${model} --now ${momentText(silence?.since ?? window.from)}`);
  return [`Mend the feed: ${feed}.`, `Look at the last rows that came: ${last}`];
}

function fewRowsSteps(drift: ModelDrift, code: Safe): string[] {
  const { model, source, result, every, reference } = drift;
  if (overlapWords(drift) !== null) {
    const { span, command } = firstNewWindow(drift);
    return [`The first window that is new to v${drift.version} is ${spanText(span)}: ${code(command)}`];
  }
  const wider = `Look at more at once: ${code("drift.window")} is ${every}; ${code(`mergeml drift ${model} --window 4w`)} tries another.`;
  const until = reference.known ? `; the data of v${drift.version} ends at ${momentText(reference.known.to)}` : "";
  const elsewhere = `Look at a time that has data: ${code(`mergeml drift ${model} --now <date>`)}${until}.`;
  if (source === "log") {
    const logging = code(`mergeml predict ${model} --input … --output … --log`);
    return [`Log what production predicts: serving writes the prediction log, or ${logging}.`, wider];
  }
  return result.rows.current === 0 ? [elsewhere, wider] : [wider, elsewhere];
}
