import fc from "fast-check";
import { expect, test } from "vitest";
import { histogramLayout } from "../../../pipelines/training/gradient-boosting/histogram.ts";
import {
  allocate,
  compileKernel,
  mapMemory,
  openKernel,
} from "../../../pipelines/training/gradient-boosting/kernel.ts";
import { NodeRows } from "../../../pipelines/training/gradient-boosting/node-rows.ts";

const kernel = compileKernel();
const ROWS = 50;

/** A shard's memory with codes and derivatives that follow from row and column. */
function shardOf(columns: number, channels: 1 | 2, outputs: (number | null)[] = new Array(columns).fill(null)) {
  const layout = histogramLayout(
    outputs.map(() => ({ bins: 255, categories: null })),
    channels,
  );
  const map = mapMemory(ROWS, outputs, layout);
  const memory = allocate(map);
  const bytes = new Uint8Array(memory.buffer);
  const code = (row: number, column: number) => (row * 37 + column * 101) % 256;
  map.places.forEach(({ codes, shift }, column) => {
    for (let row = 0; row < ROWS; row++) bytes[codes + (row << shift)] = code(row, column);
  });
  const gradients = new Int32Array(memory.buffer, map.gradients, ROWS).map((_, row) => row * row - 300);
  new Int32Array(memory.buffer, map.gradients, ROWS).set(gradients);
  if (channels === 2) new Int32Array(memory.buffer, map.hessians, ROWS).set(gradients.map((_, row) => row + 1));
  return { map, memory, code, gradients, loops: openKernel(kernel, memory) };
}

test.each([1, 2] as const)(
  "histograms are the sums by code, for any rows and number of columns (%i channels)",
  (channels) => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 19 }),
        fc.uniqueArray(fc.nat(ROWS - 1), { minLength: 1 }),
        (columns, rows) => {
          const { map, memory, code, gradients, loops } = shardOf(columns, channels);
          new Int32Array(memory.buffer, map.order, ROWS).set(rows);
          const end = map.order + 4 * rows.length;
          if (channels === 1) loops.gather(map.order, end, map.gradients, map.sums, 1000);
          else loops.gatherPairs(map.order, end, map.gradients, map.hessians, map.sums, 1000);
          const adders = channels === 1 ? loops.add : loops.addPairs;
          for (const { width, histogram, codes } of map.groups)
            adders[width](histogram, codes, map.order, end, map.sums);
          for (let column = 0; column < columns; column++) {
            const wanted = new Float64Array(256 * channels);
            for (const row of rows) {
              wanted[code(row, column) * channels]! += 1000 + gradients[row]!;
              if (channels === 2) wanted[code(row, column) * channels + 1]! += row + 1;
            }
            expect(new Float64Array(memory.buffer, map.places[column]!.histogram, wanted.length)).toEqual(wanted);
          }
        },
      ),
      { numRuns: 50 },
    );
  },
);

test("rows are parted by their code and stay ascending on both sides", () => {
  const { map, memory, code, loops } = shardOf(11, 1);
  const rows = new NodeRows(loops, map, memory.buffer, ROWS, 5);
  rows.plant(
    Int32Array.from({ length: ROWS }, (_, row) => row),
    (row) => row % 7 !== 0,
  );
  const sides = Uint8Array.from({ length: 256 }, (_, each) => Number(each < 90));
  const all = [...rows.of(0)];
  rows.split(0, 1, 2, map.places[10]!, sides);
  expect([...rows.of(1)]).toEqual(all.filter((row) => code(row, 10) < 90));
  expect([...rows.of(2)]).toEqual(all.filter((row) => code(row, 10) >= 90));
  rows.split(1, 3, 4, map.places[0]!, new Uint8Array(256));
  expect([...rows.of(3)]).toEqual([]);
  expect([...rows.of(4)]).toEqual([...rows.of(1)]);
  rows.split(3, 3, 3, map.places[0]!, sides);
});

test("columns of one score's trees share words with none of another's", () => {
  const { map } = shardOf(6, 1, [0, 1, null, 0, 1, null]);
  expect(map.groups.map(({ columns, width }) => ({ columns, width }))).toEqual([
    { columns: [0, 3], width: 2 },
    { columns: [1, 4], width: 2 },
    { columns: [2, 5], width: 2 },
  ]);
});
