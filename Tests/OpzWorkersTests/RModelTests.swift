import OpzIO
import OpzInference
import OpzTestKit
import OpzWorkers
import Testing

#if canImport(Glibc)
  import Glibc
#endif

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
        if (identical(frame$do[1], "sleep")) Sys.sleep(600)
        if (identical(frame$do[1], "quit")) quit(status = 9, save = "no")
        list(prediction = frame$x * 2, whole = as.integer(frame$x), flag = frame$x > 1, text = ifelse(is.na(frame$do), NA, "é"))
      }
      """)
    var settings = settings(bench.directory.path.string, predict: file)
    settings.workers.requestSeconds = 30
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

  /// A pool of a predict.R.
  private func pool(_ code: String, _ change: (inout ServeSettings) -> Void = { _ in }) async throws -> WorkerPool {
    var settings = settings(bench.directory.path.string, predict: try bench.write("predict.R", code))
    settings.workers.requestSeconds = 60
    change(&settings)
    return try await bench.pool(settings)
  }

  private func failure(_ pool: WorkerPool, _ what: String) async -> RequestFailure? {
    await #expect(throws: RequestFailure.self) { try await pool.predict(RemoteRequest(inputs: [.texts("do", [what])])) }
  }

  @Test("texts that do not fit into a header, and texts that are not there")
  func texts() async throws {
    let pool = try await pool(
      "predict <- function(frame) list(t = c(strrep(\"y\", 20e6), NA, \"\", \"é\"), x = frame$do)")
    let outputs = try await pool.predict(RemoteRequest(inputs: [.texts("do", ["é", nil, "", "b"])]))
    #expect(outputs[0].texts == [String(repeating: "y", count: 20_000_000), nil, "", "é"])
    #expect(outputs[1].texts == ["é", nil, "", "b"])
    await pool.stop(seconds: 5)
  }

  @Test("what goes wrong in R is the request's failure, and the worker goes on")
  func failures() async throws {
    let pool = try await pool(
      """
      predict <- function(frame) switch(frame$do[1],
        long = stop(simpleError(strrep("x", 1e6))), invalid = stop(rawToChar(as.raw(c(0x61, 0xff, 0x62)))),
        twice = list(a = 1, a = 2), deep = { f <- function(n) f(n + 1); f(1) }, frame$do)
      """)
    let pids = pool.pids
    #expect(await failure(pool, "long")?.message == String(repeating: "x", count: 10_000))
    #expect(await failure(pool, "invalid")?.status == 500)
    #expect(await failure(pool, "twice")?.message == "the model gave the output 'a' twice")
    #expect(await failure(pool, "deep")?.status == 500)
    // R would cut the text there.
    #expect(await failure(pool, "a\0b")?.status == 400)
    let outputs = try await pool.predict(RemoteRequest(inputs: [.texts("do", ["a\\u0000b"])]))
    #expect(outputs[0].texts == ["a\\u0000b"])
    #expect(pool.pids == pids)
    await pool.stop(seconds: 5)
  }

  @Test("an interrupt that comes when nothing runs neither ends the worker nor the next request")
  func lateInterrupt() async throws {
    let pool = try await pool("predict <- function(frame) frame$do")
    let pids = pool.pids
    for number in 0..<20 {
      for pid in pids { kill(pid, SIGINT) }
      let outputs = try await pool.predict(RemoteRequest(inputs: [.texts("do", ["\(number)"])]))
      #expect(outputs[0].texts == ["\(number)"])
    }
    #expect(pool.pids == pids)
    await pool.stop(seconds: 5)
  }

  @Test("texts of predict.R and of requests are the same without a locale, and a long signature is read")
  func locale() async throws {
    var settings = settings(
      bench.directory.path.string,
      predict: try bench.write("predict.R", "predict <- function(frame) as.integer(frame$do == \"é\")"))
    settings.signature = .init(inputs: [TensorSpec("do", .bytes, categories: categories)])
    let pool = try await bench.pool(settings) { $0.environment["LC_ALL"] = "C" }
    let outputs = try await pool.predict(RemoteRequest(inputs: [.texts("do", ["é", "e"])]))
    #expect(outputs[0].bytes == [1, 0, 0, 0, 0, 0, 0, 0])
    await pool.stop(seconds: 5)
  }

  private var categories: [String] { (0..<20_000).map { "category é \($0)" } }
}
