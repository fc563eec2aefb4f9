/** Names of activations, as TensorFlow.js layers have them. */
export const ACTIVATIONS = ["relu", "tanh", "elu", "selu", "sigmoid", "softplus", "swish", "linear"] as const;

export type Activation = (typeof ACTIVATIONS)[number];

/**
 * Scale of the initial weights that keeps the size of signals from layer to layer (He 2015 for those that cut the
 * negative half, LeCun 1998 for selu, Glorot 2010 for the others), in the terms of TensorFlow's variance scaling.
 */
export function initialScale(activation: Activation): { scale: number; mode: "fanIn" | "fanAvg" } {
  switch (activation) {
    case "relu":
    case "elu":
    case "swish":
      return { scale: 2, mode: "fanIn" };
    case "selu":
      return { scale: 1, mode: "fanIn" };
    default:
      return { scale: 1, mode: "fanAvg" };
  }
}
