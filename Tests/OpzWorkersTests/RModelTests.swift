import OpzIO
import OpzInference
import OpzTestKit
import OpzWorkers
import Testing

/// R with jsonlite, where it is installed; scripts/test-peers has the packages' models.
private let hasR =
  (try? ChildProcess.run(["Rscript", "--vanilla", "-e", "library(jsonlite)"]))?.status == 0

@Suite("R models", .enabled(if: hasR, "R and jsonlite are not installed"))
struct RModelTests {
  let bench: WorkerBench

  init() throws { bench = try WorkerBench() }

  private func settings(_ model: String, predict: String? = nil) -> ServeSettings {
    var settings = ServeSettings(model: model)
    var worker = ServeSettings.Worker(.r, command: ["Rscript", "--vanilla"])
    worker.path = bench.directory.path.appending("worker").string
    worker.predict = predict
    settings.worker = worker
    return settings
  }

  @Test("a linear model answers what R does, with missing values and unknown categories")
  func linear() async throws {
    let model = bench.directory.path.appending("m.rds").string
    let run = try ChildProcess.run([
      "Rscript", "--vanilla", "-e",
      """
      set.seed(1); d <- data.frame(age = rnorm(99), plan = sample(c("x", "y"), 99, TRUE)); d$y <- d$age * 2 + (d$plan == "x")
      d$y <- d$y + rnorm(99); m <- lm(y ~ age + plan, d); saveRDS(m, "\(model)")
      cat(formatC(predict(m, data.frame(age = c(1, -0.5), plan = c("x", "y"))), digits = 17, format = "g"))
      """,
    ])
    try #require(run.status == 0, "\(run.errorText)")
    let expected = run.text.split(separator: " ").compactMap { Double($0) }
    let pool = try await bench.pool(settings(model))
    #expect(pool.inputs.map(\.name) == ["age", "plan"] && pool.inputs[1].categories == ["x", "y"])
    let outputs = try await pool.predict(
      RemoteRequest(inputs: [.doubles("age", [1, -0.5]), .texts("plan", ["x", "y"])]))
    #expect(outputs[0].doubles == expected && outputs[0].name == "prediction")
    let missing = try await pool.predict(
      RemoteRequest(inputs: [.integers("age", [1, 0], missing: [1]), .texts("plan", ["x", "y"])]))
    #expect(missing[0].doubles[0] == expected[0] && missing[0].doubles[1].isNaN)
    let unknown = await #expect(throws: RequestFailure.self) {
      try await pool.predict(RemoteRequest(inputs: [.doubles("age", [1]), .texts("plan", ["z"])]))
    }
    #expect(unknown?.status == 400 && unknown?.message.contains("'z'") == true)
    await pool.stop(seconds: 5)
  }

  @Test("a predict.R, its failures, its output, and a call that takes too long")
  func code() async throws {
    let file = try bench.write(
      "predict.R",
      """
      load <- function(directory) basename(directory)
      predict <- function(frame, model) {
        cat("called\\n")
        if (identical(frame$do[1], "stop")) stop("it broke")
        if (identical(frame$do[1], "sleep")) Sys.sleep(60)
        if (identical(frame$do[1], "quit")) quit(status = 9, save = "no")
        list(prediction = frame$x * 2, whole = as.integer(frame$x), flag = frame$x > 1, text = ifelse(is.na(frame$do), NA, "é"))
      }
      """)
    var settings = settings(bench.directory.path.string, predict: file)
    settings.workers.requestSeconds = 2
    let pool = try await bench.pool(settings)
    func ask(_ what: String?) async throws -> [RawTensor] {
      try await pool.predict(RemoteRequest(ids: ["r"], inputs: [.doubles("x", [1, 2]), .texts("do", [what, "é"])]))
    }
    let outputs = try await ask(nil)
    #expect(outputs.map(\.name) == ["prediction", "whole", "flag", "text"])
    #expect(outputs[0].doubles == [2, 4] && outputs[1].datatype == .int32 && outputs[2].bytes == [0, 1])
    #expect(outputs[3].texts == [nil, "é"])
    let broken = await #expect(throws: RequestFailure.self) { try await ask("stop") }
    #expect(broken?.status == 500 && broken?.message == "it broke")
    let slow = await #expect(throws: RequestFailure.self) { try await ask("sleep") }
    #expect(slow?.status == 504)
    let gone = await #expect(throws: RequestFailure.self) { try await ask("quit") }
    #expect(gone?.status == 422)
    #expect(try await ask("go on")[0].doubles == [2, 4])
    #expect(bench.lines.all.contains { $0.text == "called" && $0.stream == "stdout" && $0.requests == ["r"] })
    await pool.stop(seconds: 5)
  }
}
