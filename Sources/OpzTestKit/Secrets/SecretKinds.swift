/// The kinds of secrets that a scan has to find.
extension SecretSample {
  public static let kinds: [Kind] =
    forges + packages + clouds + models + messages + services + others + files

  private static func github(_ letter: String) -> Kind {
    .token("GitHub gh\(letter)", "GITHUB_TOKEN") { random in
      let own = random.letters(30)
      return "gh\(letter)_" + own + TestEncodings.base62(TestEncodings.crc32(own))
    }
  }

  private static let forges: [Kind] =
    ["p", "o", "u", "s", "r"].map(github) + [
      .token("GitHub fine-grained", "GH_PAT") { "github" + "_pat_" + $0.letters(22) + "_" + $0.letters(59) },
      .token("GitLab personal", "GITLAB_TOKEN") { "gl" + "pat-" + $0.url(20) },
      .token("GitLab routable", "GITLAB_TOKEN") {
        "gl" + "pat-" + $0.url(32) + ".01." + $0.text(9, of: SeededGenerator.digits + SeededGenerator.lower)
      },
      .token("GitLab deploy", "DEPLOY_TOKEN") { "gl" + "dt-" + $0.url(20) },
      .token("GitLab runner", "RUNNER_TOKEN") { "gl" + "rt-" + $0.url(20) },
      .token("GitLab job", "CI_JOB_TOKEN") { "gl" + "cbt-" + $0.hex(2) + "_" + $0.url(20) },
      .token("GitLab trigger", "TRIGGER_TOKEN") { "gl" + "ptt-" + $0.hex(40) },
      .token("GitLab feed", "FEED_TOKEN") { "gl" + "ft-" + $0.url(20) },
      .token("GitLab SCIM", "SCIM_TOKEN") { "gl" + "soat-" + $0.url(20) },
      .token("Bitbucket", "BITBUCKET_APP_PASSWORD") { "AT" + "BB" + $0.letters(24) + $0.hex(8).uppercased() },
      .token("Atlassian", "JIRA_API_TOKEN") { "AT" + "ATT3xFfGF0" + $0.url(171) + "=" + $0.hex(8).uppercased() },
      .named("Gitea", "GITEA_TOKEN") { $0.hex(40) },
      .token("Azure DevOps", "AZURE_DEVOPS_EXT_PAT") { $0.letters(76) + "AZ" + "DO" + $0.letters(4) },
      .named("Azure DevOps, old", "AZURE_DEVOPS_EXT_PAT") { $0.text(52, of: "abcdefghijklmnopqrstuvwxyz234567") },
    ]

  private static let packages: [Kind] = [
    .token("npm", "NPM_TOKEN") { random in
      let own = random.letters(30)
      return "np" + "m_" + own + TestEncodings.base62(TestEncodings.crc32(own))
    },
    .token("PyPI", "TWINE_PASSWORD") { "py" + "pi-AgEIcHlwaS5vcmc" + $0.url(150) },
    .token("RubyGems", "GEM_HOST_API_KEY") { "ruby" + "gems_" + $0.hex(48) },
    .token("NuGet", "NUGET_API_KEY") { "oy" + "2" + $0.text(43, of: SeededGenerator.digits + SeededGenerator.lower) },
    .token("Docker Hub", "DOCKER_TOKEN") { "dckr" + "_pat_" + $0.url(27) },
    .token("crates.io", "CARGO_REGISTRY_TOKEN") { "ci" + "o" + $0.letters(32) },
    .named("Artifactory", "ARTIFACTORY_API_KEY") { "AKC" + "p" + $0.letters(69) },
  ]

