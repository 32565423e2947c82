/// The methods that are served.
enum GRPCMethod: CaseIterable {
  case serverLive, serverReady, modelReady, serverMetadata, modelMetadata, modelInfer, modelStreamInfer
  case modelStatistics, repositoryIndex, repositoryModelLoad, repositoryModelUnload
  case healthCheck, healthWatch, healthList
  case reflection

  /// `/package.Service/Method`, as the client asks for it.
  private static let paths: [String: GRPCMethod] = {
    let inference = "/inference.GRPCInferenceService/"
    // MLServer has the repository's methods in a service of their own.
    let repository = "/inference.model_repository.ModelRepositoryService/"
    let health = "/grpc.health.v1.Health/"
    return [
      inference + "ServerLive": .serverLive, inference + "ServerReady": .serverReady,
      inference + "ModelReady": .modelReady, inference + "ServerMetadata": .serverMetadata,
      inference + "ModelMetadata": .modelMetadata, inference + "ModelInfer": .modelInfer,
      inference + "ModelStreamInfer": .modelStreamInfer, inference + "ModelStatistics": .modelStatistics,
      inference + "RepositoryIndex": .repositoryIndex, inference + "RepositoryModelLoad": .repositoryModelLoad,
      inference + "RepositoryModelUnload": .repositoryModelUnload, repository + "RepositoryIndex": .repositoryIndex,
      repository + "RepositoryModelLoad": .repositoryModelLoad,
      repository + "RepositoryModelUnload": .repositoryModelUnload, health + "Check": .healthCheck,
      health + "Watch": .healthWatch, health + "List": .healthList,
      "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo": .reflection,
      "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": .reflection,
    ]
  }()

  init?(path: Substring) {
    guard let method = GRPCMethod.paths[String(path)] else { return nil }
    self = method
  }

  /// The label under which calls are counted.
  var label: StaticString {
    switch self {
    case .modelInfer, .modelStreamInfer: "grpc_infer"
    case .healthCheck, .healthWatch, .healthList, .serverLive, .serverReady, .modelReady: "grpc_health"
    case .modelStatistics: "grpc_stats"
    case .serverMetadata, .modelMetadata, .reflection: "grpc_metadata"
    case .repositoryIndex, .repositoryModelLoad, .repositoryModelUnload: "grpc_repository"
    }
  }
}
