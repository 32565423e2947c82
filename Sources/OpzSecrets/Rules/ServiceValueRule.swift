/// Keys that look like any other hex number or random text. They are recognized by the name of a service before them and
/// a word like `key` in between.
struct ServiceValueRule: SecretRule {
  let ignoresCase = true
  private struct Service: Sendable {
    let names: [String]
    let forms: [Form]
    let shapes: [TokenShape]
    let what: String

    init(names: [String], forms: [Form] = [], shapes: [String] = [], what: String) {
      self.names = names
      self.forms = forms
      self.shapes = shapes.map { TokenShape($0) }
      self.what = what
    }
  }

  private struct Form: Sendable {
    let alphabet: Alphabet
    let lengths: ClosedRange<Int>

    static func hex(_ length: Int) -> Form { Form(alphabet: .lowercaseHex, lengths: length...length) }
    static func alphanumeric(_ length: Int) -> Form { Form(alphabet: .alphanumeric, lengths: length...length) }
    static func base64(_ lengths: ClosedRange<Int>) -> Form { Form(alphabet: .base64, lengths: lengths) }
    static func url(_ lengths: ClosedRange<Int>) -> Form { Form(alphabet: .url, lengths: lengths) }
    static let uuid = Form(alphabet: [.hex, .dash], lengths: 36...36)

    /// Whether commits and checksums look the same.
    var isOfHash: Bool { alphabet == .lowercaseHex && lengths.lowerBound >= 40 }
  }

