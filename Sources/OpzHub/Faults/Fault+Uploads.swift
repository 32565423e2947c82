extension Fault {
  /// Faults in the `Location` and `Range` headers of uploads.
  static let uploads: [Fault] = [
    location("location-missing", "Location is missing") { _, _, _ in nil },
    location("location-relative", "Location is relative to the request's path") { location, request, _ in
      let name = location.split(separator: "/").last.map(String.init) ?? ""
      return request.path.hasSuffix("/")
        ? name : request.path.split(separator: "/").last.map(String.init) == name ? name : "./uploads/\(name)"
    },
    location("location-absolute", "Location is absolute, with scheme and host") { location, request, _ in
      "http://\(request.host)\(location)"
    },
    location("location-schemeless", "Location begins with //") { location, request, _ in "//\(request.host)\(location)"
    },
    location("location-query", "Location has a query that the client must keep") { location, _, _ in
      location + "?state=a%2Fb%3D&x=1"
    },
    location("location-stale", "Location names an upload that does not exist") { location, _, _ in
      String(location.prefix { $0 != "?" }.dropLast(17)) + String(location.hasSuffix("0") ? "1" : "0")
        + String(location.suffix(16))
    },
    location("location-elsewhere", "Location is on another host (`to`)") { location, request, rule in
      (rule.to ?? "http://\(request.otherHost)") + location
    },
    location("location-private", "Location is a link-local address") { _, _, _ in "http://169.254.169.254/upload" },
    location("location-file", "Location is a file: address") { _, _, _ in "file:///etc/passwd" },
    Fault(
      "two-locations", "two different Location headers", stage: .after,
      effect: .change { response, _, _ in
        response.headers.append(("Location", "/v2/another/blobs/uploads/0"))
      }),
    Fault(
      "range-missing", "Range is missing in a response about an upload", stage: .after,
      effect: .change { response, _, _ in response["Range"] = nil }),
    Fault(
      "range-sticks", "Range says that only the first byte was received", stage: .after,
      effect: .change { response, _, _ in
        if response["Range"] != nil { response["Range"] = "0-0" }
      }),
    Fault(
      "range-ahead", "Range says that more was received than was sent", stage: .after,
      effect: .change { response, _, _ in
        guard let end = response["Range"].flatMap({ $0.split(separator: "-").last }).flatMap({ UInt64($0) }) else {
          return
        }
        response["Range"] = "0-\(end &+ 1000)"
      }),
    Fault(
      "range-nonsense", "Range has a number of more than 64 bits", stage: .after,
      effect: .change { response, _, _ in
        if response["Range"] != nil { response["Range"] = "0-18446744073709551616" }
      }),
    Fault(
      "huge-minimum", "OCI-Chunk-Min-Length is 1 TiB", stage: .after, kind: .uploadStart,
      effect: .change { response, _, _ in
        response["OCI-Chunk-Min-Length"] = "1099511627776"
      }),
  ]

  private static func location(
    _ name: String, _ summary: String, change: @escaping @Sendable (String, HubRequest, FaultRule) -> String?
  ) -> Fault {
    Fault(
      name, summary, stage: .after,
      effect: .change { response, request, rule in
        guard let location = response["Location"] else { return }
        response["Location"] = change(location, request, rule)
      })
  }
}
