# Serves an R model to opz-server, which starts it as `Rscript worker.R --model PATH [--loader rds|predict] [--code DIR]
# [--predict FILE] [--signature JSON|-]` and talks to it over descriptor 3 (read) and 4 (written). `-` is standard input. It needs
# base R and jsonlite.
#
# A frame is the header's length (uint32), the body's length (uint64), the header as JSON, the body; numbers are little-endian.

suppressPackageStartupMessages(library(jsonlite))

options(warn = 1)
# Containers have no locale, and then R would not see that a text of predict.R and one of a request are the same.
if (!l10n_info()[["UTF-8"]]) invisible(Sys.setlocale("LC_CTYPE", "C.UTF-8"))

refuse <- function(code, ...) {
  stop(structure(class = c("opz_refusal", "error", "condition"), list(message = paste0(...), call = NULL, code = code)))
}

# What is no UTF-8 in a text is replaced: JSON has no such thing.
valid <- function(text) iconv(enc2utf8(text), "UTF-8", "UTF-8", sub = "?")

# A failure as a client gets it. substr() fails with texts that are not valid.
said <- function(failure) substr(valid(paste(conditionMessage(failure), collapse = "\n")), 1, 10000)

# ---- frames

incoming <- file("/dev/fd/3", "rb", raw = TRUE)
outgoing <- file("/dev/fd/4", "wb", raw = TRUE)

# `count` bytes, or NULL at the end of the pipe, which may give them in parts.
read_bytes <- function(count) {
  if (count == 0) return(raw(0))
  parts <- list()
  have <- 0
  while (have < count) {
    # R takes memory for all that it is asked to read, and a pipe gives less.
    part <- readBin(incoming, "raw", min(count - have, 4194304))
    if (length(part) == 0) return(NULL)
    parts[[length(parts) + 1]] <- part
    have <- have + length(part)
  }
  if (length(parts) == 1) parts[[1]] else do.call(c, parts)
}

unsigned <- function(bytes) sum(as.integer(bytes) * 256^(seq_along(bytes) - 1))

read_frame <- function() {
  lengths <- read_bytes(12)
  if (is.null(lengths)) return(NULL)
  header <- read_bytes(unsigned(lengths[1:4]))
  body <- read_bytes(unsigned(lengths[5:12]))
  if (is.null(header) || is.null(body)) return(NULL)
  text <- rawToChar(header)
  Encoding(text) <- "UTF-8"
  list(text = text, body = body)
}

# The header of a frame. R's texts end at a NUL, so one would be cut there.
parse_header <- function(text) {
  if (grepl("\\u0000", text, fixed = TRUE) && grepl("(?<!\\\\)(?:\\\\\\\\)*\\\\u0000", text, perl = TRUE)) {
    refuse("bad_input", "a text has the character NUL, which texts of R cannot have")
  }
  fromJSON(text, simplifyVector = FALSE)
}

write_frame <- function(header, body = raw(0)) {
  text <- charToRaw(valid(as.character(toJSON(header, auto_unbox = TRUE, digits = NA, null = "null", na = "null"))))
  writeBin(length(text), outgoing, size = 4, endian = "little")
  # The body's length byte by byte: R's integers have 32 bits.
  size <- length(body)
  writeBin(as.raw(size %/% 256^(0:7) %% 256), outgoing)
  writeBin(text, outgoing)
  if (size > 0) writeBin(body, outgoing)
  flush(outgoing)
}

# ---- tensors

sizes <- c(BOOL = 1, UINT8 = 1, UINT16 = 2, UINT32 = 4, UINT64 = 8, INT8 = 1, INT16 = 2, INT32 = 4, INT64 = 8, FP32 = 4, FP64 = 8)

# The values of an input: numbers, logicals or texts, NA where one is missing, with its shape as `dim` when it has several.
decode_input <- function(input, bytes) {
  count <- prod(unlist(input$shape))
  datatype <- input$datatype
  values <- if (is.null(bytes)) from_json(input$data, datatype) else from_bytes(bytes, datatype, count, input$name)
  missing <- unlist(input$parameters$opz_missing)
  if (length(missing)) values[missing + 1] <- NA
  values
}

