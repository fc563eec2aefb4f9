# Fits a linear model with base R's lm on train.csv and writes model.onnx.

source("onnx.R")

# columns.json has a key a line; base R has no reader of JSON.
columns <- readLines("columns.json")
value_of <- function(key, lines) sub('.*": "([^"]*)".*', "\\1", grep(sprintf('"%s": "', key), lines, value = TRUE))
features <- columns[grep('"features"', columns):grep('"onnx"', columns)]
kinds <- setNames(value_of("kind", features), value_of("name", features))
target <- value_of("name", columns[grep('"target"', columns):length(columns)])[1]

rows <- read.csv("train.csv", check.names = FALSE, stringsAsFactors = FALSE, na.strings = "")
numbers <- names(kinds)[kinds != "category"]
categories <- names(kinds)[kinds == "category"]
means <- colMeans(rows[numbers], na.rm = TRUE)
for (name in numbers) rows[[name]][is.na(rows[[name]])] <- means[[name]]
for (name in categories) rows[[name]][is.na(rows[[name]])] <- ""
rows[categories] <- lapply(rows[categories], factor)

model <- lm(reformulate(sprintf("`%s`", names(kinds)), sprintf("`%s`", target)), data = rows)
weights <- coef(model)
weights[is.na(weights)] <- 0
names(weights) <- gsub("`", "", names(weights))
cat(sprintf("r2=%.6f@1\n", summary(model)$r.squared))

terms <- c("bias", paste0(names(kinds), " term"))
graph <- c(constant("bias", weights[["(Intercept)"]]))
for (name in numbers) graph <- c(graph, number_term(name, weights[[name]], means[[name]]))
for (name in categories) {
  # The first level is the one the others are compared with.
  effects <- c(0, weights[paste0(name, levels(rows[[name]])[-1])])
  graph <- c(graph, category_term(name, levels(rows[[name]]), effects))
}
graph <- c(graph, node("Sum", terms, "prediction"), text(2, "lm"))
inputs <- do.call(c, lapply(names(kinds), function(name) field(11, tensor(name, if (kinds[[name]] == "category") 8 else 1))))
writeBin(model_file(c(graph, inputs, field(12, tensor("prediction", 1)))), "model.onnx")
