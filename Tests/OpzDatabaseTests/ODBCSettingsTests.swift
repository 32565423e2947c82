import Testing

@testable import OpzDatabase

@Suite("What ODBC drivers are told")
struct ODBCSettingsTests {
  @Test("a text is read and written, whatever is in a value")
  func parsed() throws {
    let settings = try #require(ODBCSettings(parsing: "Driver=/a b.so; server={a;b}}c};PWD=x=y;Server=second;Empty="))
    #expect(settings["driver"] == "/a b.so" && settings["SERVER"] == "a;b}c" && settings["pwd"] == "x=y")
    #expect(settings["empty"] == "" && settings["nothing"] == nil)
    #expect(settings.secrets == ["x=y"])
    #expect(settings.text == "Driver=/a b.so;server={a;b}}c};PWD={x=y};Empty=")
    #expect(ODBCSettings(parsing: settings.text) == settings)
    for text in ["a", "a=1;b", "=1", "a={1", "a={1}2", "{a}=1"] { #expect(ODBCSettings(parsing: text) == nil) }
  }

  @Test("a URL becomes keywords, and cannot add others")
  func urls() throws {
    func settings(_ text: String) throws -> String {
      try #require(try DatabaseURL(parsing: text, from: .environment).settings).text
    }
    #expect(
      try settings("mariadb://a%3BOPTION%3D1:p%7D@[::1]:3307/d%7Bb?tls=1&driver=/x.so")
        == "FORCETLS=1;Driver=/x.so;SERVER=::1;PORT=3307;DATABASE={d{b};UID={a;OPTION=1};PWD={p}}}")
    #expect(try settings("mysql://h/d?socket=/s") == "SOCKET=/s;DATABASE=d")
  }

  @Test("an option file's last word counts, of groups that are for clients")
  func optionFile() {
    let file = OptionFile(
      text: """
        [mysqld]
        password=no
        [client]
        # password=no
        user = ann
        password="a b\\s#c"
        [client-mariadb]
        password='it\\\\s'
        [mysqldump]
        user=no
        """)
    #expect(file.user == "ann" && file.password == "it\\s")
    #expect(OptionFile(text: "password=x\n[client]\npassword\n").password == nil)
    #expect(OptionFile(text: "[client]\npassword=\"a b\\s#c\"").password == "a b #c")
  }
}
