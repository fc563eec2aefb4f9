/** An array that becomes twice as long when a place behind its end is asked for. */
export function growing<Values extends Int32Array | Float64Array>(
  make: (size: number) => Values,
  expected: number,
): { at(place: number): Values } {
  let values = make(expected);
  return {
    at(place) {
      if (place < values.length) return values;
      const longer = make(Math.max(place + 1, values.length * 2));
      longer.set(values);
      return (values = longer);
    },
  };
}
