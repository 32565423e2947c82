# Trains a classification tree of Anderson's irises with rpart, and writes what `opz init` starts from.
#
# usage: Rscript train.R DIRECTORY
#
#     model.rds       the model
#     holdout.csv     flowers that it has not seen
#     expected.csv    R's own predictions for them

library(rpart)

arguments <- commandArgs(trailingOnly = TRUE)
directory <- if (length(arguments) > 0) arguments[[1]] else "."
dir.create(directory, showWarnings = FALSE, recursive = TRUE)

set.seed(7)
chosen <- sample(nrow(iris), 120)
train <- iris[chosen, ]
holdout <- iris[-chosen, 1:4]
model <- rpart(Species ~ ., data = train)

saveRDS(model, file.path(directory, "model.rds"))
write.csv(holdout, file.path(directory, "holdout.csv"), row.names = FALSE, quote = FALSE)
# Columns are called as the model's outputs: probability_0 is that of the first class.
predictions <- as.data.frame(predict(model, holdout))
names(predictions) <- paste0("probability_", seq_along(predictions) - 1)
write.csv(format(predictions, digits = 17), file.path(directory, "expected.csv"), row.names = FALSE, quote = FALSE)