  private static let clouds: [Kind] = [
    .token("AWS access key", "AWS_ACCESS_KEY_ID") { "AK" + "IA" + $0.capitals(16) },
    .token("AWS session key", "AWS_ACCESS_KEY_ID") { "AS" + "IA" + $0.capitals(16) },
    .named("AWS secret", "AWS_SECRET_ACCESS_KEY") { $0.text(40, of: SeededGenerator.alphanumeric + "+/") },
    .token("Google API key", "GOOGLE_API_KEY") { "AI" + "zaSy" + $0.url(33) },
    .token("Google client secret", "GOOGLE_CLIENT_SECRET") { "GOC" + "SPX-" + $0.url(28) },
    .token("Google access token", "GOOGLE_TOKEN") { "ya" + "29." + $0.url(180) },
    .named("Azure storage", "AccountKey") { $0.base64(64) },
    .token("Azure client secret", "AZURE_CLIENT_SECRET") { $0.letters(3) + "8" + "Q~" + $0.url(34) },
    .token("Azure signature", "SAS_URL") {
      "https://churn.blob.core.windows.net/models?sv=2024-11-04&ss=b&se=2027-01-01T00%3A00%3A00Z&" + "sig="
        + $0.text(43, of: SeededGenerator.alphanumeric) + "%3D"
    },
    .token("DigitalOcean", "DIGITALOCEAN_TOKEN") { "dop" + "_v1_" + $0.hex(64) },
    .token("Alibaba", "ALIBABA_ACCESS_KEY_ID") { "LT" + "AI5t" + $0.letters(18) },
    .named("Alibaba secret", "ALIBABA_CLOUD_ACCESS_KEY_SECRET") { $0.letters(30) },
    .named("IBM", "IBMCLOUD_API_KEY") { $0.url(44) },
    .named("Cloudflare", "CLOUDFLARE_API_TOKEN") { $0.url(40) },
    .token("Cloudflare, new", "CLOUDFLARE_API_TOKEN") { "cf" + "ut_" + $0.letters(40) + $0.hex(8) },
    .named("Heroku", "HEROKU_API_KEY") { $0.uuid() },
    .token("Heroku, new", "HEROKU_API_KEY") { "HR" + "KU-AA" + $0.url(58) },
    .token("Firebase", "FCM_SERVER_KEY") { "AAAA" + $0.url(7) + ":APA" + "91b" + $0.url(134) },
  ]

  private static let models: [Kind] = [
    .token("OpenAI, old", "OPENAI_API_KEY") { "s" + "k-" + $0.letters(20) + "T3Blbk" + "FJ" + $0.letters(20) },
    .token("OpenAI project", "OPENAI_API_KEY") { "s" + "k-proj-" + $0.url(74) + "T3Blbk" + "FJ" + $0.url(74) },
    .token("Anthropic", "ANTHROPIC_API_KEY") { "s" + "k-ant-api03-" + $0.url(93) + "AA" },
    .token("Hugging Face", "HF_TOKEN") { "h" + "f_" + $0.text(34, of: SeededGenerator.lower + SeededGenerator.upper) },
    .token("Databricks", "DATABRICKS_TOKEN") { "da" + "pi" + $0.hex(32) },
    .token("Replicate", "REPLICATE_API_TOKEN") { "r" + "8_" + $0.letters(37) },
    .token("Groq", "GROQ_API_KEY") { "gs" + "k_" + $0.letters(52) },
    .token("LangSmith", "LANGSMITH_API_KEY") { "ls" + "v2_pt_" + $0.hex(32) + "_" + $0.hex(10) },
    .token("Pinecone", "PINECONE_API_KEY") { "pc" + "sk_" + $0.letters(6) + "_" + $0.letters(62) },
    .token("NVIDIA", "NVIDIA_API_KEY") { "nv" + "api-" + $0.url(64) },
    .named("Weights & Biases", "WANDB_API_KEY") { $0.hex(40) },
    .named("Comet", "COMET_API_KEY") { $0.letters(25) },
    .named("Cohere", "CO_API_KEY") { $0.letters(40) },
    .named("Mistral", "MISTRAL_API_KEY") { $0.letters(32) },
    .named("MLflow password", "MLFLOW_TRACKING_PASSWORD") { $0.password() },
  ]

