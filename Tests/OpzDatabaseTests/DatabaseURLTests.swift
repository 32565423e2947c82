import Testing

@testable import OpzDatabase

@Suite("URLs of databases")
struct DatabaseURLTests {
  @Test(
    "what they name, and how they are shown",
    arguments: [
      ("sqlite:a/b.db", "sqlite:a/b.db", "a/b.db"), ("sqlite:///b.db", "sqlite:b.db", "b.db"),
      ("sqlite:////b.db", "sqlite:/b.db", "/b.db"), ("duckdb:x y.duckdb", "duckdb:x y.duckdb", "x y.duckdb"),
      ("postgresql://h:5433/crm?sslmode=require", "postgresql://h:5433/crm", "postgresql://h:5433/crm?sslmode=require"),
      ("mariadb://ann@h:3307/crm?ssl-ca=/ca.pem", "mariadb://h:3307/crm", "mariadb://h:3307/crm"),
      ("mysql://h/crm", "mysql://h/crm", "mysql://h/crm"),
      (
        "odbc:Driver=/a/b.so;Server={h;1};UID=ann", "odbc:Driver=b.so;Server=h;1", "Driver=/a/b.so;Server={h;1};UID=ann"
      ),
      ("postgres://ann@h/crm", "postgresql://h/crm", "postgresql://ann@h/crm"),
      ("postgresql:///crm?host=/run/x&user=ann", "postgresql:///crm", "postgresql:///crm?host=/run/x&user=ann"),
    ])
  func parsed(text: String, shown: String, target: String) throws {
    let url = try DatabaseURL(parsing: text, from: .commandLine)
    #expect(url.description == shown && url.target == target && url.secrets.isEmpty)
  }

  private static let secret = "s3cr;t"
  static let withPassword = [
    "postgresql://ann:s3cr;t@h/crm", "postgresql://:s3cr;t@h/crm", "postgresql://ann:s3cr%3Bt@h/crm",
    "postgresql://h/crm?user=ann&password=s3cr;t", "postgresql://h/crm?%70assword=s3cr%3bt",
    "postgresql://h/crm?sslpassword=s3cr;t&x=y", "mariadb://ann:s3cr;t@h/crm", "mariadb://h/crm?password=s3cr%3Bt",
    "mysql://ann:s3cr;t@h/crm", "odbc:Server=h;PWD={s3cr;t}", "odbc:Server=h;Password={s3cr;t}",
  ]

  @Test("a password is taken from the environment alone, and shown nowhere", arguments: withPassword)
  func passwords(text: String) throws {
    let refused = #expect(throws: DatabaseError.self) { try DatabaseURL(parsing: text, from: .commandLine) }
    #expect(refused?.category == .usage && refused?.hint?.contains("OPZ_DATABASE") == true)
    let url = try DatabaseURL(parsing: text, from: .environment)
    let said = url.without(secrets: "could not read \(text): the password s3cr;t, or s3cr%3Bt, is wrong\n\tx")
    for shown in ["\(url)", said, refused?.description ?? ""] {
      #expect(!shown.contains(Self.secret) && !shown.lowercased().contains("s3cr%3bt"), "\(shown)")
    }
  }

  @Test(
    "what is no URL is refused, with nothing of it in the text",
    arguments: [
      "", "customers.db", "mssql://h/crm", "mariadb:crm", "mariadb://h", "mariadb://h/", "mariadb://h:x/crm",
      "mariadb://h/crm?option=1", "mariadb://ann:a@s3cr;t@h/crm", "odbc:", "odbc:Driver", "odbc:PWD={s3cr;t",
      "odbc:PWD={s3cr;t}x", "sqlite:", "postgresql:crm", "postgresql://ann:a@s3cr;t@h/crm",
      "postgresql://ann:a/s3cr;t@h/crm", "postgresql://ann:a?s3cr;t@h/crm", "postgresql://h/crm?password=a@s3cr;t",
    ])
  func malformed(text: String) {
    for origin in [DatabaseURL.Origin.commandLine, .environment] {
      let error = #expect(throws: DatabaseError.self) { try DatabaseURL(parsing: text, from: origin) }
      #expect(error?.description.contains(Self.secret) == false && error?.hint != nil)
    }
  }
}
