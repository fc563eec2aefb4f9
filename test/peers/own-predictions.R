# Trains as the train.R beside it and leaves rows as serving may get them, with R's own predictions: own-predictions.R <folder>
source("train.R")

count <- 100000
set.seed(1)
asked <- rows[sample(nrow(rows), count, replace = TRUE), names(kinds)]
filled <- asked
for (name in numbers) {
  # float32, as the model is served.
  moved <- readBin(writeBin(asked[[name]] * runif(count, 0.8, 1.2), raw(), size = 4), "numeric", count, size = 4)
  missing <- runif(count) < 0.1
  asked[[name]] <- ifelse(missing, NA, moved)
  filled[[name]] <- ifelse(missing, means[[name]], moved)
}
own <- predict(model, filled)
for (name in categories) {
  # The first level is the one without an effect, which is what an unseen category has.
  unseen <- runif(count) < 0.1
  effects <- c(0, weights[paste0(name, levels(rows[[name]])[-1])])
  own[unseen] <- own[unseen] - effects[as.integer(filled[[name]])[unseen]]
  asked[[name]] <- ifelse(unseen, "never seen in training", as.character(asked[[name]]))
}
options(digits = 17)
write.csv(cbind(asked, own = own), file.path(commandArgs(TRUE), "rows.csv"), row.names = FALSE, na = "")