from_json <- function(data, datatype) {
  data <- unlist(lapply(data, function(value) if (is.null(value)) NA else value), use.names = FALSE)
  if (datatype == "BYTES") as.character(data) else if (datatype == "BOOL") as.logical(data) else as.numeric(data)
}

from_bytes <- function(bytes, datatype, count, name) {
  switch(datatype,
    FP64 = drop_nan(readBin(bytes, "double", count, size = 8, endian = "little")),
    FP32 = drop_nan(readBin(bytes, "double", count, size = 4, endian = "little")),
    INT32 = whole32(bytes, count),
    INT16 = , INT8 = readBin(bytes, "integer", count, size = sizes[[datatype]], endian = "little"),
    UINT16 = , UINT8 = readBin(bytes, "integer", count, size = sizes[[datatype]], signed = FALSE, endian = "little"),
    UINT32 = unsigned32(bytes, count),
    INT64 = , UINT64 = whole64(bytes, datatype, count, name),
    BOOL = as.integer(bytes) != 0,
    refuse("bad_input", "input '", name, "': the datatype ", datatype, " is not supported")
  )
}

drop_nan <- function(values) {
  values[is.nan(values)] <- NA
  values
}

# R's NA is the least integer, so that one becomes a double.
whole32 <- function(bytes, count) {
  values <- readBin(bytes, "integer", count, size = 4, endian = "little")
  if (anyNA(values)) ifelse(is.na(values), -2147483648, values) else values
}

unsigned32 <- function(bytes, count) {
  halves <- readBin(bytes, "integer", 2 * count, size = 2, signed = FALSE, endian = "little")
  low <- halves[c(TRUE, FALSE)]
  low + 65536 * halves[c(FALSE, TRUE)]
}

whole64 <- function(bytes, datatype, count, name) {
  words <- unsigned32(bytes, 2 * count)
  high <- words[c(FALSE, TRUE)]
  if (datatype == "INT64") high <- ifelse(high >= 2^31, high - 2^32, high)
  values <- words[c(TRUE, FALSE)] + 2^32 * high
  if (any(abs(values) > 2^53)) refuse("bad_input", "input '", name, "' has a number that a double does not hold")
  values
}

decode <- function(header, body) {
  offset <- 0
  inputs <- list()
  for (input in header$inputs) {
    size <- input$parameters$binary_data_size
    bytes <- NULL
    if (!is.null(size)) {
      bytes <- if (size == 0) raw(0) else body[(offset + 1):(offset + size)]
      offset <- offset + size
    }
    inputs[[length(inputs) + 1]] <- list(name = input$name, shape = unlist(input$shape), values = decode_input(input, bytes))
  }
  inputs
}

# Texts in the body, each behind its length. In the header they would be bounded by what is parsed at once.
texts <- function(values) {
  values[is.na(values)] <- ""
  values <- enc2utf8(values)
  lengths <- nchar(values, "bytes")
  if (sum(as.double(lengths)) + 4 * length(values) > 2^31 - 1) refuse("model_error", "an output has more than 2 GiB of texts")
  body <- raw(sum(lengths) + 4 * length(values))
  places <- rep(cumsum(c(0, lengths[-length(lengths)] + 4))[seq_along(values)], each = 4) + 1:4
  body[places] <- writeBin(as.integer(lengths), raw(), size = 4, endian = "little")
  if (any(lengths > 0)) body[-places] <- charToRaw(paste(values, collapse = ""))
  body
}