  private static let messages: [Kind] = [
    .token("Slack bot", "SLACK_BOT_TOKEN") {
      "xo" + "xb-" + $0.text(12, of: SeededGenerator.digits) + "-" + $0.text(13, of: SeededGenerator.digits) + "-"
        + $0.letters(24)
    },
    .token("Slack user", "SLACK_TOKEN") {
      "xo" + "xp-" + $0.text(12, of: SeededGenerator.digits) + "-" + $0.text(12, of: SeededGenerator.digits) + "-"
        + $0.hex(32)
    },
    .token("Slack hook", "SLACK_WEBHOOK") {
      "https://hooks.slack" + ".com/services/T" + $0.capitals(10) + "/B" + $0.capitals(10) + "/" + $0.letters(24)
    },
    .token("Discord bot", "DISCORD_TOKEN") { random in
      let id = "1" + random.text(18, of: SeededGenerator.digits)
      return TestEncodings.base64(Array(id.utf8), url: true) + "." + random.letters(6) + "." + random.url(38)
    },
    .token("Discord hook", "DISCORD_WEBHOOK") {
      "https://discord" + ".com/api/webhooks/1" + $0.text(18, of: SeededGenerator.digits) + "/" + $0.url(68)
    },
    .token("Telegram", "TELEGRAM_BOT_TOKEN") { "7" + $0.text(9, of: SeededGenerator.digits) + ":A" + "A" + $0.url(33) },
    .named("Twilio", "TWILIO_AUTH_TOKEN") { $0.hex(32) },
    .token("SendGrid", "SENDGRID_API_KEY") { "S" + "G." + $0.url(22) + "." + $0.url(43) },
    .token("Mailgun", "MAILGUN_API_KEY") { "ke" + "y-" + $0.hex(32) },
    .token("Mailchimp", "MAILCHIMP_API_KEY") { $0.hex(32) + "-u" + "s12" },
  ]

