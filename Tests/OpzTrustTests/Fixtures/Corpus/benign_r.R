# Saves models of R's own packages, of the recommended ones, tables and workspaces into the directory that is its argument.
directory <- commandArgs(TRUE)[1]
set.seed(1)
suppressMessages(for (name in c("rpart", "nnet", "MASS", "survival", "mgcv", "nlme", "cluster")) library(name, character.only = TRUE))
cars <- mtcars
objects <- list(
  lm = lm(mpg ~ wt + factor(cyl), cars), glm = glm(am ~ wt, binomial, cars), poisson = glm(carb ~ wt, poisson(link = "log"), cars),
  gamma = glm(mpg ~ wt, Gamma, cars), polynomial = lm(mpg ~ poly(wt, 2) + log(hp), cars), rpart = rpart(Species ~ ., iris),
  nnet = nnet(Species ~ ., iris, size = 2, trace = FALSE), multinom = nnet::multinom(Species ~ ., iris, trace = FALSE), lda = lda(Species ~ ., iris),
  coxph = coxph(Surv(time, status) ~ age, lung[1:60, ]), gam = gam(mpg ~ s(wt, k = 4), data = cars), lme = lme(distance ~ age, Orthodont, ~ 1 | Subject),
  pam = pam(iris[1:40, 1:4], 3), kmeans = kmeans(iris[, 1:4], 3), prcomp = prcomp(iris[, 1:4], scale. = TRUE), hclust = hclust(dist(iris[1:30, 1:4])),
  loess = loess(mpg ~ wt, cars), nls = nls(mpg ~ a + b * wt, cars, start = list(a = 30, b = -3)), spline = smooth.spline(cars$wt, cars$mpg),
  ecdf = ecdf(cars$mpg), splinefun = splinefun(1:5, (1:5)^2), approxfun = approxfun(1:5, 1:5), arima = arima(lh, order = c(1, 0, 0)), step = step(lm(mpg ~ wt + hp, cars), trace = 0),
  rlm = rlm(mpg ~ wt, cars), negative = suppressWarnings(glm.nb(carb ~ wt, cars)), aov = aov(mpg ~ factor(cyl), cars), formula = y ~ x + log(z), terms = terms(y ~ x),
  table = cars, factor = iris$Species, list = list(1, "a", TRUE, NULL, c(a = 1)), dates = Sys.Date() + 0:3, texts = c("a", NA, "\u00e9"), integers = 1:100000,
  own = local({ scale <- 2; function(x, by = 1) { y <- x * scale; y + by } }), functions = list(mean = mean, sum = sum)
)
for (name in names(objects)) saveRDS(objects[[name]], file.path(directory, paste0(name, ".rds")))
at <- function(name) file.path(directory, name)
saveRDS(objects$lm, at("ascii.rds"), ascii = TRUE)
saveRDS(objects$glm, at("version2.rds"), version = 2)
saveRDS(cars, at("bzip2.rds"), compress = "bzip2")
saveRDS(cars, at("xz.rds"), compress = "xz")
saveRDS(cars, at("plain.rds"), compress = FALSE)
writeBin(serialize(cars, NULL, xdr = FALSE), at("native.rds"))
model <- objects$glm
save(model, cars, file = at("workspace.RData"))
save(cars, file = at("workspace-ascii.rda"), ascii = TRUE)
