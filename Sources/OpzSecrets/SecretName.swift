/// What the name of a variable, a key or an option says about its value.
enum SecretName {
  enum Kind {
    /// People make it.
    case password
    /// A program makes it.
    case key
  }

  /// - Parameter name: in any of the usual spellings: `DB_PASSWORD`, `clientSecret`, `spring.mail.api-key`.
  static func kind(_ name: ArraySlice<UInt8>) -> Kind? {
    var words = words(of: name)
    if words.contains(where: { others.contains($0) }) { return nil }
    while let last = words.last, ends.contains(last) || last.allSatisfy(\.isNumber) { words.removeLast() }
    guard let last = words.last else { return nil }
    if ["password", "passwd", "passphrase", "passwort", "pwd"].contains(where: last.hasSuffix) { return .password }
    if last == "pass" || last == "pw" { return .password }
    if keys.contains(last)
      || ["token", "secret", "apikey", "secretkey", "accesskey", "authkey", "privatekey"].contains(
        where: last.hasSuffix)
    {
      return .key
    }
    guard last == "key" || last == "keys" else { return nil }
    if words.dropLast().contains(where: { qualifiers.contains($0) }) { return .key }
    // The name of a variable of the environment, of whichever service.
    return words.count >= 2 && name.allSatisfy { Alphabet.constant.contains($0) } ? .key : nil
  }

  /// In small letters; capitals begin a word, and so does the last of several: `APIKey` is `api` and `key`.
  static func words(of name: ArraySlice<UInt8>) -> [String] {
    var words: [[UInt8]] = [[]]
    let bytes = Array(name)
    for (index, byte) in bytes.enumerated() {
      guard Alphabet.alphanumeric.contains(byte) else {
        words.append([])
        continue
      }
      let isUpper = Alphabet.upper.contains(byte)
      let follows =
        index > 0 && (Alphabet.lower.contains(bytes[index - 1]) || Alphabet.digits.contains(bytes[index - 1]))
      let leads =
        index > 0 && Alphabet.upper.contains(bytes[index - 1]) && index + 1 < bytes.count
        && Alphabet.lower.contains(bytes[index + 1])
      if isUpper, follows || leads { words.append([]) }
      words[words.count - 1].append(SearchText.lowered(byte))
    }
    return words.filter { !$0.isEmpty }.map { String(decoding: $0, as: UTF8.self) }
  }

  private static let keys: Set<String> = [
    "token", "tokens", "secret", "secrets", "credential", "credentials", "creds", "cred", "auth", "authorization",
    "bearer", "jwt", "pat", "sas",
    "apikeys", "hmac", "signingkey", "encryptionkey", "masterkey", "accountkey", "sharedaccesskey", "storagekey",
    "appkey", "deploykey",
  ]

  /// What makes a `key` one that opens something.
  private static let qualifiers: Set<String> = [
    "api", "access", "secret", "private", "auth", "signing", "sign", "encryption", "encrypt", "master", "account",
    "shared", "preshared", "client",
    "license", "service", "app", "application", "admin", "hmac", "jwt", "session", "subscription", "storage", "root",
    "deploy", "webhook",
    "integration", "write", "ingest", "server", "web", "hook", "fernet", "cookie", "aws", "s3", "gcs", "gcp", "google",
    "azure", "openai",
    "anthropic", "stripe", "twilio", "heroku", "wandb", "comet", "neptune", "dd", "datadog", "cohere", "mistral",
    "huggingface", "hf", "github",
    "gitlab", "newrelic", "mailgun", "sendgrid", "algolia", "cloudflare", "cf", "ibm", "maps", "team", "user",
    "personal", "bot", "project",
    "smtp", "mail", "db", "database", "registry", "docker", "kaggle", "slack", "pinecone", "weaviate", "qdrant",
    "elastic", "langsmith",
    "langchain", "tavily", "serpapi", "groq", "together", "replicate", "deepseek", "gemini", "facebook", "discord",
    "telegram", "okta", "pagerduty",
    "sentry", "grafana", "notion", "linear", "figma", "airtable", "zendesk", "hubspot", "shopify", "square", "paypal",
    "snowflake", "unseal", "key", "jfrog", "artifactory", "baseten", "ollama", "clarifai", "alchemy", "infura", "asana",
    "meraki", "mailjet", "messagebird", "netlify", "vercel", "opsgenie", "openweather", "plaid", "postmark", "rapidapi",
    "sumologic", "trello", "twitter", "typeform", "yandex", "finnhub", "nylas", "diffbot", "pubnub", "posthog",
    "assemblyai",
    "deepgram", "elevenlabs", "stability", "voyage", "jina", "fireworks", "perplexity", "cerebras", "nvidia", "ngc",
    "linode", "hetzner", "scaleway", "vultr", "digitalocean", "fastly", "codecov", "snyk", "jenkins", "travis",
    "circleci",
    "record", "hub", "bitbucket", "atlassian", "jira", "confluence", "confluent", "kafka", "cohere", "ai21",
  ]

  /// What follows the name of a secret and is none: what a variable is for, in which form the value is.
  private static let ends: Set<String> = [
    "prod", "production", "dev", "development", "stage", "staging", "live", "value", "val", "string", "str", "plain",
    "raw", "b64", "base64",
    "default", "old", "new", "current", "primary", "secondary", "main", "env", "var", "v1", "v2", "data", "text",
    "override",
  ]

  /// Whose names have a word of these hold no secret: tokens of language models and parsers, places in lists, what is public.
  private static let others: Set<String> = [
    "next", "page", "continuation", "pad", "eos", "bos", "unk", "mask", "sep", "cls", "special", "cancellation", "sync",
    "added", "image", "audio",
    "video", "max", "min", "num", "prev", "previous", "cache", "count", "public", "publishable", "site", "anon",
    "idempotency", "partition", "sort",
    "foreign", "tokenizer", "vocab", "csrf", "xsrf", "resume", "pagination", "cursor", "hash", "hashed", "digest",
    "checksum", "fingerprint", "authenticity",
    "sha256", "sha1", "md5", "etag", "dedup", "row", "column", "object",
  ]
}
