public import OpzFormats
import OpzHTTPServer
import OpzIO
import OpzInference
import OpzJSON

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The program `opz-server`.
public struct ServerCommand: Sendable {
  private let formats: ModelFormats
  private let signals: StopSignals
  private let started = ContinuousClock.now

  /// Installs the signal handlers. Call it first in the program, so that SIGTERM is not lost.
  /// - Parameter formats: the formats of models that the server reads.
  public init(formats: ModelFormats) {
    self.formats = formats
    signals = StopSignals(program: "opz-server")
  }

  /// Runs the program to its end.
  /// - Returns: the exit code: 0, 1 for a failure, 64 for wrong usage.
  public func run(arguments: [String], environment: [String: String]) async -> Int32 {
    do {
      if arguments.first == "score" {
        printError("ok: \(try ScoreOptions(arguments: arguments.dropFirst(), environment: environment).run(formats))")
        return 0
      }
      let options = try ServerOptions(
        arguments: arguments, environment: environment,
        settings: try ServedModels.settings(arguments, environment))
      switch options.action {
      case .help: try StandardOutput.write(Array("\(ServerOptions.help)\n".utf8))
      case .version: try StandardOutput.write(Array("opz-server \(ServerVersion.text)\n".utf8))
      case .formats: try StandardOutput.write(Array("\(RuntimeMark.text)\n".utf8))
      case .check:
        let models = try await ServedModels.load(options, formats, environment: environment)
        for version in models.loaded.all { printError("ok: \(ServerCommand.summary(version.model))") }
        await models.stop()
      case .serve:
        let token = try options.allowLoad.map { try LoadToken(file: $0) }
        let models = try await ServedModels.load(options, formats, environment: environment)
        try await serve(models, options, token: token)
        // All requests are answered, so the workers have nothing left.
        await models.stop()
      }
      return 0
    } catch let failure as IOFailure where StandardOutput.isClosed(failure) {
      return 0
    } catch {
      printError("opz-server: \(error)")
      return (error as? any ExplainedError)?.category == .usage ? 64 : 1
    }
  }

  private static func summary(_ model: ServedModel) -> String {
    "\(model.name) \(model.version), \(model.platform), \(model.inputs.count) features"
  }

  private func serve(_ models: ModelRepository, _ options: ServerOptions, token: LoadToken?) async throws {
    let lines = LogWriter()
    // The last lines are those that tell why it ended.
    defer { lines.flush() }
    let log = RequestLog(
      hasAll: options.logsRequests,
      slow: options.slowMilliseconds > 0 ? .milliseconds(options.slowMilliseconds) : nil, write: { lines.line($0) })
    let server = InferenceServer(
      models, limits: options.limits, version: ServerVersion.text, cores: Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))),
      names: options.metricNames, log: log, token: token)
    let http = try await ServerCommand.listen(options, server.limits)
    signals.follow(
      StopSignals.Plan(
        drain: { server.lifecycle.beginDraining() }, drainSeconds: options.drainSeconds,
        stop: {
          server.lifecycle.beginStopping()
          http.stop()
        }, stopSeconds: options.limits.stopSeconds))
    server.lifecycle.becomeReady()
    announce(models, options.host, port: http.port)
    await http.run(server)
  }

  static func listen(_ options: ServerOptions, _ limits: ServerLimits) async throws -> HTTPServer {
    do {
      return try await HTTPServer(host: options.host, port: options.port, limits: limits.http, speaksHTTP2: true)
    } catch let error as IOFailure {
      throw ServeError(
        .cannotListen, "\(options.host):\(options.port)", reason: IOFailure.text(of: error.errno),
        hint: error.errno == EADDRINUSE ? "--port 0 chooses a free port" : nil)
    }
  }

  /// Prints one line for the log, from which a parent process learns the port.
  private func announce(_ models: ModelRepository, _ host: String, port: Int) {
    var json = JSONWriter()
    json.raw("{\"event\":\"ready\",")
    if models.isSeveral {
      json.raw("\"models\":")
      json.list(models.loaded.all) { json, version in
        json.raw("{")
        ServerCommand.write(version.model, to: &json)
        json.raw("}")
      }
    } else if let only = models.loaded.all.first {
      ServerCommand.write(only.model, to: &json)
    }
    json.raw(",\"host\":")
    json.string(host)
    json.raw(",\"port\":")
    json.number(port)
    json.raw(",\"ready_ms\":")
    json.number((ContinuousClock.now - started).nanoseconds / 1_000_000)
    json.raw("}")
    printError(String(decoding: PrintableText.json(json.bytes), as: UTF8.self))
  }
}

extension ServerCommand {
  fileprivate static func write(_ model: ServedModel, to json: inout JSONWriter) {
    json.raw("\"model\":")
    json.string(model.name)
    json.raw(",\"version\":")
    json.string(model.version)
  }
}

/// The version of opz-server.
public enum ServerVersion {
  public static let text = "0.1.0"
}

/// Writes one line to standard error. A container's standard error is its log.
func printError(_ line: String) {
  printErrorBytes(Array(PrintableText.text(line).utf8) + [UInt8(ascii: "\n")])
}

/// Writes whole lines to standard error.
func printErrorBytes(_ bytes: [UInt8]) {
  var rest = bytes[...]
  while !rest.isEmpty {
    let count = rest.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    if count < 0 && errno == EINTR { continue }
    if count <= 0 { return }
    rest = rest.dropFirst(count)
  }
}
