/// The purpose of a layer, in image order: from rarely to often changed.
public enum LayerRole: String, Sendable, CaseIterable, Comparable {
  /// Layers of the base image.
  case runtime
  /// opz-server and the worker's program, in front of a Python or R model.
  case server
  /// Python wheels.
  case environment
  /// Files with a destination in opz.yaml.
  case files
  case model, code, config

  /// The role's directory in an image.
  public var root: String {
    switch self {
    case .runtime, .server, .environment, .files: ""
    case .model: "models"
    case .code, .config: "app"
    }
  }

  /// Orders roles as their layers are stacked: the case declared first is the lowest layer.
  public static func < (left: LayerRole, right: LayerRole) -> Bool { left.order < right.order }

  private var order: Int { LayerRole.allCases.firstIndex(of: self) ?? 0 }
}
