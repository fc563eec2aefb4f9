# The few messages of ONNX that a linear model needs, as raw bytes. Field numbers are those of
# https://github.com/onnx/onnx/blob/main/onnx/onnx.proto

varint <- function(n) {
  bytes <- c()
  while (n >= 128) {
    bytes <- c(bytes, 128 + n %% 128)
    n <- n %/% 128
  }
  as.raw(c(bytes, n))
}
int <- function(number, n) c(varint(number * 8), varint(n))
field <- function(number, bytes) c(varint(number * 8 + 2), varint(length(bytes)), bytes)
text <- function(number, value) field(number, charToRaw(enc2utf8(value)))
float <- function(number, value) c(varint(number * 8 + 5), writeBin(as.numeric(value), raw(), size = 4, endian = "little"))
each <- function(values, write) do.call(c, lapply(unname(values), write))

attribute <- function(name, type, content) field(5, c(text(1, name), content, int(20, type)))
node <- function(op, inputs, output, rest = raw()) {
  field(1, c(each(inputs, function(name) text(1, name)), text(2, output), text(4, op), rest))
}
# A tensor [1] of float32.
constant <- function(name, value) field(5, c(int(1, 1), int(2, 1), float(4, value), text(8, name)))
# A tensor [N, 1] of the graph's interface; type 1 is float32, 8 is text.
tensor <- function(name, type) {
  shape <- c(field(1, text(2, "N")), field(1, int(1, 1)))
  c(text(1, name), field(2, field(1, c(int(1, type), field(2, shape)))))
}

# A missing number counts as the mean.
number_term <- function(name, weight, mean) {
  part <- function(what) paste(name, what)
  c(
    constant(part("weight"), weight), constant(part("mean"), mean),
    node("IsNaN", name, part("missing")),
    node("Where", c(part("missing"), part("mean"), name), part("filled")),
    node("Mul", c(part("filled"), part("weight")), part("term"))
  )
}
# An unseen category has no effect.
category_term <- function(name, categories, effects) {
  keys <- attribute("keys_strings", 8, each(categories, function(value) text(9, value)))
  values <- attribute("values_floats", 6, each(effects, function(value) float(7, value)))
  other <- attribute("default_float", 1, float(2, 0))
  node("LabelEncoder", name, paste(name, "term"), c(keys, values, other, text(7, "ai.onnx.ml")))
}
model_file <- function(graph) {
  opset <- function(domain, version) field(8, c(text(1, domain), int(2, version)))
  c(int(1, 8), text(2, "R"), field(7, graph), opset("", 17), opset("ai.onnx.ml", 3))
}
