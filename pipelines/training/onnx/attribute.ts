import { type Tensor, tensorProto, utf8 } from "./tensor.ts";

/** An attribute's value, tagged, because 1 may be an int or a float in ONNX. Made by `attr`. */
export type Attribute =
  | { tag: "int"; value: number }
  | { tag: "float"; value: number }
  | { tag: "string"; value: string }
  | { tag: "ints"; value: ArrayLike<number> }
  | { tag: "floats"; value: ArrayLike<number> }
  | { tag: "strings"; value: readonly string[] }
  | { tag: "tensor"; value: Tensor };

/** Constructors of attribute values, e.g. `attr.int(1)`. */
export const attr = {
  int: (value: number): Attribute => ({ tag: "int", value }),
  float: (value: number): Attribute => ({ tag: "float", value }),
  string: (value: string): Attribute => ({ tag: "string", value }),
  ints: (value: ArrayLike<number>): Attribute => ({ tag: "ints", value }),
  floats: (value: ArrayLike<number>): Attribute => ({ tag: "floats", value }),
  strings: (value: readonly string[]): Attribute => ({ tag: "strings", value }),
  tensor: (value: Tensor): Attribute => ({ tag: "tensor", value }),
};

/** An AttributeProto as a plain object; `type` is AttributeProto.AttributeType. */
export function attributeProto(name: string, attribute: Attribute): object {
  switch (attribute.tag) {
    case "float":
      return { name, type: 1, f: attribute.value };
    case "int":
      return { name, type: 2, i: attribute.value };
    case "string":
      return { name, type: 3, s: utf8(attribute.value) };
    case "tensor":
      return { name, type: 4, t: tensorProto("", attribute.value) };
    case "floats":
      return { name, type: 6, floats: attribute.value };
    case "ints":
      return { name, type: 7, ints: attribute.value };
    case "strings":
      return { name, type: 8, strings: attribute.value.map(utf8) };
  }
}
