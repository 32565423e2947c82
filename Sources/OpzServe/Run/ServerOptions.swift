public import OpzFormats
public import OpzInference
public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The options of the server: flags first, then the environment, then the defaults.
public struct ServerOptions: Sendable, Equatable {
  /// What the program does when started with these options.
  public enum Action: Sendable, Equatable {
    case serve
    /// Load the model, report it, and exit.
    case check
    case help
    case version
    /// Print what the program reads.
    case formats
  }

  public var action = Action.serve
  /// A model file, or a directory with one.
  public var model: FilePath = "/models"
  /// How the model is read: which iterations count, and which format its file has to have.
  public var reading = ReadingOptions()
  /// Nil to derive it from the name of the file or directory.
  public var name: String?
  public var modelVersion = "1"
  /// An IP address.
  public var host = "0.0.0.0"
  /// 0 picks a free port.
  public var port = 8080
  /// Seconds after SIGTERM in which requests are still accepted, before the port is closed.
  public var drainSeconds = 0
  public var limits = ServerLimits()
  /// Names of other servers under which metrics are exported too.
  public var metricNames: Set<MetricNames> = []
  /// Whether the log has a line for every request.
  public var logsRequests = false
  /// Milliseconds from which on a request has a line in the log in any case; 0 for none.
  public var slowMilliseconds = 0
  /// A directory of models, which are served in the place of `model`; nil for one model.
  public var models: FilePath?
  /// The file with the token of those who may load and unload models; nil to let nobody.
  public var allowLoad: FilePath?
  /// What `--settings` names; its model, name and version hold unless a flag or variable says others.
  public var settings: ServeSettings?

  /// Creates options with the defaults.
  public init() {}

  /// Reads the options.
  /// - Parameters:
  ///   - arguments: without the program's name.
  ///   - environment: values by name.
  ///   - settings: what the file of `--settings` has.
  /// - Throws: `ServeError` for an invalid option or value.
  public init(arguments: [String], environment: [String: String], settings: ServeSettings? = nil) throws {
    if let settings {
      self.settings = settings
      model = FilePath(settings.model)
      name = settings.name
      modelVersion = settings.version ?? modelVersion
      reading = settings.reading ?? reading
    }
    try read(environment)
    var rest = arguments[...]
    var flags: Set<String> = []
    while let argument = rest.popFirst() {
      flags.insert(String(argument.prefix { $0 != "=" }))
      try read(argument, &rest)
    }
    let ofOne = ["--settings", "--model", "--name", "--model-version"].first(where: flags.contains)
    if models != nil, let ofOne {
      guard !flags.contains("--models") else {
        throw ServerOptions.wrong(ofOne, "is for one model, and --models serves a directory of them")
      }
      models = nil
    }
    if name == "" { throw ServerOptions.wrong("--name", "is empty") }
    self.settings?.model = model.string
  }

  private mutating func read(_ environment: [String: String]) throws {
    // An empty variable is treated as unset, since manifests often contain empty ones.
    func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    if let text = value("OPZ_MODEL") { model = FilePath(text) }
    let asked = try ReadingOptions(environment: environment)
    if value(ReadingOptions.iterationsVariable) != nil { reading.iterations = asked.iterations }
    if value(ReadingOptions.unseenVariable) != nil { reading.unseen = asked.unseen }
    reading.format = asked.format ?? reading.format
    if let text = value("OPZ_MODELS") { models = FilePath(text) }
    if let text = value("OPZ_ALLOW_LOAD") { allowLoad = FilePath(text) }
    if let text = value("OPZ_MODEL_NAME") { name = text }
    if let text = value("OPZ_MODEL_VERSION") { modelVersion = text }
    if let text = value("OPZ_HOST") { host = try ServerOptions.address(text, "OPZ_HOST") }
    if let text = value("OPZ_METRICS") { metricNames = try ServerOptions.names(text, "OPZ_METRICS") }
    if let text = value("OPZ_ACCESS_LOG") { logsRequests = try ServerOptions.flag(text, "OPZ_ACCESS_LOG") }
    for (variable, option, range) in ServerOptions.numbers {
      guard let text = value(variable) else { continue }
      self[keyPath: option] = try ServerOptions.number(text, variable, range: range)
    }
  }

