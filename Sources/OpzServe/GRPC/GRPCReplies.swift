import OpzInference
import OpzWire

/// The messages of small answers.
enum GRPCReplies {
  /// `ServerLiveResponse`, `ServerReadyResponse`, `ModelReadyResponse`.
  static func flag(_ value: Bool) -> WireWriter {
    var message = WireWriter()
    if value { message.put(1, bool: true) }
    return message
  }

  /// `ServerMetadataResponse`
  static func server(_ documents: ServerDocuments) -> WireWriter {
    var message = WireWriter()
    message.put(1, string: ServerDocuments.name)
    message.put(2, string: documents.version)
    for name in ServerDocuments.extensions { message.put(3, string: name) }
    return message
  }

  /// `ModelMetadataResponse`. Its field 6 is a different one in each server, and so is left out.
  /// - Parameter versions: all of this name, the newest first.
  static func model(_ model: ServedModel, _ versions: [ServedVersion]) -> WireWriter {
    var message = WireWriter()
    message.put(1, string: model.name)
    for version in versions.reversed() { message.put(2, string: version.model.version) }
    message.put(3, string: model.platform)
    for (number, tensors) in [(4, model.inputs), (5, model.outputs)] {
      for spec in tensors {
        var tensor = WireWriter()
        tensor.put(1, string: spec.name)
        tensor.put(2, string: spec.datatype.rawValue)
        tensor.put(3, packed: spec.shape.map(Int64.init))
        message.put(number, message: tensor)
      }
    }
    return message
  }

  /// `ModelStatisticsResponse` (Triton's statistics extension)
  static func statistics(_ versions: [ServedVersion]) -> WireWriter {
    var message = WireWriter()
    for version in versions { message.put(1, message: statistics(version.model, version.metrics.snapshot)) }
    return message
  }

  private static func statistics(_ model: ServedModel, _ values: Metrics.Values) -> WireWriter {
    var times = WireWriter()
    for (number, total) in [
      (1, values.success), (2, values.failure), (4, values.decoding), (5, values.scoring), (6, values.encoding),
    ] {
      var duration = WireWriter()
      duration.put(1, uint64: total.count)
      duration.put(2, uint64: total.nanoseconds)
      times.put(number, message: duration)
    }
    var statistics = WireWriter()
    statistics.put(1, string: model.name)
    statistics.put(2, string: model.version)
    statistics.put(3, uint64: values.lastInference)
    statistics.put(4, uint64: values.rows)
    statistics.put(5, uint64: values.success.count)
    statistics.put(6, message: times)
    return statistics
  }

  /// `RepositoryIndexResponse` (Triton's model repository extension)
  static func index(_ entries: [IndexEntry]) -> WireWriter {
    var message = WireWriter()
    for known in entries {
      var entry = WireWriter()
      entry.put(1, string: known.name)
      entry.put(2, string: known.version)
      entry.put(3, string: known.state.rawValue)
      if !known.reason.isEmpty { entry.put(4, string: known.reason) }
      message.put(1, message: entry)
    }
    return message
  }

  /// `HealthCheckResponse.ServingStatus`
  enum Health: Int64 {
    case serving = 1
    case notServing = 2
    /// For `Watch` alone.
    case serviceUnknown = 3
  }

  /// `HealthCheckResponse`
  static func health(_ health: Health) -> WireWriter {
    var message = WireWriter()
    message.put(1, int64: health.rawValue)
    return message
  }

  /// `HealthListResponse`
  static func health(_ services: [(name: String, health: Health)]) -> WireWriter {
    var message = WireWriter()
    for service in services {
      var entry = WireWriter()
      entry.put(1, string: service.name)
      entry.put(2, message: health(service.health))
      message.put(1, message: entry)
    }
    return message
  }
}
