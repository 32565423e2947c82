import OpzFormats
public import OpzIO
package import OpzJSON

/// A settings file that is not what it has to be.
public typealias SettingsError = Failure<SettingsErrorCode>

/// What is wrong with it.
public enum SettingsErrorCode: FailureCode {
  case malformed

  public var category: ErrorCategory { .verification }
}

extension ServeSettings {
  /// The most bytes of a settings file.
  public static let mostBytes = 4 << 20

  /// Reads a settings file. A member that is not known is refused.
  /// - Parameter subject: the file, for the error.
  /// - Throws: `SettingsError`.
  public init(json bytes: [UInt8], subject: String = "settings") throws {
    do {
      let value = try JSONValue(json: bytes, options: JSONOptions(memberCount: 100))
      self = try SettingsMembers(value, "").settings()
    } catch let failure as JSONFailure {
      throw SettingsError(
        .malformed, subject, reason: "it is not JSON \(failure.described(in: bytes))", hint: failure.hint)
    } catch let problem as SettingsProblem {
      let place = problem.place.isEmpty ? "" : "\(problem.place): "
      throw SettingsError(.malformed, subject, reason: place + problem.reason)
    }
  }
}

/// What is wrong, and with which member.
struct SettingsProblem: Error {
  let place: String
  let reason: String
}

/// The members of one object of the file.
struct SettingsMembers {
  let members: [String: JSONValue]
  let place: String

  init(_ value: JSONValue, _ place: String) throws {
    guard let members = value.object else { throw SettingsProblem(place: place, reason: "expected an object") }
    self.members = members.filter { $0.value != .null }
    self.place = place
  }

  private func at(_ key: String) -> String { place.isEmpty ? key : "\(place).\(key)" }

  func wrong(_ key: String, _ reason: String) -> SettingsProblem {
    SettingsProblem(place: at(key), reason: reason)
  }

  func only(_ keys: [String]) throws {
    if let unknown = members.keys.filter({ !keys.contains($0) }).min() {
      throw wrong(unknown, "it is not one of \(keys.joined(separator: ", "))")
    }
  }

  func text(_ key: String) throws -> String? {
    guard let value = members[key] else { return nil }
    guard let text = value.string, !text.isEmpty, !text.utf8.contains(0) else {
      throw wrong(key, "expected a text that is not empty")
    }
    return text
  }

  func needed(_ key: String) throws -> String {
    guard let text = try text(key) else { throw wrong(key, "it is missing") }
    return text
  }