  private static let services: [Kind] = [
    .token("Stripe", "STRIPE_KEY") { "sk" + "_live_" + $0.letters(24) },
    .token("Stripe, restricted", "STRIPE_KEY") { "rk" + "_live_" + $0.letters(99) },
    .token("Square", "SQUARE_TOKEN") { "sq0" + "atp-" + $0.url(22) },
    .token("Shopify", "SHOPIFY_TOKEN") { "shp" + "at_" + $0.hex(32) },
    .token("Vault", "VAULT_TOKEN") { "hv" + "s." + $0.url(95) },
    .named("Vault, old", "VAULT_TOKEN") { "s" + "." + $0.letters(24) },
    .token("Terraform Cloud", "TFE_TOKEN") { $0.letters(14) + ".atlas" + "v1." + $0.url(67) },
    .token("Pulumi", "PULUMI_ACCESS_TOKEN") { "pu" + "l-" + $0.hex(40) },
    .token("Grafana", "GRAFANA_TOKEN") { random in
      let own = "gl" + "sa_" + random.letters(32)
      let sum = TestEncodings.crc32(own)
      let bytes = (0..<4).map { UInt8(sum >> UInt32(8 * $0) & 255) }
      return own + "_" + bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    },
    .token("Grafana Cloud", "GRAFANA_TOKEN") {
      "gl" + "c_" + TestEncodings.base64(Array(#"{"o":"812345","n":"stack","k":"\#($0.letters(24))"}"#.utf8))
    },
    .named("Datadog", "DD_API_KEY") { $0.hex(32) },
    .named("Datadog application", "DATADOG_APP_KEY") { $0.hex(40) },
    .token("New Relic", "NEW_RELIC_API_KEY") {
      "NR" + "AK-" + $0.text(27, of: SeededGenerator.digits + SeededGenerator.upper)
    },
    .token("Sentry", "SENTRY_AUTH_TOKEN") { "snt" + "ryu_" + $0.hex(64) },
    .named("PagerDuty", "PAGERDUTY_API_KEY") { $0.url(20) },
    .named("Snowflake", "SNOWFLAKE_PASSWORD") { $0.password() },
    .token("Linear", "LINEAR_API_KEY") { "lin" + "_api_" + $0.letters(40) },
    .token("Notion", "NOTION_TOKEN") { "nt" + "n_" + $0.letters(46) },
    .token("Postman", "POSTMAN_API_KEY") { "PM" + "AK-" + $0.hex(24) + "-" + $0.hex(34) },
    .named("Okta", "OKTA_TOKEN") { "00" + $0.url(40) },
    .token("Figma", "FIGMA_TOKEN") { "fi" + "gd_" + $0.url(40) },
    .token("Doppler", "DOPPLER_TOKEN") { "dp" + ".pt." + $0.letters(43) },
    .token("web token", "SESSION_JWT") { random in
      func part(_ text: String) -> String { TestEncodings.base64(Array(text.utf8), url: true) }
      return part(#"{"alg":"HS256","typ":"JWT"}"#) + "."
        + part(#"{"sub":"svc-\#(random.hex(8))","iat":1760000000,"exp":1760003600}"#) + "." + random.url(43)
    },
    .token("password in an address", "DATABASE_URL") {
      "postgres" + "ql://churn:" + $0.letters(12) + "@db.internal:5432/churn"
    },
    .token("password of Redis", "REDIS_URL") { "redis" + "://:" + $0.letters(16) + "@cache.internal:6379/0" },
    .token("token in a remote", "ORIGIN") { "https" + "://oauth2:" + $0.url(20) + "@git.example.net/ml/churn.git" },
    .named("database password", "DB_PASSWORD") { $0.password() },
    .named("Django", "SECRET_KEY") { $0.text(50, of: SeededGenerator.lower + SeededGenerator.digits + "!@#%^*-_=+") },
    .named("WireGuard", "PrivateKey") { $0.base64(32) },
  ]

  private static let others: [Kind] = [
    .token("Twitch", "STREAM_KEY") { "live" + "_126031192_" + $0.letters(30) },
    .token("1Password", "OP_SECRET_KEY") { random in
      func part(_ count: Int) -> String { random.text(count, of: SeededGenerator.digits + SeededGenerator.upper) }
      return "A" + "3-" + [6, 6, 5, 5, 5, 5].map(part).joined(separator: "-")
    },
    .token("Apify", "APIFY_TOKEN") { "apify" + "_api_" + $0.letters(36) },
    .token("Riot", "RIOT_API_KEY") { "RG" + "API-" + $0.uuid() },
    .token("Plaid", "PLAID_ACCESS_TOKEN") { "access" + "-production-" + $0.uuid() },
    .token("HubSpot", "HUBSPOT_TOKEN") { "pat" + "-na2-" + $0.uuid() },
    .token("Mattermost", "HOOK") {
      "https://chat.internal/" + "hooks/" + $0.text(26, of: SeededGenerator.digits + SeededGenerator.lower)
    },
    .token("Infura", "ETH_URL") { "https://mainnet." + "infura.io/v3/" + $0.hex(32) },
    .token("Harness", "HARNESS_API_KEY") { "pa" + "t." + $0.letters(22) + "." + $0.hex(24) + "." + $0.letters(20) },
    .token("PlanetScale", "PLANETSCALE_TOKEN") { "pscale" + "_tkn_" + $0.url(43) },
    .token("Fly.io", "FLY_API_TOKEN") { "fm" + "1r_" + $0.letters(90) },
    .token("EasyPost", "EASYPOST_API_KEY") { "EZ" + "AK" + $0.letters(54) },
    .token("MongoDB Atlas", "ATLAS_SECRET") { "mdb" + "_sa_sk_" + $0.url(40) },
    .token("ThingsBoard", "TELEMETRY_URL") {
      "https://thingsboard" + ".cloud/api/v1/" + $0.letters(20) + "/telemetry"
    },
    .token("Zuplo", "ZUPLO_KEY") { "zp" + "ka_" + $0.hex(32) + "_" + $0.hex(8) },
    .token("WakaTime", "WAKATIME_API_KEY") { "wa" + "ka_" + $0.uuid() },
    .token("Runway", "RUNWAY_KEY") { "ke" + "y_" + $0.hex(128) },
    .token("password of Oracle", "DATABASE_URL") {
      "jdbc:" + "oracle:thin:churn/" + $0.password() + "@//db.internal:1521/churn"
    },
    .named("Facebook", "FACEBOOK_APP_TOKEN") { "1308742762612587" + "|" + $0.url(27) },
    .named("Ollama", "OLLAMA_API_KEY") { $0.hex(32) + "." + $0.url(24) },
    .named("Baseten", "BASETEN_API_KEY") { $0.letters(8) + "." + $0.letters(32) },
    .named("Vault's unseal key", "VAULT_UNSEAL_KEY") { $0.base64(33) },
    .named("Artifactory, identity", "ARTIFACTORY_TOKEN") { $0.letters(64) },
    .named("a service that nobody knows", "ZORBEX_KEY") { $0.letters(32) },
  ]

  private static let files: [Kind] = [
    .token("RSA key", "") { TestEncodings.pem("RSA " + "PRIVATE KEY", [0x30, 0x82, 4, 0xA2] + $0.bytes(1186)) },
    .token("EC key", "") { TestEncodings.pem("EC " + "PRIVATE KEY", [0x30, 0x77] + $0.bytes(119)) },
    .token("DSA key", "") { TestEncodings.pem("DSA " + "PRIVATE KEY", [0x30, 0x82, 3] + $0.bytes(700)) },
    .token("PKCS 8 key", "") {
      TestEncodings.pem(
        "PRIVATE" + " KEY", [0x30, 0x2E, 2, 1, 0, 0x30, 5, 6, 3, 0x2B, 0x65, 0x70, 4, 0x22, 4, 0x20] + $0.bytes(32))
    },
    .token("OpenSSH key", "") {
      TestEncodings.pem(
        "OPENSSH " + "PRIVATE KEY",
        Array(
          "openssh-key-v1\0\0\0\0\u{4}none\0\0\0\u{4}none\0\0\0\0\0\0\0\u{1}\0\0\0\u{33}\0\0\0\u{b}ssh-ed25519\0\0\0 "
            .utf8) + $0.bytes(200))
    },
    .token("OpenPGP key", "") {
      TestEncodings.pem("PGP PRIVATE" + " KEY BLOCK", $0.bytes(900), headers: "Version: 1\n\n")
    },
    .token("PuTTY key", "") {
      "PuTTY-User-"
        + "Key-File-3: ssh-ed25519\nEncryption: none\nComment: me\nPublic-Lines: 2\n\(TestEncodings.lines($0.base64(51)))\n"
        + "Private-Lines: 1\n\($0.base64(36))\nPrivate-MAC: \($0.hex(64))\n"
    },
    .token("age key", "") { "# created: 2026-01-01\n" + TestEncodings.bech32("age-secret-key-", $0.bytes(32)) + "\n" },
    .token("service account", "") {
      #"{"type": "service_account", "private_key": "#
        + TestEncodings.json(TestEncodings.pem("PRIVATE" + " KEY", [0x30, 0x82, 4, 0xBE] + $0.bytes(1214)))
        + #", "client_id": "1"}"# + "\n"
    },
    .token("netrc", "") { "machine api.wandb.ai\n  login user\n  password \($0.hex(40))\n" },
    .token("pgpass", "") { "db.internal:5432:churn:svc:" + $0.letters(14) + "\n" },
    .token("docker login", "") { random in
      let login = TestEncodings.base64(Array("ann:\(random.password())".utf8))
      return #"{"auths": {"registry.internal": {"auth": "\#(login)"}}}"# + "\n"
    },
    .token("kubeconfig", "") { random in
      let key = TestEncodings.pem("RSA " + "PRIVATE KEY", [0x30, 0x82, 4, 0xA2] + random.bytes(1186))
      return "users:\n- name: admin\n  user:\n    client-key-data: \(TestEncodings.base64(Array(key.utf8)))\n"
    },
    .token("Kaggle", "") { #"{"username":"ann","key":"\#($0.hex(32))"}"# + "\n" },
    .token("npmrc", "") { "//npm.internal/:_auth" + "Token=\($0.uuid().replacing("-", with: ""))\n" },
    .token("web key", "") {
      #"{"kty": "EC", "crv": "P-256", "x": "\#($0.url(43))", "y": "\#($0.url(43))", "d": "\#($0.url(43))"}"# + "\n"
    },
    .token("Bundler", "") { "BUNDLE_GEMS__INTERNAL__NET: \"ann:\($0.password())\"\n" },
    .token("FileZilla", "") { random in
      "<Server><Host>h</Host><Pass encoding=\"base64\">"
        + TestEncodings.base64(Array(random.password().utf8)) + "</Pass></Server>\n"
    },
    .token("Kubernetes Secret", "") { random in
      let value = TestEncodings.base64(Array(random.password().utf8))
      return "apiVersion: v1\nkind: Secret\ndata:\n  db-password: \(value)\n"
    },
  ]
}
