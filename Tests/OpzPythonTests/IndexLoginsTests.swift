import OpzPython
import OpzTestKit
import Testing

@Suite("Logins of package indexes")
struct IndexLoginsTests {
  private func found(_ environment: [String: String], _ indexes: [(name: String, url: String)] = []) -> [String] {
    IndexLogins(environment: environment, indexes: indexes).logins.map { "\($0.url) \($0.user) \($0.password)" }
  }

  @Test("addresses in the environment")
  func environment() {
    #expect(
      found(["UV_INDEX_URL": "https://me:p%40ss@index.example/simple"]) == ["https://index.example me p@ss"])
    #expect(
      found(["UV_INDEX": "corp=https://a:b@one.example https://two.example/x"]) == ["https://one.example a b"])
    #expect(found(["PIP_EXTRA_INDEX_URL": "https://token@x.example/"]) == ["https://x.example token "])
    #expect(found(["UV_INDEX_URL": "https://a:%zz@x.example"]) == [])
    #expect(found(["UV_INDEX_URL": ""]) == [])
  }

  @Test("a named index's variables")
  func named() {
    let environment = ["UV_INDEX_MY_CORP_USERNAME": "u", "UV_INDEX_MY_CORP_PASSWORD": "p"]
    #expect(found(environment, [("my-corp", "https://x.example/simple")]) == ["https://x.example/simple u p"])
    #expect(found(["UV_INDEX_MY_CORP_USERNAME": "u"], [("my-corp", "https://x.example/simple")]) == [])
  }

  @Test("netrc is read, and a description never shows its content")
  func netrc() throws {
    let directory = try TemporaryDirectory()
    try directory.write(
      ".netrc",
      "# machine no.example login a password b\nmachine one.example\n  login u\tpassword secret\ndefault login x password y\n"
    )
    let logins = IndexLogins(environment: ["HOME": directory.path.string])
    #expect(
      logins.logins.map { "\($0.url) \($0.user) \($0.password)" } == [
        "https://one.example u secret", "http://one.example u secret",
      ])
    #expect(!"\(logins)".contains("secret"))
  }

  @Test("the indexes in uv's files")
  func indexes() throws {
    let directory = try TemporaryDirectory()
    try directory.write(
      "p/pyproject.toml",
      "[[tool.uv.index]]\nname = \"corp\"\nurl = \"https://a.example/simple\"\n[[tool.uv.index]]\nurl = \"https://b.example\"\n"
    )
    try directory.write("p/uv.toml", "[[index]]\nname = \"own\"\nurl = \"https://c.example\"\ndefault = true\n")
    try directory.write("home/uv/uv.toml", "index = [")
    let environment = ["XDG_CONFIG_HOME": directory.path.appending("home").string, "UV_INDEX_CORP_PASSWORD": "p"]
    let found = UvIndexes.read(in: directory.path.appending("p"), environment: environment)
    #expect(found.map { "\($0.name) \($0.url)" } == ["own https://c.example", "corp https://a.example/simple"])
    #expect(IndexLogins(environment: environment, indexes: found).logins.map(\.url) == ["https://a.example/simple"])
  }
}
