import Testing

@testable import OpzServe

@Suite("Routes")
struct RouteTests {
  @Test(
    "Paths have routes",
    arguments: [
      ("/v2", .server), ("/v2/", .server), ("/v2/health/live", .live),
      ("/v2/health/ready", .ready),
      ("/v2/models", .models), ("/v2/models/", .models), ("/v2/models/stats", .statistics), ("/metrics", .metrics),
      ("/v2/models/m", .model(name: "m", version: nil, .metadata)),
      ("/v2/models/m/ready", .model(name: "m", version: nil, .ready)),
      ("/v2/models/m/infer", .model(name: "m", version: nil, .infer)),
      ("/v2/models/m/stats", .model(name: "m", version: nil, .statistics)),
      ("/v2/models/m/versions/1.2", .model(name: "m", version: "1.2", .metadata)),
      ("/v2/models/m/versions/1/infer", .model(name: "m", version: "1", .infer)),
      ("/v2/models/m/versions/1/ready", .model(name: "m", version: "1", .ready)),
      ("/v2/models/a/b/infer", .model(name: "a/b", version: nil, .infer)),
      ("/v2/models/a%2Fb/versions/1/stats", .model(name: "a/b", version: "1", .statistics)),
      ("/v2/models/%C3%A9%20x", .model(name: "é x", version: nil, .metadata)),
      ("/v2/models/ready", .model(name: "ready", version: nil, .metadata)),
      ("/v2/models/ready/ready", .model(name: "ready", version: nil, .ready)),
      ("/v2/repository/index", .repositoryIndex),
      ("/v2/repository/models/a/b/load", .repositoryChange(.load, name: "a/b")),
      ("/v2/repository/models/m/unload", .repositoryChange(.unload, name: "m")), ("/v1/models", .models),
      ("/v1/models/a%2Fb", .model(name: "a/b", version: nil, .ready)),
      ("/v1/models/a/b:predict", .model(name: "a/b", version: nil, .predict)),
      ("/v1/models/m:explain", .model(name: "m", version: nil, .explain)), ("/invocations", .invocations),
      ("/ping", .ping), ("/health", .ping), ("/version", .version), ("/openapi.json", .openAPI), ("/docs", .page),
    ] as [(String, InferenceRoute)])
  func known(path: String, route: InferenceRoute) { #expect(InferenceRoute(path: path[...]) == route) }

  @Test(
    "Other paths have no route",
    arguments: [
      "", "/", "v2", "/v1", "/v1/models/:predict", "/v2/repository", "/v2/repository/models/load",
      "/v2/repository/models/m/reload", "/invocations/x", "/v2x", "//v2", "/v2/health", "/v2/health/dead",
      "/v2/models//infer", "/v2/models/m//infer",
      "/v2/models/%", "/v2/models/%4", "/v2/models/%zz", "/v2/models/%+1", "/v2/models/%-1", "/v2/models/%ff",
      "/metrics/x", "*", "http://h/v2", "/v2/../v2",
    ])
  func unknown(path: String) { #expect(InferenceRoute(path: path[...]) == nil) }
}