  /// One of an enumeration's texts; nil if the member is missing.
  func choice<Choice: RawRepresentable & CaseIterable>(_ key: String) throws -> Choice?
  where Choice.RawValue == String {
    guard let text = try text(key) else { return nil }
    guard let choice = Choice(rawValue: text) else {
      throw wrong(key, "it is not one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return choice
  }

  func texts(_ key: String) throws -> [String]? {
    guard let value = members[key] else { return nil }
    guard let texts = value.textList, !texts.contains(where: { $0.utf8.contains(0) }) else {
      throw wrong(key, "expected a list of texts")
    }
    return texts
  }

  func flag(_ key: String) throws -> Bool? {
    guard let value = members[key] else { return nil }
    guard let flag = value.bool else { throw wrong(key, "expected true or false") }
    return flag
  }

  func whole(_ key: String, _ range: ClosedRange<Int>) throws -> Int? {
    guard let value = members[key] else { return nil }
    guard let number = value.integer.flatMap({ Int(exactly: $0) }), range.contains(number) else {
      throw wrong(key, "expected a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  func wholes(_ key: String, _ range: ClosedRange<Int>) throws -> [Int]? {
    guard let value = members[key] else { return nil }
    let numbers = value.array?.compactMap { $0.integer.flatMap { Int(exactly: $0) } }.filter(range.contains)
    guard let numbers, numbers.count == value.array?.count else {
      throw wrong(key, "expected a list of whole numbers from \(range.lowerBound) to \(range.upperBound)")
    }
    return numbers
  }

  func number(_ key: String) throws -> Double? {
    switch members[key] {
    case nil: return nil
    case .integer(let whole)?: return Double(whole)
    case .number(let number)? where number.isFinite: return number
    default: throw wrong(key, "expected a number")
    }
  }

  func object(_ key: String) throws -> SettingsMembers? {
    try members[key].map { try SettingsMembers($0, at(key)) }
  }

  func objects(_ key: String) throws -> [SettingsMembers]? {
    guard let value = members[key] else { return nil }
    guard let items = value.array else { throw wrong(key, "expected a list") }
    return try items.enumerated().map { try SettingsMembers($1, "\(at(key))[\($0)]") }
  }
}

extension SettingsMembers {
  func settings() throws -> ServeSettings {
    try only([
      "opz_serve", "name", "version", "model", "reading", "worker", "signature", "workers", "batch", "contract",
    ])
    guard members["opz_serve"] == .integer(Int64(ServeSettings.form)) else {
      throw wrong("opz_serve", "this program reads \(ServeSettings.form)")
    }
    var settings = ServeSettings(model: try needed("model"))
    settings.name = try text("name")
    settings.version = try text("version")
    settings.reading = try object("reading")?.reading()
    settings.worker = try object("worker")?.worker()
    settings.signature = try object("signature")?.signature()
    if let workers = try object("workers") { settings.workers = try workers.workers() }
    if let batch = try object("batch") { settings.batch = try batch.batch() }
    settings.contract = try objects("contract").map { try Contract(reading: $0, at: "contract") }
    return settings
  }

  private func worker() throws -> ServeSettings.Worker {
    try only(["kind", "command", "path", "loader", "code", "predict", "environment"])
    let kinds = ServeSettings.Worker.Kind.allCases.map(\.rawValue).joined(separator: ", ")
    guard let kind = ServeSettings.Worker.Kind(rawValue: try needed("kind")) else {
      throw wrong("kind", "it is not one of \(kinds)")
    }
    guard let command = try texts("command"), let program = command.first, !program.isEmpty else {
      throw wrong("command", "expected a program and its arguments")
    }
    var worker = ServeSettings.Worker(kind, command: command)
    worker.path = try text("path")
    worker.loader = try text("loader")
    if let loader = worker.loader, WorkerLoader(rawValue: loader) == nil {
      let known = WorkerLoader.allCases.map(\.rawValue).joined(separator: ", ")
      throw wrong("loader", "it is not one of \(known)")
    }
    worker.code = try text("code")
    worker.predict = try text("predict")
    worker.environment = try object("environment")?.variables() ?? [:]
    return worker
  }

  private func variables() throws -> [String: String] {
    var variables: [String: String] = [:]
    for (name, value) in members {
      guard !name.isEmpty, !name.contains("="), !name.utf8.contains(0), let text = value.string,
        !text.utf8.contains(0)
      else { throw wrong(name, "expected a variable and its text") }
      variables[name] = text
    }
    return variables
  }

  private func reading() throws -> ReadingOptions {
    try only(["iterations", "unseen", "format"])
    return ReadingOptions(
      iterations: try choice("iterations") ?? .all, format: try text("format"), unseen: try choice("unseen") ?? .library
    )
  }

  private func workers() throws -> ServeSettings.Workers {
    try only(["count", "minimum", "memory_mb", "start_seconds", "request_seconds", "fork", "gpus"])
    var workers = ServeSettings.Workers()
    workers.count = try whole("count", 1...256) ?? workers.count
    workers.minimum = try whole("minimum", 1...workers.count) ?? workers.minimum
    workers.memoryMB = try whole("memory_mb", 1...(1 << 24))
    workers.startSeconds = try whole("start_seconds", 1...86_400) ?? workers.startSeconds
    workers.requestSeconds = try whole("request_seconds", 1...86_400) ?? workers.requestSeconds
    workers.forks = try flag("fork") ?? workers.forks
    workers.gpus = try wholes("gpus", 0...1023) ?? workers.gpus
    return workers
  }

  private func batch() throws -> ServeSettings.Batch {
    try only(["rows", "wait_ms"])
    var batch = ServeSettings.Batch()
    batch.rows = try whole("rows", 1...1_000_000) ?? batch.rows
    batch.waitMilliseconds = try whole("wait_ms", 0...60_000) ?? batch.waitMilliseconds
    return batch
  }

  /// Also what a worker says of itself in `hello`.
  func signature() throws -> ServeSettings.Signature {
    try only(["inputs", "outputs"])
    let inputs = try tensors("inputs")
    let outputs = try tensors("outputs")
    return ServeSettings.Signature(inputs: inputs, outputs: outputs)
  }

  private func tensors(_ key: String) throws -> [TensorSpec] {
    let specs = try (try objects(key) ?? []).map { try $0.tensor() }
    var names: Set<String> = []
    if let twice = specs.first(where: { !names.insert($0.name).inserted }) {
      throw wrong(key, "'\(twice.name)' is there twice")
    }
    return specs
  }

  private func tensor() throws -> TensorSpec {
    try only(["name", "datatype", "shape", "categories", "min", "max", "missing"])
    let datatype = try text("datatype")
    if let datatype, Datatype(rawValue: datatype) == nil {
      throw wrong("datatype", "it is not one of \(Datatype.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    let shape = try wholes("shape", -1...(1 << 40)) ?? [-1]
    let (least, most) = (try number("min"), try number("max"))
    if let least, let most, least > most { throw wrong("min", "it is more than 'max'") }
    let isBounded = least != nil || most != nil
    var maybeMissing = true
    if let value = members["missing"] {
      guard let flag = value.bool else { throw wrong("missing", "expected true or false") }
      maybeMissing = flag
    }
    return TensorSpec(
      try needed("name"), datatype.flatMap(Datatype.init(rawValue:)) ?? .fp64, shape: shape,
      categories: try texts("categories"), range: isBounded ? (least ?? -.infinity)...(most ?? .infinity) : nil,
      maybeMissing: maybeMissing)
  }
}

extension ServeSettings.Signature {
  /// Reads a signature as a worker says it.
  /// - Throws: `SettingsError`.
  package init(_ value: JSONValue, subject: String) throws {
    do {
      self = try SettingsMembers(value, "signature").signature()
    } catch let problem as SettingsProblem {
      throw SettingsError(.malformed, subject, reason: "\(problem.place): \(problem.reason)")
    }
  }
}