  private static let services: [Service] = [
    Service(names: ["wandb"], forms: [.hex(40)], what: "a Weights & Biases key"),
    Service(names: ["datadog", "dd_api", "dd_app", "dd-api"], forms: [.hex(32), .hex(40)], what: "a Datadog key"),
    Service(names: ["heroku"], forms: [.uuid], what: "a Heroku key"),
    Service(names: ["cloudflare", "cf_api"], forms: [.url(40...40), .hex(37)], what: "a Cloudflare key"),
    Service(names: ["gitea", "forgejo", "codeberg"], forms: [.hex(40)], what: "a Gitea token"),
    Service(names: ["twilio"], forms: [.hex(32), .alphanumeric(32)], what: "a Twilio token"),
    Service(names: ["pagerduty"], forms: [.url(20...20), .hex(32)], what: "a PagerDuty key"),
    Service(names: ["okta"], forms: [.url(42...42)], what: "an Okta token"),
    Service(
      names: ["newrelic", "new_relic", "new-relic"], forms: [.hex(40), .alphanumeric(40)], what: "a New Relic key"),
    Service(names: ["ibmcloud", "ibm_cloud", "ibm-cloud", "watson"], forms: [.url(44...44)], what: "an IBM Cloud key"),
    Service(names: ["comet"], forms: [.alphanumeric(25)], what: "a Comet key"),
    Service(names: ["mistral"], forms: [.alphanumeric(32)], what: "a Mistral key"),
    Service(names: ["cohere"], forms: [.alphanumeric(40)], what: "a Cohere key"),
    Service(names: ["together"], forms: [.hex(64)], what: "a Together key"),
    Service(names: ["linode"], forms: [.hex(64)], what: "a Linode token"),
    Service(names: ["hetzner", "hcloud"], forms: [.alphanumeric(64)], what: "a Hetzner token"),
    Service(names: ["confluent"], forms: [.alphanumeric(64)], what: "a Confluent secret"),
    Service(names: ["azure", "cognitive"], forms: [.hex(32)], what: "an Azure key"),
    Service(names: ["openai"], forms: [.hex(32)], what: "an Azure OpenAI key"),
    Service(
      names: ["azdo", "vsts", "azure_devops", "azure-devops", "azuredevops"], forms: [.alphanumeric(52)],
      what: "an Azure DevOps token"),
    Service(names: ["bitbucket"], forms: [.alphanumeric(32), .url(44...64)], what: "a Bitbucket secret"),
    Service(names: ["consul", "nomad"], forms: [.uuid], what: "a Consul token"),
    Service(names: ["splunk"], forms: [.uuid], what: "a Splunk token"),
    Service(names: ["snyk"], forms: [.uuid], what: "a Snyk token"),
    Service(names: ["codecov"], forms: [.uuid, .hex(32)], what: "a Codecov token"),
    Service(names: ["sonar"], forms: [.hex(40)], what: "a SonarQube token"),
    Service(names: ["fastly"], forms: [.url(32...32)], what: "a Fastly key"),
    Service(names: ["auth0"], forms: [.url(64...64)], what: "an Auth0 secret"),
    Service(names: ["jenkins"], forms: [.hex(34), .hex(32)], what: "a Jenkins token"),
    Service(names: ["circleci"], forms: [.hex(40)], what: "a CircleCI token"),
    Service(names: ["travis"], forms: [.url(22...22)], what: "a Travis token"),
    Service(names: ["algolia"], forms: [.hex(32)], what: "an Algolia key"),
    Service(names: ["alibaba", "aliyun"], forms: [.alphanumeric(30)], what: "an Alibaba Cloud secret"),
    Service(names: ["tencent"], forms: [.alphanumeric(32)], what: "a Tencent Cloud secret"),
    Service(names: ["discord"], forms: [.url(32...32)], what: "a Discord secret"),
    Service(names: ["netlify"], forms: [.url(43...43)], what: "a Netlify token"),
    Service(names: ["vercel"], forms: [.alphanumeric(24)], what: "a Vercel token"),
    Service(names: ["kaggle"], forms: [.hex(32)], what: "a Kaggle key"),
    Service(names: ["mailgun", "mailchimp"], forms: [.hex(32)], what: "a Mailgun key"),
    Service(
      names: ["segment", "rollbar", "mixpanel", "amplitude", "asana"], forms: [.hex(32), .alphanumeric(32)],
      what: "a key of a service"),
    Service(
      names: ["labelstudio", "label_studio", "label-studio", "clearml"], forms: [.hex(40), .alphanumeric(50)],
      what: "a token of a service"),
    Service(names: ["assemblyai", "deepgram"], forms: [.hex(32), .hex(40)], what: "a key of a service"),
    Service(names: ["postmark", "deepl", "hubspot"], forms: [.uuid], what: "a key of a service"),
    Service(names: ["cloudinary"], forms: [.url(27...27)], what: "a Cloudinary secret"),
    Service(names: ["codeclimate", "cc_test_reporter"], forms: [.hex(64)], what: "a Code Climate key"),
    Service(
      names: ["jfrog", "artifactory"], forms: [.alphanumeric(64), .alphanumeric(73)], what: "an Artifactory token"),
    Service(names: ["dropbox"], forms: [.alphanumeric(15)], what: "a Dropbox secret"),
    Service(names: ["login_with_api_key", "truenas"], shapes: ["<d1-4>-<a64>"], what: "a TrueNAS key"),
    Service(names: ["facebook"], forms: [.hex(32)], shapes: ["<d15-17>|<w27>"], what: "a Facebook secret"),
    Service(names: ["baseten"], shapes: ["<a8>.<a32>"], what: "a Baseten key"),
    Service(names: ["ollama"], shapes: ["<h32>.<w24>"], what: "an Ollama key"),
    Service(names: ["contribsys"], shapes: ["<h8>:<h8>"], what: "a Sidekiq password"),
    // Not a TokenRule: base64 of zeros has the prefix at each of its characters.
    Service(names: ["twitter"], shapes: ["AAAAAAAAAAAAAAAAAAAAA<p60-110>"], what: "a Twitter token"),
    Service(names: ["beamer"], shapes: ["b_<e44>"], what: "a Beamer key"),
    Service(names: ["yandex"], shapes: ["YC<w38>"], what: "a Yandex key"),
    Service(names: ["vault"], shapes: ["s.<a24>", "b.<a24>", "r.<a24>"], what: "a Vault token"),
    Service(
      names: ["operator unseal", "unseal_key", "unseal key"], forms: [.base64(43...44)], what: "a Vault unseal key"),
    Service(names: ["password to proceed to installation"], forms: [.hex(32)], what: "a Jenkins password"),
    Service(names: ["postman"], forms: [.uuid], what: "a Postman key"),
    Service(names: ["meraki"], forms: [.hex(40)], what: "a Meraki key"),
    Service(
      names: ["clarifai", "openweather", "pastebin", "alchemy", "diffbot", "opsgenie", "ai21", "customerio"],
      forms: [.hex(32), .alphanumeric(32), .uuid, .hex(20)], what: "a key of a service"),
  ]