# A header element and the bytes of one output.
encode <- function(name, value) {
  if (inherits(value, "factor")) value <- as.character(value)
  if (inherits(value, c("Date", "POSIXt"))) value <- format(value)
  shape <- if (is.matrix(value)) dim(value) else length(value)
  if (is.matrix(value)) value <- as.vector(t(value))
  value <- unname(value)
  if (is.list(value)) value <- vapply(value, function(item) as.character(toJSON(item, auto_unbox = TRUE, digits = NA)), "")
  missing <- integer(0)
  if (is.character(value)) {
    missing <- which(is.na(value)) - 1
    datatype <- "BYTES"
    body <- texts(value)
  } else if (is.logical(value)) {
    missing <- which(is.na(value)) - 1
    datatype <- "BOOL"
    body <- as.raw(ifelse(is.na(value), 0, value))
  } else if (is.integer(value)) {
    missing <- which(is.na(value)) - 1
    datatype <- "INT32"
    body <- writeBin(ifelse(is.na(value), 0L, value), raw(), size = 4, endian = "little")
  } else if (is.numeric(value)) {
    datatype <- "FP64"
    body <- writeBin(as.double(value), raw(), size = 8, endian = "little")
  } else {
    refuse("model_error", "output '", name, "' is of class ", class(value)[1], ", which the protocol does not have")
  }
  parameters <- list(binary_data_size = length(body))
  if (length(missing)) parameters$opz_missing <- I(missing)
  list(header = list(name = name, datatype = datatype, shape = I(shape), parameters = parameters), body = body)
}

# ---- the model: list(inputs, outputs, library, predict(frame, wanted))

column <- function(name, datatype = NULL, categories = NULL) {
  spec <- list(name = name)
  if (!is.null(datatype)) spec$datatype <- datatype
  if (!is.null(categories)) spec$categories <- I(as.character(categories))
  spec
}

attach_packages <- function(names) {
  for (name in names) {
    if (!suppressPackageStartupMessages(requireNamespace(name, quietly = TRUE))) {
      refuse("load", "the model needs the R package '", name, "', which is not installed")
    }
  }
}

# The package whose predict() a class needs.
packages <- c(
  rpart = "rpart", randomForest = "randomForest", ranger = "ranger", glmnet = "glmnet", cv.glmnet = "glmnet", gbm = "gbm",
  train = "caret", workflow = "workflows", xgb.Booster = "xgboost", svm = "e1071", naiveBayes = "e1071", nnet = "nnet",
  multinom = "nnet", gam = "mgcv", polr = "MASS", lda = "MASS", qda = "MASS", coxph = "survival", survreg = "survival",
  merMod = "lme4", C5.0 = "C50", cubist = "Cubist", earth = "earth", lgb.Booster = "lightgbm"
)

load_rds <- function(path) {
  model <- readRDS(path)
  attach_packages(unique(unname(packages[intersect(class(model), names(packages))])))
  list(
    inputs = model_inputs(model), outputs = model_outputs(model), predict = function(frame, wanted) predict_model(model, frame, wanted),
    levels = model_levels(model)
  )
}

# Levels of the columns that are factors.
model_levels <- function(model) {
  found <- if (inherits(model, "randomForest")) Filter(is.character, model$forest$xlevels)
  else if (inherits(model, "rpart")) attr(model, "xlevels")
  else if (inherits(model, "ranger")) Filter(is.character, model$forest$covariate.levels)
  else if (inherits(model, "gbm")) Filter(is.character, stats::setNames(model$var.levels, model$var.names))
  else if (inherits(model, "train")) lapply(Filter(is.factor, model$trainingData), levels)
  else if (is.list(model) && !is.null(model$xlevels)) model$xlevels
  if (is.null(found)) list() else found[setdiff(names(found), ".outcome")]
}

