import OpzIO
import OpzModel
public import SystemPackage

/// What a server program reads: the formats, and the version of the model graph that it scores.
///
/// `opz-server` has it as a text in its file, where `opz runtime import` finds it for any processor; the image
/// `opz-runtime` has it as labels, and `opz package` compares them with the model.
public struct RuntimeMark: Sendable, Hashable {
  /// What begins the text in a program.
  private static let start: StaticString = "opz-runtime-reads:"

  /// The text of this program: what `ModelFormats.standard` reads, which a test compares. A literal, since only a
  /// literal stands in a program's file as one text.
  public static let text: StaticString =
    "opz-runtime-reads:xgboost-json,xgboost-ubjson,lightgbm,onnx,skops;graph=1;workers=1;contract=1;unseen=1;"

  /// The label of `formats`.
  public static let formatsLabel = "dev.opz.runtime.formats"
  /// The label of `graph`.
  public static let graphLabel = "dev.opz.runtime.graph"
  /// The label of `workers`.
  public static let workersLabel = "dev.opz.runtime.workers"
  /// The label of `contract`.
  public static let contractLabel = "dev.opz.runtime.contract"
  /// The label of `unseen`.
  public static let unseenLabel = "dev.opz.runtime.unseen"

  /// The names of the formats.
  public let formats: [String]
  /// The version of the model graph.
  public let graph: Int
  /// The version of the protocol that the server speaks with workers of Python and R; 0 for one that has none.
  public let workers: Int
  /// The version of the contract that the server keeps, as its settings have it; 0 for one that knows none.
  public let contract: Int
  /// 1 for a server that can be told what becomes of unknown categories; 0 for one that does what the training library
  /// does.
  public let unseen: Int

  /// Servers without a mark: before it they read XGBoost's JSON alone, all of its iterations.
  public static let unmarked = RuntimeMark(formats: ["xgboost-json"], graph: 0)

  /// Creates a mark.
  public init(formats: [String], graph: Int, workers: Int = 0, contract: Int = 0, unseen: Int = 0) {
    self.formats = formats
    self.graph = graph
    self.workers = workers
    self.contract = contract
    self.unseen = unseen
  }

  /// What a list reads, scored by this program.
  public init(_ list: ModelFormats) {
    self.init(
      formats: list.readable.map(\.name), graph: GraphVersion.current, workers: 1, contract: 1, unseen: 1)
  }

  /// Reads the labels of an image; `unmarked` where it has none.
  public init(labels: [String: String]) {
    guard let formats = labels[RuntimeMark.formatsLabel] else {
      self = .unmarked
      return
    }
    self.init(
      formats: formats.split(separator: ",").map(String.init),
      graph: labels[RuntimeMark.graphLabel].flatMap { Int($0) } ?? 0,
      workers: labels[RuntimeMark.workersLabel].flatMap { Int($0) } ?? 0,
      contract: labels[RuntimeMark.contractLabel].flatMap { Int($0) } ?? 0,
      unseen: labels[RuntimeMark.unseenLabel].flatMap { Int($0) } ?? 0)
  }

  /// The labels; none for `unmarked`.
  public var labels: [String: String] {
    guard self != .unmarked else { return [:] }
    var labels = [RuntimeMark.formatsLabel: formats.joined(separator: ","), RuntimeMark.graphLabel: "\(graph)"]
    if workers > 0 { labels[RuntimeMark.workersLabel] = "\(workers)" }
    if contract > 0 { labels[RuntimeMark.contractLabel] = "\(contract)" }
    if unseen > 0 { labels[RuntimeMark.unseenLabel] = "\(unseen)" }
    return labels
  }

  /// Finds the mark in a program's file.
  /// - Returns: `unmarked` if there is none.
  /// - Throws: `IOFailure` if the file cannot be read.
  public init(program: FilePath) throws {
    let file = try OpenFile.reading(program)
    var window: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 20)
    var offset: UInt64 = 0
    while case let count = try chunk.withUnsafeMutableBytes({ try file.read(at: offset, into: $0) }), count > 0 {
      offset += UInt64(count)
      window += chunk[..<count]
      if let found = RuntimeMark(in: window) {
        self = found
        return
      }
      // A mark may stand across two chunks.
      window.removeFirst(max(0, window.count - RuntimeMark.limit))
    }
    self = .unmarked
  }

  /// The most bytes of a mark.
  private static let limit = 4096

  /// The first whole mark in some bytes.
  private init?(in bytes: [UInt8]) {
    let found = bytes.withUnsafeBufferPointer { buffer -> RuntimeMark? in
      var position = 0
      while let start = buffer.offset(of: RuntimeMark.start, from: position) {
        position = start + RuntimeMark.start.utf8CodeUnitCount
        if let mark = RuntimeMark(text: buffer[position..<min(position + RuntimeMark.limit, buffer.count)]) {
          return mark
        }
      }
      return nil
    }
    guard let found else { return nil }
    self = found
  }

  /// Reads `xgboost-json,onnx;graph=1;`, and `workers=1;contract=1;unseen=1;` behind it; nil for anything else, such as a mark
  /// that is cut off.
  private init?(text: Slice<UnsafeBufferPointer<UInt8>>) {
    let parts = text.split(separator: UInt8(ascii: ";"), maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3 else { return nil }
    let names = parts[0].split(separator: UInt8(ascii: ",")).map { String(decoding: $0, as: UTF8.self) }
    let isName = { (byte: UInt8) in (97...122).contains(byte) || (48...57).contains(byte) || byte == 45 }
    let graph = String(decoding: parts[1], as: UTF8.self)
    guard !names.isEmpty, names.allSatisfy({ $0.utf8.allSatisfy(isName) }), graph.hasPrefix("graph="),
      let version = Int(graph.dropFirst(6)), (0...1_000_000).contains(version)
    else { return nil }
    var rest = parts[2].prefix(64)
    func number(_ name: String) -> Int {
      guard rest.starts(with: "\(name)=".utf8), let end = rest.firstIndex(of: UInt8(ascii: ";")) else { return 0 }
      let text = String(decoding: rest[..<end].dropFirst(name.utf8.count + 1), as: UTF8.self)
      rest = rest[rest.index(after: end)...]
      return Int(text).flatMap { (0...1000).contains($0) ? $0 : nil } ?? 0
    }
    let workers = number("workers")
    let contract = number("contract")
    self.init(formats: names, graph: version, workers: workers, contract: contract, unseen: number("unseen"))
  }

  /// Why a runtime of this mark does not serve a model; nil if it does.
  /// - Parameters:
  ///   - format: the name of the model's format.
  ///   - graph: the version of the graph that the model needs.
  ///   - options: how the model is read, of which unmarked servers know nothing.
  public func objection(to format: String, graph needed: Int, options: ReadingOptions) -> String? {
    guard formats.contains(format) else {
      return "it does not read \(format), only \(formats.joined(separator: ", "))"
    }
    if options.unseen != .library, unseen < 1 {
      return "it knows no rule for unknown categories, and model.unseen is \(options.unseen.rawValue)"
    }
    let needed = options == ReadingOptions() ? needed : max(1, needed)
    guard graph < needed else { return nil }
    return graph == 0 && options.iterations == .best
      ? "it scores all iterations, and the model is to be scored up to the best"
      : "it scores version \(graph) of the model graph, and the model needs \(needed)"
  }
}