  private static let byName = services.flatMap { service in
    service.names.map { (name: Array($0.utf8), service: service) }
  }

  let anchors = byName.map(\.name)

  /// The longest distance from the name to the value, in bytes.
  private static let reach = 100
  private static let words = [
    "key", "token", "secret", "pat", "api", "auth", "login", "pass", "pw", "cred", "bearer", "license", "unseal",
    "reporter_id",
  ]
  private static let others = [
    "commit", "sha", "rev", "hash", "digest", "checksum", "run_id", "runid", "md5", "etag", "version", "public", "tree",
  ]

  func find(in text: SearchText, at index: Int) -> SecretFinding? {
    let found = ServiceValueRule.byName.first { text.hasIgnoringCase($0.name, at: index) }
    guard let (name, service) = found else { return nil }
    var position = index + name.count
    let end = min(text.count, index + ServiceValueRule.reach)
    while position < end {
      for shape in service.shapes {
        guard let range = shape.match(text, at: position), range.lowerBound > index else { continue }
        let own = text.bytes[range].dropFirst(range.lowerBound == position ? shape.anchor.count : 0)
        if Plausibility.isRandom(own) { return SecretFinding(range: range, what: service.what, rank: 1) }
      }
      position += 1
    }
    return value(of: service, in: text, index, name.count)
  }

  /// Finds a run of characters in one of the service's forms that is called a key or assigned to the service's name.
  private func value(of service: Service, in text: SearchText, _ index: Int, _ nameLength: Int) -> SecretFinding? {
    var position = index
    while position < min(text.count, index + ServiceValueRule.reach) {
      let start = position
      position = max(text.end(of: .url, from: start, limit: 256), start)
      if service.forms.contains(where: { $0.alphabet == .base64 }) {
        position = text.end(of: .base64, from: start, limit: 256)
      }
      if position == start {
        position += 1
        continue
      }
      guard start > index, let form = service.forms.first(where: { $0.lengths.contains(position - start) }),
        text.end(of: form.alphabet, from: start) == position, Plausibility.isRandom(text.bytes[start..<position])
      else { continue }
      let between = index..<start
      guard !text.mentions(ServiceValueRule.others, in: between) else { continue }
      guard
        text.mentions(ServiceValueRule.words, in: between)
          || !form.isOfHash && isAssignment(text, index + nameLength..<start)
      else { continue }
      return SecretFinding(range: start..<position, what: service.what, rank: 1)
    }
    return nil
  }

  /// Whether there is only an assignment sign between a name and a value.
  private func isAssignment(_ text: SearchText, _ range: Range<Int>) -> Bool {
    guard range.count <= 8 else { return false }
    let signs = text.bytes[range].filter { !" \t\"'`\\".utf8.contains($0) }
    return ["=", ":", "=>", ":="].contains { signs.elementsEqual($0.utf8) }
  }
}

/// Kaggle's key file: `{"username": "..", "key": ".."}`.
struct KaggleKeyRule: SecretRule {
  let anchors = texts("\"key\"", "\\\"key\\\"", "'key'")

  func find(in text: SearchText, at index: Int) -> SecretFinding? {
    var start = index + 1
    while let byte = text.byte(start), byte != UInt8(ascii: ":"), start - index < 13 { start += 1 }
    while let byte = text.byte(start), ": \"\\'\n\t".utf8.contains(byte) { start += 1 }
    let end = text.end(of: .lowercaseHex, from: start)
    guard end - start == 32, Plausibility.isRandom(text.bytes[start..<end]),
      text.mentions(["username"], in: index - 160..<end + 160)
    else { return nil }
    return SecretFinding(range: start..<end, what: "a Kaggle key", rank: 1)
  }
}
