import { attr } from "./attribute.ts";
import type { OnnxGraph } from "./graph.ts";

/** Ends a regression graph: `scores` [N, 1] become the output `prediction` [N, 1]. */
export function regressionHead(graph: OnnxGraph, scores: string): void {
  graph.node("Identity", [scores], {}, { outputs: ["prediction"] });
  graph.output("prediction", "float", ["N", 1]);
}

/**
 * Ends a classification graph with `label` [N, 1] and `probabilities` [N, k], in the order of `classes`.
 * `scores` are the logit of the second class, [N, 1], when there are two classes, else k logits, [N, k].
 * Of equal probabilities the first class wins.
 */
export function classificationHead(graph: OnnxGraph, scores: string, classes: readonly string[]): void {
  if (classes.length < 2) throw new Error(`A classifier needs two classes, not ${classes.length}.`);
  if (classes.length === 2) binaryProbabilities(graph, scores);
  else graph.node("Softmax", [scores], { axis: attr.int(1) }, { outputs: ["probabilities"] });
  const [index] = graph.node("ArgMax", ["probabilities"], { axis: attr.int(1), keepdims: attr.int(1) });
  const labels = graph.constant("classes", { type: "string", dims: [classes.length], data: classes });
  graph.node("Gather", [labels, index!], { axis: attr.int(0) }, { outputs: ["label"] });
  graph.output("label", "string", ["N", 1]);
  graph.output("probabilities", "float", ["N", classes.length]);
}

// sigmoid(-x) keeps the digits that 1 - sigmoid(x) loses when x is large: log loss looks at them.
function binaryProbabilities(graph: OnnxGraph, logit: string): void {
  const [minus] = graph.node("Neg", [logit]);
  const [first] = graph.node("Sigmoid", [minus!]);
  const [second] = graph.node("Sigmoid", [logit]);
  graph.node("Concat", [first!, second!], { axis: attr.int(1) }, { outputs: ["probabilities"] });
}
