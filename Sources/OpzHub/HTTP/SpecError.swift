import OpzHTTPServer
import OpzIO
import OpzJSON
import OpzOCI
import OpzRegistry
import OpzStore

/// An error of the distribution-spec ("Error Codes"): a status, a code, and a message.
package struct SpecError: Error, Sendable {
  enum Code: String, Sendable {
    case blobUnknown = "BLOB_UNKNOWN"
    case blobUploadInvalid = "BLOB_UPLOAD_INVALID"
    case blobUploadUnknown = "BLOB_UPLOAD_UNKNOWN"
    case digestInvalid = "DIGEST_INVALID"
    case manifestBlobUnknown = "MANIFEST_BLOB_UNKNOWN"
    case manifestInvalid = "MANIFEST_INVALID"
    case manifestUnknown = "MANIFEST_UNKNOWN"
    case nameInvalid = "NAME_INVALID"
    case nameUnknown = "NAME_UNKNOWN"
    case sizeInvalid = "SIZE_INVALID"
    case unauthorized = "UNAUTHORIZED"
    case denied = "DENIED"
    case unsupported = "UNSUPPORTED"
    case tooManyRequests = "TOOMANYREQUESTS"
    case unknown = "UNKNOWN"
  }

  let status: Int
  let code: Code
  let message: String
  var headers: [(name: String, value: String)]
  /// What else there is to say; nil for nothing.
  let detail: String?

  init(
    _ status: Int, _ code: Code, message: String, headers: [(name: String, value: String)] = [],
    detail: String? = nil
  ) {
    self.detail = detail
    self.status = status
    self.code = code
    self.message = message
    self.headers = headers
  }

  var response: Response {
    var entry: [String: JSONValue] = ["code": .string(code.rawValue), "message": .string(message)]
    if let detail { entry["detail"] = .string(detail) }
    let document = JSONValue.object(["errors": .array([.object(entry)])])
    let bytes = (try? CanonicalJSON.encode(document)) ?? []
    return Response(status, [("Content-Type", "application/json")] + headers, body: .bytes(bytes))
  }

  /// Converts an internal error for the client. Paths of this machine are left out.
  static func of(_ error: any Error) -> SpecError {
    switch error {
    case let error as SpecError: error
    case let error as RequestProblem:
      SpecError(error.status, error.status == 413 ? .sizeInvalid : .unsupported, message: error.reason)
    case let error as OCIError: SpecError(400, .manifestInvalid, message: error.reason)
    case let error as StoreError where error.code == .wrongDigest || error.code == .wrongSize:
      SpecError(400, .digestInvalid, message: error.reason)
    case let error as StoreError where error.code == .noSpace: full
    case let error as RegistryError where error.code == .notFound:
      SpecError(404, .manifestBlobUnknown, message: "\(error.subject): \(error.reason)")
    case let error as IOFailure where error.errno == IOFailure.diskFull: full
    case let error as any ExplainedError: SpecError(500, .unknown, message: error.reason)
    default: SpecError(500, .unknown, message: "the registry failed")
    }
  }

  private static let full = SpecError(507, .denied, message: "the registry's disk is full")
}
