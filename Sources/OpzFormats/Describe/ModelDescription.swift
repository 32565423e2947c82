/// What a model file or directory is that opz does not score, from its headers alone: `opz inspect` prints it.
public struct ModelDescription: Sendable, Hashable {
  /// A fact: `format version`, `2`.
  public struct Row: Sendable, Hashable {
    public let name: String
    public let value: String

    /// Creates a fact.
    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// A tensor of the model's weights.
  public struct Tensor: Sendable, Hashable {
    public let name: String
    /// As the format names it: `BF16`, `Q4_K`, `float32`.
    public let type: String
    /// The outermost dimension first; empty for a scalar.
    public let shape: [UInt64]
    /// The number of elements; saturates.
    public let elements: UInt64
    /// As stored.
    public let bytes: UInt64

    /// Creates a tensor.
    public init(name: String, type: String, shape: [UInt64], bytes: UInt64) {
      self.name = name
      self.type = type
      self.shape = shape
      self.bytes = bytes
      elements = shape.reduce(1) { product, size in
        let (result, overflow) = product.multipliedReportingOverflow(by: size)
        return overflow ? .max : result
      }
    }
  }

  /// `safetensors`, `TorchScript`, `Hugging Face directory`.
  public let kind: String
  /// The size of the file, or of the files that hold weights.
  public let bytes: UInt64
  public let rows: [Row]
  /// In the order of the file; empty where the headers do not say.
  public let tensors: [Tensor]
  /// What reads it: `safetensors.torch.load_file`.
  public let loadedBy: String
  /// The runtime of opz that fits, as it stands in opz.yaml.
  public let runtime: String

  init(
    _ kind: String, bytes: UInt64, rows: [Row] = [], tensors: [Tensor] = [], loadedBy: String, runtime: String
  ) {
    self.kind = kind
    self.bytes = bytes
    self.rows = rows
    self.tensors = tensors
    self.loadedBy = loadedBy
    self.runtime = runtime
  }

  /// The number of elements of all tensors; saturates.
  public var parameters: UInt64 {
    tensors.reduce(0) { sum, tensor in
      let (result, overflow) = sum.addingReportingOverflow(tensor.elements)
      return overflow ? .max : result
    }
  }

  /// The number of tensors of each type, the most frequent first.
  public var types: [(type: String, count: Int)] {
    Dictionary(grouping: tensors, by: \.type).map { ($0.key, $0.value.count) }
      .sorted { ($1.count, $0.type) < ($0.count, $1.type) }
  }

  /// The tensors with the most bytes.
  public func largest(_ count: Int) -> [Tensor] {
    Array(tensors.sorted { ($1.bytes, $0.name) < ($0.bytes, $1.name) }.prefix(count))
  }
}
