import OpzIO
import OpzOCI
import OpzTestKit
import Testing

@testable import OpzDistribution

/// Registries on other machines are contacted over https. These tests do the same on loopback.
@Suite struct TLSTests {
  private func remote(
    _ server: RegistryServer, _ environment: [String: String], progress: any ProgressSink = NoProgress()
  ) throws -> RemoteRepository {
    try RemoteRepository(
      Reference(host: server.host, repository: "team/model"), environment: environment, progress: progress,
      retry: .quick, scheme: .https)
  }

  @Test func aCertificateThatIsTrusted() async throws {
    let server = try RegistryServer(tls: true)
    let remote = try remote(server, ["SSL_CERT_FILE": server.certificate.string])
    try await ContentStoreConformance(remote).run()
    server.stop()
  }

  @Test func aCertificateThatIsNot() async throws {
    let server = try RegistryServer(tls: true)
    let progress = RecordedProgress()
    let error = await failure { try await remote(server, [:], progress: progress).resolve("latest") }
    #expect(error?.code == .tls)
    #expect(error?.category == .network)
    #expect(error?.hint?.contains("SSL_CERT_FILE") == true)
    #expect(progress.notes.isEmpty, "a certificate does not become good by asking again")
    server.stop()
  }

  @Test func aServerThatSpeaksPlainHTTP() async throws {
    let server = try RegistryServer()
    let error = await failure { try await remote(server, [:]).resolve("latest") }
    #expect(error?.code == .tls)
    server.stop()
  }

  @Test func aServerThatEndsInTheMiddleOfAnUpload() async throws {
    let server = try RegistryServer(tls: true)
    let remote = try remote(server, ["SSL_CERT_FILE": server.certificate.string])
    let content = randomBytes(8 << 20)
    let blob = EndingBlob(content: content) { server.stop() }
    let error = await failure { try await remote.put(.of(content, .layerTar), from: blob) }
    #expect(error?.code == .connection)
  }
}

/// Calls a closure when a part has been read.
private struct EndingBlob: Blob {
  let content: [UInt8]
  let end: @Sendable () -> Void

  var size: UInt64 { UInt64(content.count) }

  func open(at offset: UInt64) throws -> any ByteSource {
    Source(try BytesBlob(content).open(at: offset), end)
  }

  private final class Source: ByteSource {
    private let inner: any ByteSource
    private let end: () -> Void
    private var read = 0

    init(_ inner: any ByteSource, _ end: @escaping () -> Void) {
      self.inner = inner
      self.end = end
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
      if read > 1 << 20 { end() }
      let count = try inner.read(into: buffer)
      read += count
      return count
    }
  }
}
