import OpzDeploy
import OpzTestKit
import OpzYAML
import Testing

@Suite("Documents in a manifest stream")
struct ManifestDocumentTests {
  @Test("a stream keeps its text, and each document has its object's name", arguments: Scenario.allCases)
  func identities(scenario: Scenario) throws {
    let manifests = try scenario.manifests
    let stream = ManifestStream(manifests.stream)
    #expect(stream.text == manifests.stream)
    #expect(stream.documents.count == manifests.documents.count)
    for (document, file) in zip(stream.documents, manifests.documents) {
      let value = file.value
      func text(_ path: String...) -> String? {
        var found: YAMLValue? = value
        for key in path { found = found?[key] }
        return found?.text
      }
      #expect(document.kind == text("kind") && document.apiVersion == text("apiVersion"))
      #expect(document.identity.name == text("metadata", "name"))
      #expect(document.identity.namespace == text("metadata", "namespace"))
      #expect(document.label("app.kubernetes.io/managed-by") == "opz")
      #expect(
        document.scales
          == (document.kind == "ScaledObject"
            || document.kind.hasSuffix("PodAutoscaler") && document.kind.hasPrefix("Horizontal")
            ? text("spec", "scaleTargetRef", "name") : nil))
      // The head of a document identifies the same object.
      let head = try #require(ManifestStream(document.head).documents.first)
      #expect(head.identity == document.identity && head.apiVersion == document.apiVersion)
      #expect(head.text.split(separator: "\n").count <= 5)
    }
    // All objects in a stream are different.
    #expect(Set(stream.documents.map(\.identity)).count == stream.documents.count)
  }

  @Test("a Deployment's number of pods is read, written and removed")
  func replicas() throws {
    let fixed = ManifestStream(try Scenario.fixed.manifests.stream)
    let deployment = try #require(fixed.documents.first { $0.kind == "Deployment" })
    #expect(deployment.replicas == 3 && deployment.number("progressDeadlineSeconds") == 600)
    #expect(deployment.withoutReplicas.replicas == nil)
    #expect(deployment.withoutReplicas.text == deployment.text.replacing("  replicas: 3\n", with: ""))
    let held = try #require(ManifestStream(deployment.head(replicas: 7)).documents.first)
    #expect(held.replicas == 7 && held.identity == deployment.identity)
    let scaled = try #require(
      ManifestStream(try Scenario.native.manifests.stream).documents.first { $0.kind == "Deployment" })
    #expect(scaled.replicas == nil && scaled.withoutReplicas == scaled)
    #expect(fixed.documents.filter { $0.kind != "Deployment" }.allSatisfy { $0.replicas == nil })
  }

  @Test(
    "all objects name their model, except the Namespace, which others may share", arguments: Scenario.allCases
  )
  func owners(scenario: Scenario) throws {
    for file in try scenario.manifests.documents {
      // In this scenario, a patch replaces the annotations of the Service.
      if scenario == .airGapped, file.name == "service.yaml" { continue }
      let owner = file.value["metadata"]?["annotations"]?["opz.dev/model"]?.text
      #expect((owner != nil) == (file.value["kind"]?.text != "Namespace"), "\(file.name)")
    }
  }

  @Test(
    "hostile texts are documents without a name, and do not crash the process",
    arguments: [
      "", "---\n", "---\n---\n", "kind: \n", "metadata:\n", "metadata:\n  name: \"\n", "metadata:\n  name: \"\"\n",
      "spec:\n  replicas: 99999999999999999999\n", "kind: Deployment\nspec:\n  replicas: -\n",
      "kind: HorizontalPodAutoscaler\nspec:\n  scaleTargetRef:\n", "kind: CustomResourceDefinition\n    kind: \n",
      "\u{0}", "kind: Deployment\nmetadata:\n  labels:\n    :\n",
    ])
  func hostile(text: String) {
    for document in ManifestStream(text).documents {
      _ = (document.name, document.head, document.replicas, document.scales, document.definedKind)
      _ = (document.label(""), document.number(""), document.withoutReplicas)
    }
  }

  @Test("a Knative Service is not the Service of the same name")
  func groups() {
    func service(_ version: String) -> ManifestStream {
      ManifestStream("---\napiVersion: \(version)\nkind: Service\nmetadata:\n  name: churn\n")
    }
    #expect(service("v1").gone(in: service("serving.knative.dev/v1")).map(\.name) == ["Service churn"])
    // Another version of the same API is the same object.
    #expect(service("serving.knative.dev/v1").gone(in: service("serving.knative.dev/v2")).isEmpty)
  }
}
