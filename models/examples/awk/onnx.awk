# Writes an ONNX file of the weights: a protobuf message, built here as hexadecimal text and printed as octal escapes.
# Numbers stand in the file as text that the graph casts to float32, so that no bytes of floats need to be made.
# Field numbers are those of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto

function hex(text,   i, out) {
  for (i = 1; i <= length(text); i++) out = out sprintf("%02x", code[substr(text, i, 1)])
  return out
}
function varint(n,   out) {
  for (; n >= 128; n = int(n / 128)) out = out sprintf("%02x", 128 + n % 128)
  return out sprintf("%02x", n)
}
function int_field(number, n) { return varint(number * 8) varint(n) }
function field(number, bytes) { return varint(number * 8 + 2) varint(length(bytes) / 2) bytes }
function text(number, value) { return field(number, hex(value)) }

function text_attribute(name, value) { return field(5, text(1, name) text(4, value) int_field(20, 3)) }
# The type of a Cast: 1 is float32.
function to_float() { return field(5, text(1, "to") int_field(3, 1) int_field(20, 2)) }
function node(op, inputs, output, rest,   i, n, part, out) {
  n = split(inputs, part, " ")
  for (i = 1; i <= n; i++) out = out text(1, part[i])
  graph = graph field(1, out text(2, output) text(4, op) rest)
}
# A constant of one number, as the tensor `name`.
function number(name, value) {
  graph = graph field(5, int_field(1, 1) int_field(2, 8) text(6, value) text(8, name "_text"))
  node("Cast", name "_text", name, to_float())
}
# A tensor [N, 1] of the graph's interface; type 1 is float32, 8 is text.
function value_info(name, type) {
  return text(1, name) field(2, field(1, int_field(1, type) field(2, field(1, text(2, "N")) field(1, int_field(1, 1)))))
}
function add_term(output) { all_terms = all_terms " " output }

BEGIN { for (i = 1; i < 256; i++) code[sprintf("%c", i)] = i }

$1 == "bias" { number("bias", $2); add_term("bias") }

# A missing number counts as the mean.
$1 == "number" {
  id = "n" ++numbers
  inputs = inputs field(11, value_info($2, 1))
  number(id "_weight", $3)
  number(id "_mean", $4)
  rename($2, id)
  node("IsNaN", id, id "_missing")
  node("Where", id "_missing " id "_mean " id, id "_filled")
  node("Mul", id "_filled " id "_weight", id "_term")
  add_term(id "_term")
}

# Names may have blanks, and lists of inputs here are separated by blanks.
function rename(input, id) { graph = graph field(1, text(1, input) text(2, id) text(4, "Identity")) }

$1 == "category" {
  if (!($2 in keys)) order[++categories] = $2
  keys[$2] = keys[$2] text(9, $3)
  effects[$2] = effects[$2] text(9, $4)
}

END {
  for (i = 1; i <= categories; i++) {
    id = "c" i
    inputs = inputs field(11, value_info(order[i], 8))
    rename(order[i], id)
    # An unseen category has no effect.
    lists = field(5, text(1, "keys_strings") keys[order[i]] int_field(20, 8))
    lists = lists field(5, text(1, "values_strings") effects[order[i]] int_field(20, 8)) text_attribute("default_string", "0")
    node("LabelEncoder", id, id "_effect", lists text(7, "ai.onnx.ml"))
    node("Cast", id "_effect", id "_term", to_float())
    add_term(id "_term")
  }
  node("Sum", all_terms, "prediction")
  graph = graph text(2, "awk") inputs field(12, value_info("prediction", 1))
  opsets = field(8, text(1, "") int_field(2, 17)) field(8, text(1, "ai.onnx.ml") int_field(2, 3))
  model = int_field(1, 8) text(2, "awk") field(7, graph) opsets
  for (i = 0; i < 256; i++) octal[sprintf("%02x", i)] = sprintf("\\%03o", i)
  for (i = 1; i <= length(model); i += 2) printf "%s%s", octal[substr(model, i, 2)], (i % 500 == 499 ? "\n" : "")
  printf "\n"
}
