import { tableFromArrays, tableToIPC } from "@uwdata/flechette";
import fc from "fast-check";

/** A request that may be anything, most often nearly right. */
export interface MalformedRequest {
  path: string;
  headers: Record<string, string>;
  body: Uint8Array;
}

const arrow = Buffer.from(
  tableToIPC(tableFromArrays({ size: [1, 2, null], city: ["Bonn", null, "Ulm"] }), { format: "stream" }) ?? [],
);
const csv = Buffer.from('size,city,id\n1,"Bonn",a\n2.5,Ulm,b\n');
const rows = Buffer.from('[{"size":1,"city":"Bonn","id":"a"},{"size":null,"city":"Ulm"}]');
/** Large enough for the threads, and small enough for the limit of the test's server. */
const many = Buffer.from(`[${Array.from({ length: 300 }, (_, at) => `{"size":${at},"city":"Bonn","id":"a"}`).join()}]`);
const manyCsv = Buffer.from(`size,city,id\n${"2.5,Ulm,b\n".repeat(300)}`);
const tensors = Buffer.from(
  '{"id":"1","inputs":[{"name":"size","datatype":"FP64","shape":[2,1],"data":[1,2]},{"name":"city","datatype":"BYTES","shape":[2,1],"data":["a","b"]}]}',
);
const binaryHead = Buffer.from(
  '{"inputs":[{"name":"size","datatype":"FP64","shape":[1],"parameters":{"binary_data_size":8}},{"name":"city","datatype":"BYTES","shape":[1],"parameters":{"binary_data_size":5}}]}',
);
const binary = Buffer.concat([binaryHead, Buffer.from(Float64Array.of(1).buffer), Buffer.from([1, 0, 0, 0, 65])]);

/** A right body with some bytes changed, taken out or put in. */
function mutated(body: Buffer): fc.Arbitrary<Uint8Array> {
  const change = fc.record({ at: fc.nat(body.length), cut: fc.nat(6), put: fc.uint8Array({ maxLength: 6 }) });
  return fc
    .array(change, { maxLength: 4 })
    .map((changes) =>
      changes.reduce<Buffer>(
        (bytes, { at, cut, put }) => Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + cut)]),
        body,
      ),
    );
}

const cell = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(null, "", "NaN", "1", 1e39, -1e308, 5e-324, true, [], {}, "\u0000", "\ud800", "__proto__"),
);
const name = fc.constantFrom("size", "city", "id", "rows", "__proto__", "constructor", "sise");
const jsonRows = fc
  .oneof(fc.array(fc.dictionary(name, cell), { maxLength: 5 }), fc.record({ rows: fc.array(cell) }), fc.jsonValue())
  .map((value) => Buffer.from(JSON.stringify(value)));
const tensor = fc.record(
  {
    name: fc.oneof(name, fc.string()),
    datatype: fc.constantFrom("FP32", "FP64", "BYTES", "BOOL", "INT64", "UINT8", "FP16", ""),
    shape: fc.array(fc.oneof(fc.nat(3), fc.constantFrom(-1, 2 ** 31 - 1, 1.5)), { maxLength: 3 }),
    data: fc.oneof(fc.array(cell, { maxLength: 4 }), cell),
    parameters: fc.dictionary(fc.constantFrom("binary_data_size", "nan_is_missing", "x"), cell),
  },
  { requiredKeys: ["name"] },
);
const jsonTensors = fc
  .record({ inputs: fc.oneof(fc.array(tensor, { maxLength: 3 }), cell), outputs: cell, id: cell }, { requiredKeys: [] })
  .map((value) => Buffer.from(JSON.stringify(value)));

function request(path: string, type: string, body: fc.Arbitrary<Uint8Array>): fc.Arbitrary<MalformedRequest> {
  return body.map((bytes) => ({ path, headers: { "content-type": type }, body: bytes }));
}

const predict = "/models/rent/predict";
const infer = "/v2/models/rent/infer";
const anyBytes = fc.uint8Array({ maxLength: 300 });
const types = ["application/json", "text/csv", "application/vnd.apache.arrow.stream", "text/plain", "a/b; charset=c"];

export const malformedRequest: fc.Arbitrary<MalformedRequest> = fc.oneof(
  request(predict, "application/json", fc.oneof(mutated(rows), mutated(many), jsonRows)),
  request(predict, "text/csv", fc.oneof(mutated(csv), mutated(manyCsv))),
  request(predict, "application/vnd.apache.arrow.stream", mutated(arrow)),
  request(infer, "application/json", fc.oneof(mutated(tensors), jsonTensors)),
  fc
    .tuple(
      mutated(binary),
      fc.oneof(fc.constant(String(binaryHead.length)), fc.nat(400).map(String), fc.constantFrom("-1", "x")),
    )
    .map(([body, length]) => ({ path: infer, headers: { "inference-header-content-length": length }, body })),
  fc.constantFrom(...types).chain((type) => request(predict, type, anyBytes)),
  fc
    .constantFrom("/models/%00/predict", "/models/..%2f/predict", "/v2/models/rent/versions/x/infer")
    .chain((path) => request(path, "application/json", fc.oneof(mutated(rows), mutated(tensors)))),
  request(predict, "application/json", fc.constant(new Uint8Array(30_000).fill(32))),
);