model_inputs <- function(model) {
  levels <- model_levels(model)
  names <- NULL
  classes <- character(0)
  terms <- tryCatch(stats::delete.response(stats::terms(model)), error = function(e) NULL)
  if (inherits(model, "train")) {
    names <- setdiff(colnames(model$trainingData), ".outcome")
    classes <- vapply(model$trainingData[names], function(values) class(values)[1], "")
  } else if (!is.null(terms)) {
    names <- all.vars(terms)
    classes <- attr(terms, "dataClasses")
  } else if (inherits(model, "randomForest")) {
    names <- rownames(model$importance)
  } else if (inherits(model, "ranger")) {
    names <- model$forest$independent.variable.names
  } else if (inherits(model, "gbm")) {
    names <- model$var.names
  } else if (inherits(model, c("glmnet", "cv.glmnet"))) {
    fit <- if (inherits(model, "cv.glmnet")) model$glmnet.fit else model
    beta <- if (is.list(fit$beta)) fit$beta[[1]] else fit$beta
    names <- rownames(beta)
  }
  lapply(names, function(name) {
    kind <- if (name %in% names(classes)) classes[[name]] else "numeric"
    if (name %in% names(levels)) column(name, "BYTES", levels[[name]])
    else if (kind %in% c("factor", "ordered", "character")) column(name, "BYTES")
    else if (kind == "logical") column(name, "BOOL")
    else column(name, "FP64")
  })
}

classes_of <- function(model) {
  if (inherits(model, "rpart")) return(attr(model, "ylevels"))
  if (inherits(model, "randomForest") && model$type == "classification") return(model$classes)
  if (inherits(model, "ranger") && model$treetype == "Probability estimation") return(colnames(model$predictions))
  if (inherits(model, "train") && model$modelType == "Classification") return(levels(model))
  NULL
}

model_outputs <- function(model) {
  classes <- classes_of(model)
  if (is.null(classes)) {
    numeric <- inherits(model, c("lm", "gbm", "rpart")) || inherits(model, "randomForest") && model$type == "regression"
    return(list(if (numeric) list(name = "prediction", datatype = "FP64", shape = I(-1)) else list(name = "prediction")))
  }
  list(
    list(name = "prediction", datatype = "BYTES", shape = I(-1)),
    list(name = "probability", datatype = "FP64", shape = I(c(-1, length(classes))))
  )
}

# The first of the largest probabilities.
best <- function(probability, classes) classes[max.col(probability, ties.method = "first")]

predict_model <- function(model, frame, wanted) {
  classes <- classes_of(model)
  if (inherits(model, "ranger")) {
    values <- stats::predict(model, data = frame)$predictions
    if (is.null(classes)) return(list(prediction = values))
    values <- matrix(values, nrow = nrow(frame), dimnames = list(NULL, classes))
    return(list(prediction = best(values, classes), probability = values))
  }
  if (!is.null(classes)) {
    results <- list()
    if (is.null(wanted) || "prediction" %in% wanted) {
      kind <- if (inherits(model, "rpart")) "class" else if (inherits(model, "train")) "raw" else "response"
      results$prediction <- stats::predict(model, frame, type = kind)
    }
    if (is.null(wanted) || "probability" %in% wanted) {
      results$probability <- unclass(as.matrix(stats::predict(model, frame, type = "prob")))
    }
    return(results)
  }
  if (inherits(model, c("glmnet", "cv.glmnet"))) {
    s <- if (inherits(model, "cv.glmnet")) "lambda.min" else min(model$lambda)
    values <- stats::predict(model, newx = as.matrix(frame), s = s, type = "response")
    return(list(prediction = if (length(dim(values)) == 3) matrix(values, nrow = nrow(frame)) else as.vector(values)))
  }
  if (inherits(model, "gbm")) {
    return(list(prediction = stats::predict(model, frame, n.trees = model$n.trees, type = "response")))
  }
  if (inherits(model, "glm")) return(list(prediction = stats::predict(model, frame, type = "response")))
  named(stats::predict(model, frame))
}

named <- function(result) {
  if (is.data.frame(result)) return(as.list(result))
  if (is.list(result) && !is.null(names(result)) && all(nzchar(names(result)))) return(result)
  list(prediction = result)
}

load_code <- function(file, directory) {
  code <- new.env(parent = globalenv())
  sys.source(file, envir = code, chdir = TRUE)
  own <- function(name) if (exists(name, envir = code, mode = "function", inherits = FALSE)) get(name, envir = code)
  predict <- own("predict")
  if (is.null(predict)) refuse("load", file, " has no function 'predict'")
  load <- own("load")
  loaded <- if (!is.null(load)) load(directory)
  takes_model <- length(formals(predict)) > 1
  list(
    inputs = list(), outputs = list(), levels = list(), health = own("health"),
    batch = if (exists("batch", envir = code, inherits = FALSE)) get("batch", envir = code),
    predict = function(frame, wanted) named(if (takes_model) predict(frame, loaded) else predict(frame))
  )
}