  private mutating func read(_ argument: String, _ rest: inout ArraySlice<String>) throws {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let flag = parts.first ?? ""
    func value() throws -> String {
      if parts.count == 2 { return parts[1] }
      guard let next = rest.popFirst() else { throw ServerOptions.wrong(flag, "has no value") }
      return next
    }
    switch flag {
    case "--settings": _ = try value()
    case "--model": model = FilePath(try value())
    case "--models": models = FilePath(try value())
    case "--allow-load": allowLoad = FilePath(try value())
    case "--iterations": reading.iterations = try ServerOptions.choice(try value(), flag)
    case "--unseen": reading.unseen = try ServerOptions.choice(try value(), flag)
    case "--format": reading.format = try value()
    case "--name": name = try value()
    case "--model-version": modelVersion = try value()
    case "--host": host = try ServerOptions.address(try value(), flag)
    case "--port": port = try ServerOptions.number(try value(), flag, range: 0...65535)
    case "--metrics": metricNames = try ServerOptions.names(try value(), flag)
    case "--access-log" where parts.count == 1: logsRequests = true
    case "--slow-ms": slowMilliseconds = try ServerOptions.number(try value(), flag, range: ServerOptions.slow)
    case "--check" where parts.count == 1: action = .check
    case "--version" where parts.count == 1: action = .version
    case "--formats" where parts.count == 1: action = .formats
    case "--help" where parts.count == 1, "-h" where parts.count == 1: action = .help
    default: throw ServerOptions.wrong(argument, "is not an option")
    }
  }

  nonisolated(unsafe) private static let numbers: [(String, WritableKeyPath<ServerOptions, Int>, ClosedRange<Int>)] = [
    ("OPZ_PORT", \.port, 0...65535),
    ("OPZ_DRAIN_SECONDS", \.drainSeconds, 0...3600),
    ("OPZ_SLOW_MS", \.slowMilliseconds, slow),
    ("OPZ_STOP_SECONDS", \.limits.stopSeconds, 1...3600),
    ("OPZ_MAX_BODY_BYTES", \.limits.bodyBytes, 1...(1 << 32)),
    ("OPZ_MAX_ROWS", \.limits.rows, 1...100_000_000),
    ("OPZ_MAX_REQUESTS", \.limits.requestsInFlight, 1...100_000),
    ("OPZ_MAX_CONNECTIONS", \.limits.connections, 1...1_000_000),
    ("OPZ_HEADER_SECONDS", \.limits.headerSeconds, 1...3600),
    ("OPZ_BODY_SECONDS", \.limits.bodySeconds, 1...3600),
    ("OPZ_ANSWER_SECONDS", \.limits.answerSeconds, 1...3600),
    ("OPZ_IDLE_SECONDS", \.limits.idleSeconds, 1...3600),
  ]

  private static let slow = 0...3_600_000

  private static func names(_ text: String, _ what: String) throws -> Set<MetricNames> {
    Set(
      try text.split(separator: ",", omittingEmptySubsequences: false).map { name in
        guard let names = MetricNames(rawValue: String(name)) else {
          let known = MetricNames.allCases.map(\.rawValue).joined(separator: ", ")
          throw wrong(what, "'\(name)' is not one of \(known)")
        }
        return names
      })
  }

  private static func flag(_ text: String, _ what: String) throws -> Bool {
    switch text {
    case "1", "true": return true
    case "0", "false": return false
    default: throw wrong(what, "'\(text)' is not one of 1, true, 0, false")
    }
  }

