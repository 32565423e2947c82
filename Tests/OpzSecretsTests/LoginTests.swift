import OpzTestKit
import Testing

@testable import OpzSecrets

/// Logins in commands, addresses, calls and the files that programs keep them in. The password is made by a seed.
@Suite("Logins")
struct LoginTests {
  private static let password: String = {
    var random = SeededGenerator(seed: 41)
    return random.text(4, of: "BCDFGHJK") + random.text(4, of: "2346789") + "_" + random.text(5, of: "bcdfghjk")
  }()

  private func found(_ form: String) -> [String] {
    let login = "ann:\(LoginTests.password)"
    let text = form.replacing("PASSWORD", with: LoginTests.password)
      .replacing("BASE64-LOGIN", with: TestEncodings.base64(Array(login.utf8)))
      .replacing("BASE64-SECRET", with: TestEncodings.base64(Array(LoginTests.password.utf8)))
    return CorpusTests.search(Array(text.utf8)).map(\.what)
  }

  @Test(
    "a password is found in each form of a command",
    arguments: [
      "curl -u ann:PASSWORD https://h/", "curl -s -uann:PASSWORD https://h/", "curl --user 'ann:PASSWORD' https://h/",
      "curl --user=\"ann:PASSWORD\" https://h/", "curl --proxy-user ann:PASSWORD https://h/",
      "$ curl -X POST \\\n  -H 'A: b' \\\n  -u \"ann:PASSWORD\" \\\n  https://h/",
      "subprocess.run('curl -u ann:PASSWORD h')",
      "curl -u :PASSWORD https://h/", "curl -u PASSWORD: https://h/",
      "sshpass -p PASSWORD ssh host", "sshpass -p 'PASSWORD' ssh host", "sshpass -pPASSWORD ssh host",
      "mysql -u root -pPASSWORD db", "mysqldump -uroot -pPASSWORD db > dump", "redis-cli -h c -a PASSWORD ping",
      "docker login -u ann -p PASSWORD registry.internal", "helm registry login -u ann -p PASSWORD h",
      "oras login -u ann --password PASSWORD h", "PsExec.exe \\\\host -u ann -p PASSWORD cmd",
      "wget --user=ann --password=PASSWORD https://h/", "mongosh -u ann -p PASSWORD h", "MYSQL_PWD=PASSWORD mysql",
    ])
  func commands(form: String) { #expect(found(form).count == 1, "\(found(form))") }

  @Test(
    "a password is found in each form of an address and of a call",
    arguments: [
      "postgresql://ann:PASSWORD@db/x", "redis://:PASSWORD@c:6379", "amqp://ann:PASSWORD@mq:5672/x",
      "mongodb+srv://ann:PASSWORD@c0.mongodb.net/x", "https://ann:PASSWORD@git.internal/x.git",
      "jdbc:postgresql://db/x?user=ann&password=PASSWORD", "jdbc:sqlserver://db;user=sa;password=PASSWORD;",
      "jdbc:mysql://ann:PASSWORD@db/x", "jdbc:oracle:thin:ann/PASSWORD@//db:1521/x",
      "jdbc:oracle:oci:ann/PASSWORD@db", "Server=db;Database=x;User Id=sa;Password=PASSWORD;",
      "DRIVER={x};UID=sa;PWD=PASSWORD",
      "psql \"host=db user=ann password=PASSWORD\"", "new NetworkCredential(\"ann\", \"PASSWORD\")",
      "new DirectoryEntry(\"LDAP://h\",\n  \"ann\",\n  \"PASSWORD\")", "requests.get(u, auth=(\"ann\", \"PASSWORD\"))",
      "HTTPBasicAuth('ann', 'PASSWORD')", "DriverManager.getConnection(url, \"ann\", \"PASSWORD\")",
      "request.SetBasicAuth(\"ann\", \"PASSWORD\")", "Authorization: Basic BASE64-LOGIN",
    ])
  func addresses(form: String) { #expect(found(form).count == 1, "\(found(form))") }

  @Test(
    "a password is found in each file of logins",
    arguments: [
      "db:5432:x:ann:PASSWORD\n", "*:*:*:ann:PASSWORD\n", "db:6543:x:ann:PASSWORD\n",
      "machine h login ann password PASSWORD\n", "machine h\n  login ann\n  password PASSWORD\n",
      "default login ann password PASSWORD\n", "_auth=BASE64-LOGIN\n",
      "//r.h/:_password=BASE64-SECRET\n//r.h/:username=ann\n",
      "[pypi]\nusername = ann\npassword = PASSWORD\n", "{\"auths\": {\"r.h\": {\"auth\": \"BASE64-LOGIN\"}}}\n",
      "{\"auths\": {\"r.h\": {\"username\": \"ann\", \"password\": \"PASSWORD\"}}}\n",
      "https://ann:PASSWORD@github.com\n",
      "[global]\nindex-url = https://ann:PASSWORD@pypi.internal/simple\n",
      "[client]\nuser=ann\npassword=\"PASSWORD\"\n",
      "<server><username>ann</username><password>PASSWORD</password></server>\n",
      "<Pass encoding=\"base64\">BASE64-SECRET</Pass>\n", "BUNDLE_GEMS__H__NET: \"ann:PASSWORD\"\n",
      "export BUNDLE_GEMS__H__NET=ann:PASSWORD\n",
    ])
  func files(form: String) { #expect(found(form).count == 1, "\(found(form))") }

  @Test("keys of joined strings, and values with backslashes, are whole")
  func joined() throws {
    let key = try #require(SecretSample.kinds.first { $0.name == "RSA key" }).sample(seed: 42).value
    let lines = key.split(separator: "\n").map { "\"\($0)\\n\"" }
    for joined in [" +\n", "\n  + ", " \\\n", "\n"] {
      #expect(CorpusTests.search(Array(lines.joined(separator: joined).utf8)).map(\.what) == ["a private key"])
    }
    let value = "7`D'}/v" + "YR)T;W\\5]E" + "Brf;_&k>qX??"
    #expect(CorpusTests.search(Array("jwtsecret: \"\(value)\"\n".utf8)).count == 1)
  }
}