# ---- requests

# The inputs as a data frame with the model's columns.
make_frame <- function(inputs, model) {
  if (length(inputs) == 0) refuse("bad_input", "the request has no inputs")
  names <- vapply(model$inputs, function(input) input$name, "")
  columns <- list()
  first <- inputs[[1]]
  if (length(inputs) == 1 && length(first$shape) == 2 && (length(names) != 1 || first$shape[2] != 1)) {
    width <- first$shape[2]
    if (length(names) && width != length(names)) {
      refuse("bad_input", "input '", first$name, "' has ", width, " columns: the model has ", length(names))
    }
    values <- matrix(first$values, ncol = width, byrow = TRUE)
    for (number in seq_len(width)) columns[[if (length(names)) names[number] else paste0("V", number)]] <- values[, number]
    rows <- first$shape[1]
  } else {
    for (input in inputs) columns[[input$name]] <- input$values
    rows <- first$shape[1]
  }
  if (length(names)) {
    absent <- setdiff(names, names(columns))
    unknown <- setdiff(names(columns), names)
    if (length(absent)) refuse("bad_input", "missing inputs: ", paste(absent, collapse = ", "))
    if (length(unknown)) refuse("bad_input", "unknown inputs: ", paste(unknown, collapse = ", "))
    columns <- columns[names]
  }
  for (name in names(columns)) {
    if (length(columns[[name]]) != rows) refuse("bad_input", "input '", name, "' has not ", rows, " rows")
    if (name %in% names(model$levels)) columns[[name]] <- as_levels(name, columns[[name]], model$levels[[name]])
  }
  structure(columns, class = "data.frame", row.names = .set_row_names(rows))
}

as_levels <- function(name, values, levels) {
  values <- as.character(values)
  strange <- setdiff(values[!is.na(values)], levels)
  if (length(strange)) {
    refuse("bad_input", "input '", name, "': the model does not know the category '", strange[1], "'; it knows: ", paste(levels, collapse = ", "))
  }
  factor(values, levels = levels)
}

answer <- function(header, body, model) {
  wanted <- if (length(header$outputs)) vapply(header$outputs, function(output) output$name, "")
  inputs <- decode(header, body)
  data <- make_frame(inputs, model)
  results <- tryCatch(model$predict(data, wanted), error = function(failure) {
    if (inherits(failure, "opz_refusal")) stop(failure)
    message("Error: ", said(failure))
    mine <- inherits(failure, "bad_input") || grepl("new level|not found|factor .* has", said(failure))
    refuse(if (mine) "bad_input" else "model_error", said(failure))
  })
  if (anyDuplicated(names(results))) {
    refuse("model_error", "the model gave the output '", names(results)[anyDuplicated(names(results))], "' twice")
  }
  if (!is.null(wanted)) {
    absent <- setdiff(wanted, names(results))
    if (length(absent)) refuse("bad_input", "there is no output '", absent[1], "': the model has ", paste(names(results), collapse = ", "))
    results <- results[wanted]
  }
  outputs <- lapply(names(results), function(name) encode(name, results[[name]]))
  for (output in outputs) {
    if (output$header$shape[1] != nrow(data)) {
      refuse("model_error", "the model gave ", output$header$shape[1], " for the output '", output$header$name, "' of ", nrow(data), " rows")
    }
  }
  body <- do.call(c, c(list(raw(0)), lapply(outputs, function(output) output$body)))
  list(header = list(opz = list(kind = "result"), outputs = lapply(outputs, function(output) output$header)), body = body)
}

ping <- function(model) {
  if (!is.null(model$health) && identical(model$health(), FALSE)) refuse("model_error", "health returned FALSE")
  list(header = list(opz = list(kind = "result"), outputs = list()), body = raw(0))
}

