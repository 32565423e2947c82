import OpzDebian
import OpzIO
import Testing

@Suite("Debian's control files")
struct ControlTests {
  @Test("have paragraphs of fields, with comments and lines that go on")
  func paragraphs() throws {
    let text = "# a comment\nPackage: a\nDescription: short\n long\n .\n  more\n\n\n \nPACKAGE: b\r\nEmpty:\n"
    let found = try ControlParagraph.all(in: Array(text.utf8), subject: "control")
    #expect(found.map { $0["package"] } == ["a", "b"])
    #expect(found[0]["description"] == "short\nlong\n\n more")
    #expect(found[1]["Empty"] == "")
    #expect(found[0]["Version"] == nil)
  }

  @Test(
    "are refused with a line",
    arguments: [("A: 1\nB\n", 2), (" x\n", 1), ("A: 1\na: 2\n", 2), (":x\n", 1), ("-a: b\n", 1)])
  func malformed(_ text: String, _ line: Int) {
    let error = #expect(throws: DebianError.self) {
      try ControlParagraph.all(in: Array(text.utf8), subject: "control")
    }
    #expect(error?.subject == "control:\(line)")
  }

  @Test("have no more fields and paragraphs than are read")
  func limits() {
    let fields = (0...1_000).map { "A\($0): 1\n" }.joined()
    #expect(throws: DebianError.self) { try ControlParagraph.all(in: Array(fields.utf8), subject: "c") }
    #expect(throws: DebianError.self) {
      try ControlParagraph.all(in: Array("A: 1\n\nA: 1\n".utf8), subject: "c", limit: 1)
    }
  }

  @Test("name dependencies with alternatives, versions and architectures")
  func dependencies() throws {
    let field = "a (>= 1:2.0~), b:any | c(<<3) ,\n d [!amd64], e [amd64 i386] <!nocheck>, f (= 1), g (< 2), ,"
    let found = try Dependency.all(in: field, architecture: "amd64", subject: "s")
    #expect(found.map(\.description) == ["a (>= 1:2.0~)", "b | c (<< 3)", "e", "f (= 1)", "g (<= 2)"])
    let b = found[1].alternatives[0]
    #expect(b.qualifier == "any")
    let c = found[1].alternatives[1]
    #expect(c.accepts(DebianVersion("2.9")!) && !c.accepts(DebianVersion("3")!))
  }

  @Test(
    "have relations that are refused",
    arguments: ["a (>= )", "a (1)", "a (>> 1", "A_B", "a b", "a (=> 1)", "/etc", "a ()"])
  func malformedRelation(_ text: String) {
    #expect(throws: DebianError.self) { try Dependency.all(in: text, architecture: "amd64", subject: "s") }
  }

  @Test(
    "of maintainers' scripts run or do nothing",
    arguments: [
      ("#!/bin/sh\nset -e\n# Automatically added\nif [ \"$1\" = \"configure\" ]; then\n\tldconfig\nfi\n", nil),
      (
        "#!/bin/sh\ncase \"$1\" in\n configure|abort-upgrade)\n  dpkg-maintscript-helper rm_conffile /etc/x 1~ \\\n -- \"$@\"\n ;;\n *) \n exit 0\n;;\nesac\n",
        nil
      ),
      ("#!/bin/sh\nif [ \"$1\" = configure ] && [ -z \"$2\" ]; then\nadduser --system x\nfi\n", "adduser --system x"),
      ("#!/bin/sh\nldconfig; rm -r /\n", "ldconfig; rm -r /"),
      ("#!/bin/sh\necho x > /etc/passwd\n", "echo x > /etc/passwd"),
      ("if [ -e /x ] && touch /y; then\nfi\n", "if [ -e /x ] && touch /y; then"),
      ("echo $(touch /x)\n", "echo $(touch /x)"), ("if [ `touch x` ]; then\nfi", "if [ `touch x` ]; then"),
      ("update-alternatives --install a b c 1\n", "update-alternatives --install a b c 1"),
      ("f() { rm x; }\n", "f() { rm x; }"), ("configure) rm x\n", "configure) rm x"),
    ] as [(String, String?)])
  func scripts(_ text: String, _ effect: String?) {
    #expect(MaintainerScript(name: "postinst", text: Array(text.utf8)).effect == effect)
  }
}
