import OpzIO
import OpzTestKit
import Testing

@testable import OpzHub

/// What the distribution-spec asks, asked of opz's registry and of docker-registry. The second one proves that the
/// cases ask what a registry does, and not what opz does.
@Suite("Conformance to the distribution-spec")
struct ConformanceTests {
  /// The problems of each case, by its name.
  private func problems(_ port: Int) async throws -> [String: [String]] {
    let found = try await concurrently(Array(ConformanceCase.all.enumerated()), limit: 4) { number, one in
      let client = SpecClient(port: port, name: "conformance/case\(number)")
      do {
        try await one.check(client)
        return (one.name, client.problems)
      } catch {
        return (one.name, client.problems + ["\(error)"])
      }
    }
    return Dictionary(found, uniquingKeysWith: +)
  }

  @Test("names of cases are distinct, and so are their repositories")
  func names() {
    #expect(Set(ConformanceCase.all.map(\.name)).count == ConformanceCase.all.count)
  }

  @Test("opz's registry does all of it")
  func hub() async throws {
    let hub = try await TestHub()
    for (name, problems) in try await problems(hub.server.port) { #expect(problems == [], "\(name)") }
  }

  @Test("docker-registry does all of it but what is known")
  func peer() async throws {
    let server = try RegistryServer()
    let found = try await problems(Int(server.port))
    var unseen = KnownDeviation.all
    for (name, problems) in found {
      for problem in problems {
        #expect(KnownDeviation.all.contains { $0.explains(problem, of: name) }, "\(name): \(problem)")
        unseen.removeAll { $0.explains(problem, of: name) }
      }
    }
    #expect(unseen.map(\.fact) == [], "it does as the specification says")
    server.stop()
  }

  @Test("more tags than one request may set are 414, what is no tag is 400, and then none is set")
  func tagLimits() async throws {
    let hub = try await TestHub()
    let manifest = try await hub.push(image: bytes(10), tag: "0")
    let place = "\(manifest.descriptor.digest)"
    let many = try await hub.put(
      manifest, "team/model", reference: "\(place)?" + (1...33).map { "tag=\($0)" }.joined(separator: "&"))
    #expect(many.status == 414)
    let wrong = try await hub.put(manifest, "team/model", reference: "\(place)?tag=good&tag=-bad")
    #expect(wrong.status == 400)
    #expect(try await hub.ask("HEAD", "/v2/team/model/manifests/good").status == 404)
    let twice = try await hub.put(manifest, "team/model", reference: "\(place)?tag=1&tag=1")
    #expect(twice["oci-tag"] == "1")
    // A tag in the path is the only one.
    let other = try await hub.put(manifest, "team/model", reference: "2?tag=3")
    #expect(other.status == 201 && other["oci-tag"] == nil)
    #expect(try await hub.ask("HEAD", "/v2/team/model/manifests/3").status == 404)
  }
}
