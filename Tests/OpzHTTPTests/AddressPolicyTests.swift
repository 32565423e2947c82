import Testing

@testable import OpzHTTP

@Suite("Where redirects may lead")
struct AddressPolicyTests {
  private static func check(_ target: String, insecure: Bool) throws {
    let home = try #require(Origin(.https, authority: "registry.example"))
    let policy = AddressPolicy(home: home, insecure: insecure)
    try policy.check(#require(WebAddress(target)), from: WebAddress(origin: home, path: "/v2/"))
  }

  @Test(
    "not from https to plain http, nor into this network",
    arguments: [
      "http://registry.example/v2/", "http://other.example/", "http://registry.example:443/", "https://127.0.0.1/",
      "https://localhost/", "https://10.0.0.1/", "https://[::1]/", "https://x.localhost/",
    ], [false, true])
  func refused(target: String, insecure: Bool) {
    let error = #expect(throws: HTTPError.self) { try Self.check(target, insecure: insecure) }
    #expect(error?.code == .refusedAddress && error?.hint != nil)
  }

  @Test(
    "to other servers over https",
    arguments: ["https://auth.example/token", "https://registry.example:8443/x", "https://registry.example/x"])
  func allowed(target: String) throws { try Self.check(target, insecure: false) }
}