  private static func choice<Choice: RawRepresentable & CaseIterable>(_ text: String, _ flag: String) throws -> Choice
  where Choice.RawValue == String {
    if let choice = Choice(rawValue: text) { return choice }
    throw wrong(flag, "'\(text)' is not one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
  }

  private static func number(_ text: String, _ what: String, range: ClosedRange<Int>) throws -> Int {
    guard let value = Int(text), range.contains(value) else {
      throw wrong(what, "'\(text)' is not a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// Only a numeric address: a statically linked program has no name resolution.
  private static func address(_ text: String, _ what: String) throws -> String {
    if text == "localhost" { return "127.0.0.1" }
    guard IPAddress.isValid(text) else { throw wrong(what, "'\(text)' is not an IP address") }
    return text
  }

  private static func wrong(_ subject: String, _ reason: String) -> ServeError {
    ServeError(.badOption, subject, reason: reason, hint: "opz-server --help lists the options")
  }

  /// The text of `--help`.
  public static let help = """
    opz-server serves models over the Open Inference Protocol v2.

    usage: opz-server [--settings FILE] [--model PATH] [--name NAME] [--model-version V] [--host IP] [--port N]
                      [--iterations all|best] [--unseen library|missing|error] [--format NAME] [--metrics NAMES]
                      [--access-log] [--slow-ms N] [--allow-load FILE]
           opz-server --models DIR [--allow-load FILE] [--host IP] [--port N] ...
           opz-server --check [--model PATH | --models DIR] [--iterations all|best] [--format NAME]
           opz-server score --input FILE|DIR --output DIR [--shards N] [--shard I] [--model PATH]
                            [--kind prediction|probability|margin|label|leaf|distance] [--unseen library|missing|error]
                            [--columns INPUT=COLUMN] [--keep COLUMN] [--ignore COLUMN] [--missing TEXT] [--rejects DIR]
                            [--iterations all|best] [--format NAME] [--header first|none] [--delimiter C] [--quote C] [--decimal C]

      --settings FILE    what is served and how, as `opz package` writes it (OPZ_SETTINGS); flags and variables go before it
      --model PATH       a model file, or a directory with one (OPZ_MODEL, /models)
      --models DIR       a directory of models: NAME/VERSION/ with a model's file each, or with serve.json, which is as FILE of
                         --settings; NAME/ for one version (OPZ_MODELS, none). A request without a version gets the newest
                         that is ready: semantic versions above whole numbers above other texts
      --allow-load FILE  let those load and unload models by name whose bearer token is the one of FILE, which only its owner
                         and group may read (OPZ_ALLOW_LOAD, nobody)
      --iterations all|best
                         all trees, or those up to the best iteration that the file records (OPZ_MODEL_ITERATIONS, all)
      --unseen library|missing|error
                         a category that the model does not have: as the training library does, as a missing value, or as an
                         error of the request (OPZ_MODEL_UNSEEN, library)
      --format NAME      what the file has to be, and which file of a directory is read (OPZ_MODEL_FORMAT, any)
      --name NAME        the name that clients ask for (OPZ_MODEL_NAME, from the path)
      --model-version V  its version (OPZ_MODEL_VERSION, 1)
      --host IP          the address to listen on (OPZ_HOST, 0.0.0.0)
      --port N           the port, 0 for a free one (OPZ_PORT, 8080)
      --metrics NAMES    export metrics by the names of triton, mlserver or both (triton,mlserver) too (OPZ_METRICS, none)
      --access-log       log every request as a line of JSON, with its id (OPZ_ACCESS_LOG=1, off)
      --slow-ms N        log requests that take N milliseconds or more (OPZ_SLOW_MS, off)
      --check            load the model, print a summary, and exit
      --version          print the server's version
      --formats          print the formats that it reads, and the version of the model graph that it scores
      --help             print this text

    score: scores the rows of a CSV table, or of every .csv file of a directory, into files in DIR. With shards, only part I
    (JOB_COMPLETION_INDEX, from 0) of N (OPZ_SHARDS): every Nth file of a directory, or a share of the records of a single table.

    limits, by environment:
      OPZ_MAX_BODY_BYTES (16777216), OPZ_MAX_ROWS (100000), OPZ_MAX_REQUESTS (256), OPZ_MAX_CONNECTIONS (4096)
      OPZ_HEADER_SECONDS (10), OPZ_BODY_SECONDS (30), OPZ_ANSWER_SECONDS (60), OPZ_IDLE_SECONDS (75)
    Requests use at most 32 MiB plus eight times OPZ_MAX_BODY_BYTES of memory; a request that does not fit gets 503 with Retry-After.

    SIGTERM: readiness fails immediately, new requests are answered for another OPZ_DRAIN_SECONDS (0), requests in flight get
    OPZ_STOP_SECONDS (25) to finish, then the server exits with 0.

    example: opz-server --model model.json --name churn --port 8080
             curl localhost:8080/v2/models/churn
             opz-server --models models --allow-load token
             curl -X POST localhost:8080/v2/repository/models/churn/load -H "Authorization: Bearer $(cat token)"
    """
}

enum IPAddress {
  /// Whether the text is an IPv4 or IPv6 address.
  static func isValid(_ text: String) -> Bool {
    var address = in6_addr()
    return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1
  }
}
