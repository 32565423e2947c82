import OpzTestKit
import SystemPackage

enum KubernetesFixture {
  static func path(_ name: String) -> FilePath {
    PackageRoot.path(#filePath).appending("Tests/OpzKubernetesTests/Fixtures").appending(name)
  }
}
