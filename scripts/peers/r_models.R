# Makes a model of each kind that worker.R serves, with the rows that are asked and R's own answers.
#   Rscript r_models.R DIR     DIR/NAME.rds and DIR/NAME.json
suppressPackageStartupMessages(library(jsonlite))
directory <- commandArgs(trailingOnly = TRUE)[1]
set.seed(1)
n <- 300
data <- data.frame(age = rnorm(n, 40, 12), income = rlnorm(n, 3), plan = factor(sample(c("basic", "plus", "max"), n, TRUE)))
data$score <- (data$age - 40) / 12 + (data$plan == "max") + rnorm(n, 0, 0.3)
data$label <- factor(ifelse(data$score > 0.3, "yes", "no"))
rows <- head(data[c("age", "income", "plan")], 20)

keep <- function(name, model, asked, expected) {
  saveRDS(model, file.path(directory, paste0(name, ".rds")))
  columns <- lapply(names(asked), function(column) {
    values <- asked[[column]]
    list(name = column, datatype = if (is.numeric(values)) "FP64" else "BYTES", shape = I(nrow(asked)), data = if (is.factor(values)) as.character(values) else values)
  })
  plain <- lapply(expected, function(value) {
    if (is.matrix(value)) unname(as.vector(t(value))) else if (is.factor(value)) as.character(value) else unname(as.vector(value))
  })
  writeLines(toJSON(list(inputs = columns, expected = plain), auto_unbox = TRUE, digits = NA, na = "null"), file.path(directory, paste0(name, ".json")))
}

have <- function(package) suppressPackageStartupMessages(requireNamespace(package, quietly = TRUE))

m <- lm(score ~ age + log(income) + plan, data)
keep("lm", m, rows, list(prediction = predict(m, rows)))
m <- glm(label ~ age + plan, binomial, data)
keep("glm", m, rows[c("age", "plan")], list(prediction = predict(m, rows, type = "response")))
if (have("rpart")) {
  m <- rpart::rpart(label ~ age + income + plan, data)
  keep("rpart", m, rows, list(prediction = predict(m, rows, type = "class"), probability = predict(m, rows, type = "prob")))
}
if (have("randomForest")) {
  m <- randomForest::randomForest(label ~ age + income + plan, data, ntree = 20)
  keep("randomForest", m, rows, list(prediction = predict(m, rows), probability = unclass(predict(m, rows, type = "prob"))))
  m <- randomForest::randomForest(score ~ age + income, data, ntree = 20)
  keep("randomForest-regression", m, rows[c("age", "income")], list(prediction = predict(m, rows)))
}
if (have("ranger")) {
  # By default ranger forgets the levels of a factor, and then nobody can tell which number a text was.
  m <- ranger::ranger(label ~ age + income + plan, data, num.trees = 20, probability = TRUE, num.threads = 1,
    respect.unordered.factors = "order")
  keep("ranger", m, rows, list(probability = predict(m, data = rows)$predictions))
}
if (have("glmnet")) {
  x <- as.matrix(data[c("age", "income")])
  m <- glmnet::cv.glmnet(x, data$score)
  keep("cv.glmnet", m, rows[c("age", "income")], list(prediction = predict(m, as.matrix(rows[c("age", "income")]), s = "lambda.min")))
}
if (have("gbm")) {
  m <- gbm::gbm(score ~ age + income + plan, "gaussian", data, n.trees = 30)
  keep("gbm", m, rows, list(prediction = predict(m, rows, n.trees = 30)))
}
if (have("caret") && have("rpart")) {
  m <- caret::train(label ~ age + income, data, method = "rpart", trControl = caret::trainControl(method = "none"), tuneGrid = data.frame(cp = 0.01))
  keep("caret", m, rows[c("age", "income")], list(prediction = predict(m, rows), probability = as.matrix(predict(m, rows, type = "prob"))))
}