failed <- function(code, message) list(header = list(opz = list(kind = "error", code = code, message = message)), body = raw(0))

# ---- the life of a worker

option <- function(arguments, name) {
  place <- match(paste0("--", name), arguments)
  if (is.na(place)) NULL else arguments[place + 1]
}

standard_input <- function() {
  input <- file("stdin")
  on.exit(close(input))
  paste(readLines(input, warn = FALSE, encoding = "UTF-8"), collapse = "\n")
}

merged <- function(found, given) {
  if (length(given) == 0) return(found)
  known <- stats::setNames(found, vapply(found, function(item) item$name, ""))
  lapply(given, function(item) utils::modifyList(if (is.null(known[[item$name]])) list() else known[[item$name]], item))
}

start <- function() {
  arguments <- commandArgs(trailingOnly = TRUE)
  path <- option(arguments, "model")
  code <- option(arguments, "code")
  file <- option(arguments, "predict")
  loader <- option(arguments, "loader")
  signature <- option(arguments, "signature")
  if (identical(signature, "-")) signature <- standard_input()
  signature <- if (is.null(signature)) list() else fromJSON(signature, simplifyVector = FALSE)
  if (!is.null(code)) setwd(code)
  if (is.null(file) && !is.null(code) && file.exists(file.path(code, "predict.R"))) file <- file.path(code, "predict.R")
  model <- if (!is.null(file) && (is.null(loader) || loader == "predict")) {
    load_code(file, if (dir.exists(path)) path else dirname(path))
  } else {
    if (dir.exists(path)) {
      found <- list.files(path, pattern = "\\.rds$", ignore.case = TRUE, full.names = TRUE)
      if (length(found) != 1) refuse("load", path, " has ", length(found), " .rds files")
      path <- found
    }
    load_rds(path)
  }
  model$inputs <- merged(model$inputs, signature$inputs)
  model$outputs <- merged(model$outputs, signature$outputs)
  model
}

hello <- function(model) {
  said <- list(
    kind = "hello", protocol = 1, text = "json", tables = TRUE, library = list(name = "R", version = as.character(getRversion())),
    signature = if (length(model$inputs)) list(inputs = model$inputs, outputs = model$outputs) else structure(list(), names = character(0))
  )
  if (!is.null(model$health)) said$health <- TRUE
  if (identical(model$batch, FALSE)) said$max_batch <- 1
  if (is.numeric(model$batch)) said$max_batch <- as.integer(model$batch)
  write_frame(list(opz = said))
}

# A SIGINT that came when the answer was on its way, and must not end the next request.
forget_interrupt <- function() tryCatch(allowInterrupts(Sys.sleep(0)), interrupt = function(condition) NULL)

# The answer to a frame, or NULL for the end. Whatever goes wrong is this request's failure alone.
respond <- function(frame, model) {
  tryCatch(
    allowInterrupts({
      header <- parse_header(frame$text)
      switch(header$opz$kind, stop = NULL, ping = ping(model), answer(header, frame$body, model))
    }),
    opz_refusal = function(refusal) failed(refusal$code, said(refusal)),
    error = function(failure) failed("model_error", said(failure)),
    interrupt = function(condition) failed("interrupted", "the request took longer than it may")
  )
}

# SIGINT only ends what is computed, so that it never tears a frame.
serve <- function(model) suspendInterrupts({
  repeat {
    frame <- read_frame()
    if (is.null(frame)) break
    forget_interrupt()
    response <- respond(frame, model)
    if (is.null(response)) break
    write_frame(response$header, response$body)
  }
})

model <- tryCatch(start(), error = function(failure) {
  message("Error: ", said(failure))
  write_frame(list(opz = list(kind = "error", code = "load", message = said(failure))))
  quit(status = 3, save = "no")
})
# From the hello on, an interrupt is meant for a request, and never for the worker.
suspendInterrupts({
  hello(model)
  serve(model)
})
