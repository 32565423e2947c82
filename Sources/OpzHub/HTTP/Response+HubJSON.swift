import OpzHTTPServer
import OpzJSON
import OpzOCI

extension Response {
  init(_ status: Int, _ headers: [(name: String, value: String)] = [], json value: some Encodable) throws {
    self.init(
      status, [("Content-Type", "application/json")] + headers, body: .bytes(try CanonicalJSON.encode(value)))
  }
}
