import OpzIO

/// What a path asks for (Open Inference Protocol v2, "HTTP/REST").
enum InferenceRoute: Equatable {
  case server
  case live
  case ready
  case models
  case statistics
  /// MLflow's and SageMaker's health check.
  case ping
  case version
  /// MLflow's and SageMaker's inference.
  case invocations
  case repositoryIndex
  /// Loading and unloading a model.
  case repositoryChange(RepositoryChange.Verb, name: String)
  case openAPI
  /// A page on which a row can be scored.
  case page
  case model(name: String, version: String?, Model)
  case metrics

  /// The part of a model that is asked for.
  enum Model: Equatable {
    case metadata, ready, infer, statistics
    /// KServe's v1 protocol.
    case predict, explain
  }

  /// The methods that it handles, besides OPTIONS.
  var methods: [String] {
    switch self {
    case .model(_, _, .infer), .model(_, _, .predict), .model(_, _, .explain), .invocations, .repositoryIndex,
      .repositoryChange:
      ["POST"]
    default: ["GET", "HEAD"]
    }
  }

  /// The label under which requests are counted.
  var label: StaticString {
    switch self {
    case .server, .models: "metadata"
    case .live, .ready, .ping: "health"
    case .version: "metadata"
    case .openAPI, .page: "docs"
    case .repositoryIndex, .repositoryChange: "repository"
    case .invocations: "infer"
    case .statistics: "stats"
    case .metrics: "metrics"
    case .model(_, _, .metadata): "metadata"
    case .model(_, _, .ready): "health"
    case .model(_, _, .infer), .model(_, _, .predict): "infer"
    case .model(_, _, .explain): "explain"
    case .model(_, _, .statistics): "stats"
    }
  }

  /// The route of a request's path, or nil when there is none. A model's name may hold `/`, plain or as `%2F`.
  init?(path: Substring) {
    var parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.first == "" else { return nil }
    parts.removeFirst()
    if parts.count > 1, parts.last == "" { parts.removeLast() }
    switch parts {
    case ["v2"]: self = .server
    case ["v2", "health", "live"]: self = .live
    case ["v2", "health", "ready"]: self = .ready
    case ["v2", "models"]: self = .models
    case ["v2", "models", "stats"]: self = .statistics
    case ["v2", "repository", "index"]: self = .repositoryIndex
    case ["v1", "models"]: self = .models
    case ["ping"], ["health"]: self = .ping
    case ["version"]: self = .version
    case ["invocations"]: self = .invocations
    case ["openapi.json"]: self = .openAPI
    case ["docs"]: self = .page
    case ["metrics"]: self = .metrics
    default:
      if let route = InferenceRoute.repositoryChange(parts) ?? InferenceRoute.v1(parts) {
        self = route
        return
      }
      guard parts.starts(with: ["v2", "models"]), let route = InferenceRoute.model(parts.dropFirst(2)) else {
        return nil
      }
      self = route
    }
  }

  /// `/v2/repository/models/NAME/load` and `unload`.
  private static func repositoryChange(_ parts: [String]) -> InferenceRoute? {
    guard parts.count > 4, parts.starts(with: ["v2", "repository", "models"]), let verb = parts.last,
      let verb = RepositoryChange.Verb(rawValue: verb)
    else { return nil }
    let name = parts[3..<(parts.count - 1)]
    guard !name.contains(""), let name = PercentCoding.decode(name.joined(separator: "/")) else { return nil }
    return .repositoryChange(verb, name: name)
  }

  /// KServe's v1 protocol: `/v1/models/NAME`, and a verb after a colon.
  private static func v1(_ parts: [String]) -> InferenceRoute? {
    guard parts.count > 2, parts.starts(with: ["v1", "models"]), !parts.dropFirst(2).contains("") else { return nil }
    let path = parts.dropFirst(2).joined(separator: "/")
    for (verb, part) in [(":predict", Model.predict), (":explain", .explain)] where path.hasSuffix(verb) {
      guard let name = PercentCoding.decode(String(path.dropLast(verb.count))), !name.isEmpty else { return nil }
      return .model(name: name, version: nil, part)
    }
    // Its metadata is whether the model is ready.
    return PercentCoding.decode(path).map { .model(name: $0, version: nil, .ready) }
  }

  private static func model(_ parts: ArraySlice<String>) -> InferenceRoute? {
    var parts = parts
    var part = Model.metadata
    if parts.count > 1, let last = parts.last, let verb = verbs[last] {
      part = verb
      parts.removeLast()
    }
    var version: String?
    if parts.count > 2, parts[parts.endIndex - 2] == "versions" {
      version = PercentCoding.decode(parts[parts.endIndex - 1])
      if version == nil { return nil }
      parts.removeLast(2)
    }
    guard !parts.isEmpty, !parts.contains(""), let name = PercentCoding.decode(parts.joined(separator: "/")) else {
      return nil
    }
    return .model(name: name, version: version, part)
  }

  private static let verbs: [String: Model] = ["ready": .ready, "infer": .infer, "stats": .statistics]
}
