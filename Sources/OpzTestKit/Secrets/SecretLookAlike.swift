/// A file that holds no secret, though something in it looks like one.
public struct SecretLookAlike: Sendable {
  public let name: String
  public let bytes: [UInt8]

  init(_ name: String, _ text: String) { self.init(name, Array(text.utf8)) }

  init(_ name: String, _ bytes: [UInt8]) {
    self.name = name
    self.bytes = bytes
  }

  /// Made by a seed, of the kinds that projects are full of, and the lines that manuals have.
  public static func all(seed: UInt64) -> [SecretLookAlike] {
    var random = SeededGenerator(seed: seed)
    return numbers(&random) + locks(&random) + data(&random) + documents(&random)
      + lines.enumerated().map { SecretLookAlike("line \($0): \($1.prefix(60))", $1 + "\n") }
      + lines.prefix(20).map { SecretLookAlike("in JSON: \($0.prefix(60))", "{\"text\": \(TestEncodings.json($0))}\n") }
  }

  // MARK: Numbers

  private static func numbers(_ random: inout SeededGenerator) -> [SecretLookAlike] {
    let hashes = [("md5", 32), ("sha1", 40), ("sha224", 56), ("sha256", 64), ("sha512", 128)]
    var all: [SecretLookAlike] = []
    for (name, length) in hashes {
      all.append(
        SecretLookAlike(
          "\(name) sums", (0..<5).map { _ in "\(random.hex(length))  weights-\(random.hex(3)).bin\n" }.joined()))
      all.append(
        SecretLookAlike(
          "\(name) in JSON", "{\"\(name)\": \"\(random.hex(length))\", \"digest\": \"\(name):\(random.hex(length))\"}\n"
        ))
      all.append(SecretLookAlike("\(name) in Python", "EXPECTED_\(name.uppercased()) = \"\(random.hex(length))\"\n"))
      all.append(
        SecretLookAlike(
          "\(name) of a key", "{\"cache_key\": \"\(random.hex(length))\", \"key\": \"\(random.hex(length))\"}\n"))
    }
    all += [
      SecretLookAlike("git log", (0..<8).map { _ in "\(random.hex(40)) Add a feature for the tokens\n" }.joined()),
      SecretLookAlike(
        "git commit in wandb's metadata",
        "{\"git\": {\"remote\": \"https://github.com/wandb/examples\", \"commit\": \"\(random.hex(40))\"}}\n"),
      SecretLookAlike("commit of gitea", "uses: gitea.internal/actions/checkout@\(random.hex(40)) # v4\n"),
      SecretLookAlike("image digests", "image: datadog/agent@sha256:\(random.hex(64))\n"),
      SecretLookAlike("UUIDs", (0..<6).map { _ in "\(random.uuid())\n" }.joined()),
      SecretLookAlike(
        "UUIDs in JSON",
        "{\"id\": \"\(random.uuid())\", \"run_id\": \"\(random.uuid())\", \"model_uuid\": \"\(random.hex(32))\"}\n"),
      SecretLookAlike(
        "MLflow's model",
        "artifact_path: model\nmodel_uuid: \(random.hex(32))\nrun_id: \(random.hex(32))\nmlflow_version: 3.1.0\n"),
      SecretLookAlike(
        "numbers",
        (0..<40).map { _ in
          "\(random.text(12, of: SeededGenerator.digits)),0.\(random.text(16, of: SeededGenerator.digits))\n"
        }.joined()),
      SecretLookAlike(
        "IDs in CSV",
        "customer,session\n" + (0..<40).map { _ in "\(random.letters(20)),\(random.letters(32))\n" }.joined()),
      SecretLookAlike(
        "hex IDs in CSV", "id,hash\n" + (0..<40).map { _ in "\(random.hex(24)),\(random.hex(40))\n" }.joined()),
      SecretLookAlike(
        "object IDs",
        (0..<5).map { _ in "{\"_id\": {\"$oid\": \"\(random.hex(24))\"}, \"etag\": \"\(random.hex(32))\"}\n" }.joined()),
      SecretLookAlike("ULIDs", (0..<5).map { _ in "01J\(random.capitals(23))\n" }.joined()),
      SecretLookAlike("colors", "a { color: #\(random.hex(6)); background: #\(random.hex(8)); }\n"),
      SecretLookAlike("etags", "ETag: \"\(random.hex(32))-8\"\nx-amz-request-id: \(random.capitals(16))\n"),
      SecretLookAlike("MAC and IPv6", "aa:bb:cc:dd:ee:ff 2001:db8:\(random.hex(4)):\(random.hex(4))::1\n"),
      SecretLookAlike("a wrong GitHub checksum by a word", "gh" + "p_thisTokenIsOnlyAnExampleOfOneXYZ12345\n"),
    ]
    return all
  }

  // MARK: Locks and lists of packages

  private static func locks(_ random: inout SeededGenerator) -> [SecretLookAlike] {
    func sha(_ random: inout SeededGenerator) -> String { "sha256:" + random.hex(64) }
    let names = [
      "numpy", "scikit-learn", "keyring", "tokenizers", "python-jose", "secretstorage", "oauthlib", "passlib",
    ]
    return [
      SecretLookAlike(
        "requirements with hashes",
        names.map { "\($0)==1.2.3 \\\n    --hash=\(sha(&random)) \\\n    --hash=\(sha(&random))\n" }.joined()),
      SecretLookAlike(
        "poetry.lock",
        names.map {
          "[[package]]\nname = \"\($0)\"\nfiles = [\n    {file = \"\($0)-1.whl\", hash = \"\(sha(&random))\"},\n]\n"
        }.joined() + "[metadata]\ncontent-hash = \"\(random.hex(64))\"\n"),
      SecretLookAlike(
        "uv.lock",
        names.map {
          "[[package]]\nname = \"\($0)\"\nsdist = { url = \"https://files.example/packages/\(random.hex(2))/\(random.hex(2))/\(random.hex(60))/\($0)-1.tar.gz\", hash = \"\(sha(&random))\", size = 1 }\n"
        }.joined()),
      SecretLookAlike(
        "Pipfile.lock",
        "{\"default\": {"
          + names.map { "\"\($0)\": {\"hashes\": [\"\(sha(&random))\"], \"version\": \"==1\"}" }.joined(separator: ", ")
          + "}}\n"),
      SecretLookAlike(
        "package-lock.json",
        names.map {
          "\"node_modules/\($0)\": {\"resolved\": \"https://registry.npmjs.org/\($0)/-/\($0)-1.tgz\", \"integrity\": \"sha512-\(random.base64(64))\"},\n"
        }.joined()),
      SecretLookAlike(
        "yarn.lock",
        names.map {
          "\($0)@^1.0.0:\n  resolved \"https://registry.yarnpkg.com/\($0)-1.tgz#\(random.hex(40))\"\n  integrity sha512-\(random.base64(64))\n"
        }.joined()),
      SecretLookAlike(
        "Cargo.lock", names.map { "[[package]]\nname = \"\($0)\"\nchecksum = \"\(random.hex(64))\"\n" }.joined()),
      SecretLookAlike("go.sum", names.map { "github.com/x/\($0) v1.0.0 h1:\(random.base64(32))\n" }.joined()),
      SecretLookAlike(
        "integrity attributes",
        "<script src=\"a.js\" integrity=\"sha384-\(random.base64(48))\" crossorigin=\"anonymous\"></script>\n"),
      SecretLookAlike(
        "a lock of Terraform",
        "provider \"registry.terraform.io/hashicorp/vault\" {\n  hashes = [\n    \"h1:\(random.base64(32))\",\n    \"zh:\(random.hex(64))\",\n  ]\n}\n"
      ),
      SecretLookAlike("RECORD of a wheel", names.map { "\($0)/__init__.py,sha256=\(random.url(43)),1234\n" }.joined()),
      SecretLookAlike(
        "conda's explicit list",
        names.map {
          "https://conda.anaconda.org/conda-forge/linux-64/\($0)-1-h\(random.hex(7))_0.conda#\(random.hex(32))\n"
        }.joined()),
    ]
  }

  // MARK: Data

  private static func data(_ random: inout SeededGenerator) -> [SecretLookAlike] {
    var merges = ""
    for _ in 0..<200 {
      merges += "\(random.text(2, of: SeededGenerator.lower)) \(random.text(3, of: SeededGenerator.lower))\n"
    }
    let words = [
      "token", "secret", "password", "sk-learn", "hf_hub", "api_key", "glpat", "ghp_", "Ġkey", "##auth", "npm_config",
      "AKIA", "xoxb", "Bearer",
    ]
    let vocabulary = words.enumerated().map { "\"\($1)\": \($0)" }.joined(separator: ", ")
    let floats = (0..<300).map { _ in "0.\(random.text(17, of: SeededGenerator.digits))" }.joined(separator: ", ")
    let png: [UInt8] =
      [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 0x0D] + Array("IHDR".utf8) + random.bytes(3000)
    let certificate = TestEncodings.pem("CERTIFICATE", [0x30, 0x82, 3, 1] + random.bytes(900))
    return [
      SecretLookAlike(
        "a tokenizer's vocabulary", "{\"model\": {\"type\": \"BPE\", \"vocab\": {\(vocabulary)}, \"merges\": []}}\n"),
      SecretLookAlike(
        "tokenizer_config.json",
        #"{"bos_token": "<s>", "eos_token": "</s>", "pad_token": "[PAD]", "unk_token": "<unk>", "cls_token": "[CLS]", "tokenizer_class": "LlamaTokenizer", "auth_token": null}"#
      ),
      SecretLookAlike(
        "added tokens",
        #"{"added_tokens": [{"id": 128000, "content": "<|begin_of_text|>", "special": true}, {"id": 1, "content": "<|reserved_special_token_247|>"}]}"#
      ),
      SecretLookAlike("merges", merges), SecretLookAlike("weights as text", "{\"weights\": [\(floats)]}\n"),
      SecretLookAlike("weights in base64", "{\"data\": \"\(random.base64(6000))\", \"dtype\": \"float32\"}\n"),
      SecretLookAlike("weights", random.bytes(200_000)),
      SecretLookAlike(
        "weights of 16 bits", (0..<40_000).flatMap { _ in [UInt8.random(in: 0...255, using: &random), 0x3C] }),
      SecretLookAlike(
        "tokens of 16 bits",
        (0..<40_000).flatMap { _ in
          [UInt8.random(in: 32...126, using: &random), UInt8.random(in: 0...1, using: &random)]
        }),
      SecretLookAlike(
        "letters of 16 bits", (0..<20_000).flatMap { _ in [UInt8.random(in: 33...126, using: &random), 0] }),
      SecretLookAlike("zeros", [UInt8](repeating: 0, count: 100_000)), SecretLookAlike("an image", png),
      SecretLookAlike(
        "an image in a notebook", "{\"outputs\": [{\"data\": {\"image/png\": \"\(TestEncodings.base64(png))\\n\"}}]}\n"),
      SecretLookAlike("an image in a page", "<img src=\"data:image/png;base64,\(TestEncodings.base64(png))\">\n"),
      SecretLookAlike("a font", "src: url(data:font/woff2;base64,d09GMgABAAAAA\(random.base64(900)))\n"),
      SecretLookAlike("a certificate", certificate), SecretLookAlike("certificates", certificate + certificate),
      SecretLookAlike(
        "a certificate in base64", "certificate-authority-data: \(TestEncodings.base64(Array(certificate.utf8)))\n"),
      SecretLookAlike("a public key", TestEncodings.pem("PUBLIC KEY", [0x30, 0x59] + random.bytes(89))),
      SecretLookAlike("an RSA public key", TestEncodings.pem("RSA PUBLIC KEY", [0x30, 0x82] + random.bytes(270))),
      SecretLookAlike("a public key of OpenPGP", TestEncodings.pem("PGP PUBLIC KEY BLOCK", random.bytes(800))),
      SecretLookAlike("a signature of OpenPGP", TestEncodings.pem("PGP SIGNATURE", random.bytes(300))),
      SecretLookAlike(
        "authorized_keys",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI\(random.letters(43)) ann@host\nssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ\(random.base64(250)) bob\n"
      ),
      SecretLookAlike(
        "known_hosts",
        "|1|\(random.base64(20))|\(random.base64(20)) ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI\(random.letters(43))\n"),
      SecretLookAlike("an age recipient", "age1\(random.text(58, of: "qpzry9x8gf2tvdw0s3jn54khce6mua7l"))\n"),
      SecretLookAlike(
        "a public web key",
        #"{"kty": "RSA", "use": "sig", "kid": "\#(random.url(20))", "e": "AQAB", "n": "\#(random.url(342))"}"#),
      SecretLookAlike("a public WireGuard key", "[Peer]\nPublicKey = \(random.base64(32))\nAllowedIPs = 10.0.0.0/8\n"),
      SecretLookAlike(
        "a DSSE envelope",
        "{\"payloadType\": \"application/vnd.in-toto+json\", \"payload\": \"\(TestEncodings.base64(Array("{\"_type\": \"https://in-toto.io/Statement/v1\"}".utf8)))\", \"signatures\": [{\"sig\": \"\(random.base64(70))\"}]}\n"
      ),
      SecretLookAlike("Sentry's public address", "SENTRY_DSN=https://\(random.hex(32))@o123.ingest.sentry.io/4501\n"),
      SecretLookAlike(
        "a publishable key",
        "pk" + "_live_\(random.letters(24))\nSTRIPE_PUBLISHABLE_KEY=pk" + "_test_\(random.letters(24))\n"),
      SecretLookAlike(
        "a hash of a password",
        "ann:$2y$10$\(random.letters(53))\npassword: \"$argon2id$v=19$m=65536,t=3,p=4$\(random.letters(22))$\(random.letters(43))\"\n"
      ),
      SecretLookAlike(
        "a hash of Django", "password = \"pbkdf2_sha256$720000$\(random.letters(22))$\(random.base64(32))\"\n"),
      SecretLookAlike(
        "an encrypted value",
        "db_password: ENC[AES256_GCM,data:\(random.base64(12)),iv:\(random.base64(12)),tag:\(random.base64(16)),type:str]\n"
      ),
      SecretLookAlike(
        "minified JavaScript",
        "!function(e,t){var n=e.token||t.secret,r=e.password;return n&&r?a(n,{apiKey:i.apiKey,key:o.key}):u(\"auth\")}(window,{secretKey:void 0,token:null});var Ab3dEf9hIjK1=function(){return\"sk-\"+a};\n"
      ),
      SecretLookAlike(
        "a source map",
        "{\"version\":3,\"mappings\":\"AAAA,SAASA,cAAc,GAAG;EACtB,OAAO,CAAC,CAAC;AACb;\(random.letters(300))\"}\n"),
      SecretLookAlike(
        "a tree of XGBoost",
        "{\"learner\": {\"gradient_booster\": {\"model\": {\"trees\": [{\"base_weights\": [\(floats)], \"split_indices\": [1, 2, 3]}]}}}}\n"
      ),
      SecretLookAlike("sentences of DNA", (0..<30).map { _ in random.text(60, of: "ACGT") + "\n" }.joined()),
      SecretLookAlike("proteins", (0..<30).map { _ in random.text(60, of: "ACDEFGHIKLMNPQRSTVWY") + "\n" }.joined()),
      SecretLookAlike("SMILES", "CC(=O)Oc1ccccc1C(=O)O\nCN1C=NC2=C1C(=O)N(C(=O)N2C)C\n"),
    ]
  }

  // MARK: Documents

  private static func documents(_ random: inout SeededGenerator) -> [SecretLookAlike] {
    func part(_ text: String) -> String { TestEncodings.base64(Array(text.utf8), url: true) }
    let unsigned = part(#"{"alg":"none"}"#) + "." + part(#"{"sub":"1"}"#) + "."
    return [
      SecretLookAlike("an unsigned web token", "token=\(unsigned)\n"),
      SecretLookAlike(
        "what looks like a web token",
        "eyJ" + random.letters(30) + "." + random.letters(40) + "." + random.letters(43) + "\n"),
      SecretLookAlike("JSON in base64", "state=\(part(#"{"page": 3, "sort": "name", "filter": "churn"}"#))\n"),
      SecretLookAlike(
        "a cursor", "{\"next_page_token\": \"\(random.base64(48))\", \"pageToken\": \"\(random.url(40))\"}\n"),
      SecretLookAlike(
        "an anonymous key",
        "NEXT_PUBLIC_SUPABASE_ANON_KEY=" + part(#"{"alg":"HS256","typ":"JWT"}"#) + "."
          + part(#"{"iss":"supabase","role":"anon"}"#) + "." + random.url(43) + "\n"),
      SecretLookAlike(
        "a manifest's digest",
        "{\"config\": {\"digest\": \"sha256:\(random.hex(64))\"}, \"annotations\": {\"secret\": \"none\"}}\n"),
      SecretLookAlike(
        "references to secrets",
        "env:\n- name: DB_PASSWORD\n  valueFrom: {secretKeyRef: {name: db-\(random.hex(5)), key: password}}\n- name: TOKEN_FILE\n  value: /var/run/secrets/\(random.hex(8))/token\n"
      ),
      SecretLookAlike(
        "a path of Vault", "api_key: vault:secret/data/churn/production#api_key\ntoken: \"{{ vault_token }}\"\n"),
      SecretLookAlike(
        "a name in a secret manager",
        "DB_PASSWORD_SECRET=projects/churn-prod/secrets/db-password/versions/latest\nSECRET_ARN=arn:aws:secretsmanager:eu-west-1:123456789012:secret:churn-\(random.letters(6))\n"
      ),
    ]
  }

  /// What manuals, templates and code say.
  private static let lines = [
    "AWS_ACCESS_KEY_ID=AKIA" + "IOSFODNN7EXAMPLE", "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "OPENAI_API_KEY=sk-your-api-key-goes-here-1234567890abcdef",
    "OPENAI_API_KEY=sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "export HF_TOKEN=hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "HF_TOKEN=hf_" + "thisIsJustAPlaceholderForYourTokens",
    "token = \"hf_...\"",
    "GITHUB_TOKEN=ghp_" + "XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
    "GITHUB_TOKEN=ghp_" + "abcdefghijklmnopqrstuvwxyz0123456789",
    "GITLAB_TOKEN=glpat-your-access-token-here", "GITLAB_TOKEN=glpat-" + "xxxxxxxxxxxxxxxxxxxx",
    "SLACK_BOT_TOKEN=xoxb-your-slack-bot-token-goes-here",
    "SLACK=xoxb-" + "000000000000-0000000000000-xxxxxxxxxxxxxxxxxxxxxxxx",
    "https://hooks.slack.com/services/" + "T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
    "stripe.api_key = 'sk_" + "test_4eC39HqLyjWDarjtT1zdp7dc'",
    "STRIPE_KEY=sk_" + "live_xxxxxxxxxxxxxxxxxxxxxxxx", "NPM_TOKEN=npm_" + "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "npm_config_registry=https://npm.internal/",
    "ANTHROPIC_API_KEY=sk-ant-api03-your-key-here-this-is-only-a-placeholder-for-the-documentation-of-this-package-AA",
    "DATABRICKS_TOKEN=dapi" + "00000000000000000000000000000000",
    "DATABRICKS_TOKEN=dapi" + "0123456789abcdef0123456789abcdef", "postgresql://user:password@localhost:5432/db",
    "postgres://postgres:postgres@db:5432/app", "DATABASE_URL=postgresql://${DB_USER}:${DB_PASSWORD}@${DB_HOST}/churn",
    "mysql://root:root@127.0.0.1/test",
    "mongodb+srv://<username>:<password>@cluster0.mongodb.net", "amqp://guest:guest@rabbitmq:5672//",
    "redis://:password@cache:6379", "https://user:pass@example.com/simple",
    "https://username:token@github.com/org/repo.git", "ssh://git@github.com:22/org/repo.git",
    "f\"postgresql://{user}:{password}@{host}\"", "http://user:%s@host/",
    "password: changeme", "password = \"password\"", "password: \"your-password-here\"", "PASSWORD=<your password>",
    "DB_PASSWORD=${DB_PASSWORD}", "DB_PASSWORD=$(cat /run/secrets/db)",
    "password = os.environ[\"DB_PASSWORD\"]", "password = getpass.getpass()", "password: str = Field(...)",
    "password: Optional[str] = None", "def login(user, password, token=None):",
    "parser.add_argument(\"--password\", default=\"\", help=\"the password of the database\")",
    "if password == confirmation_password:", "self.token = token_provider.get_token(scope)",
    "token = tokenizer.convert_tokens_to_ids(text)", "tokens = [101, 2023, 2003, 102]",
    "token_type_ids = inputs[\"token_type_ids\"]", "secret = client.secrets.get(\"churn\")",
    "api_key = settings.OPENAI_API_KEY", "api_key=api_key", "apiKey: process.env.API_KEY", "\"api_key\": \"<API_KEY>\"",
    "api_key: YOUR_API_KEY_GOES_HERE", "API_KEY=your_api_key_here_1234", "API_KEY=xxxxxxxxxxxxxxxxxxxx",
    "SECRET_KEY=change-me-in-production-please", "SECRET_KEY = get_random_secret_key()",
    "secret_name = \"churn-database-credentials\"", "secretName: churn-tls-certificate-2026",
    "client_secret: {{ .Values.oauth.clientSecret }}", "auth: {type: basic, realm: models}",
    "Authorization: Bearer <token>", "Authorization: Bearer $TOKEN",
    "Authorization: Bearer YOUR_ACCESS_TOKEN_GOES_HERE", "Authorization: Basic <base64(user:password)>",
    "headers = {\"Authorization\": f\"Bearer {token}\"}", "-H \"Authorization: token ${GITHUB_TOKEN}\"",
    "curl -u user:password https://example.com", "primary_key: customer_id_2024_v2",
    "sort_key = [\"customer\", \"month\"]",
    "public_key = \"cosign.pub\"", "key = \"feature_importance_gain_v2\"",
    "keyboard_layout_identifier_2024 = \"qwertz-de-latin1-nodeadkeys\"", "monkey_patch_compatibility_mode=true",
    "author = \"Ann Example\"",
    "authors: [\"ann@example.com\"]", "authority: https://login.microsoftonline.com/common",
    "accessKeyId: AKIA..., secretAccessKey: ...", "-----BEGIN RSA PRIVATE " + "KEY-----",
    "-----BEGIN PRIVATE " + "KEY-----\n...\n-----END PRIVATE " + "KEY-----",
    "if line.startswith(\"-----BEGIN OPENSSH PRIVATE "
      + "KEY-----\"): raise ValueError(\"a key does not belong into this file at all\")",
    "the file begins with -----BEGIN PRIVATE " + "KEY----- and ends with -----END PRIVATE "
      + "KEY-----, as every file of the kind does",
    "machine api.wandb.ai login user password <your key>", "# machine HOST login USER password PASSWORD",
    "machine learning models have a login page and a password field", "localhost:5432:postgres:postgres:postgres",
    "hostname:port:database:username:password",
    "sk-learn-contrib-estimators-and-transformers",
    "from sklearn.preprocessing import StandardScaler as sk_standard_scaler",
    "risk-management-and-compliance-for-models", "task-specific-adapters-for-language-models-2024",
    "desk-and-chair-classification-dataset-v2",
    "hf_transformers_compatible_model_revision",
    "hf_hub_download(repo_id=\"org/model\", filename=\"model.safetensors\")",
    "npm_package_config_something_that_is_long", "key-value-store-of-the-features-of-customers",
    "AKIAK is a place in Alaska", "ASIAN_DEVELOPMENT_BANK_DATA",
    "eyJ is how the base64 of a brace begins", "xoxo, gossip-girl-season-one-episode-two-recap",
    "pul-monary-function-tests-of-the-patients", "dapivirine-ring-study-of-the-network-2019",
    "glc_transformation_of_the_covariates", "SG.models.transformers.encoder-and-decoder-blocks",
    "s.startswith(\"vault\")", "vault kv get secret/churn", "shpat_<token>", "ghp_<36 characters>",
    "pattern: ghp_[0-9a-zA-Z]{36}", "regex = r\"AKIA[0-9A-Z]{16}\"",
    "(?i)aws_secret_access_key\\s*=\\s*[A-Za-z0-9/+=]{40}", "AccountKey=<account-key>;EndpointSuffix=core.windows.net",
    "AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
    "DefaultEndpointsProtocol=https;AccountName=churn;AccountKey=${KEY}",
    "InstrumentationKey=6f2b8d0c-3a51-4e0f-9c3e-0d1b2a3c4d5e",
    "wandb: Run data is saved locally in wandb/run-20261128_120000-a1b2c3d4",
    "wandb login --relogin", "WANDB_API_KEY=<your-wandb-key>", "WANDB_PROJECT=churn-2026-experiments-for-tokens",
    "COMET_API_KEY=your-comet-api-key-goes-here",
    "kaggle.json: {\"username\": \"YOUR_USERNAME\", \"key\": \"YOUR_KEY\"}",
    "TELEGRAM_TOKEN=123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11", "sonar.projectKey=org.example:churn-service",
    "heroku create churn-staging-01234567", "okta: https://dev-123456.okta.com/oauth2/default",
    "datadog: {site: datadoghq.eu, service: churn-model-serving-api}", "max_tokens=4096, stop_token=\"<|im_end|>\"",
    "\"pad_token_id\": 50256, \"eos_token_id\": [128001, 128009]", "passthrough = \"remainder-of-the-columns-v2\"",
    "compass_direction = \"north-north-west-2.5deg\"", "password_min_length: 12",
    "password_policy = \"at-least-12-characters-and-1-digit\"", "password_hash_algorithm = \"pbkdf2_sha256\"",
    "token_endpoint_auth_method: client_secret_basic", "grant_type=urn:ietf:params:oauth:grant-type:token-exchange",
    "AGE-SECRET-KEY-1" + "XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
    "api_key = \"test-api-key-for-unit-tests\"", "TEST_TOKEN = \"dummy-token-for-tests-0001\"",
    "fake_api_key = \"fake-0123-4567-89ab-cdef\"", "token: \"not-a-real-token-1234567890\"",
    "jwt_secret: \"replace-me-with-a-long-random-string\"",
    "\"license_key\": \"apache-2-clause-views-2019\"", "\"license_key\": \"BSD-3-Clause-LBNL\"",
    "\"license_key\": \"microchip-enc28j60-2009\"", "keyVaultToStoreSecrets: cmp2-qat-1208358310",
    "--set global.licenseKey=a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6q7r8",
    "apiKey=px-api-a1b2c3d4-e5f6-g7h8-i8j0-k0l3m3n4o0p5",
    "OP_SERVICE_ACCOUNT_TOKEN=ops_eyJzaWduSW5BZGRyZXNzIjoiaHR0cHM6...",
    "REG_NAME_PAT = r\"(?:[^\\[\\]%:/?#]|%[a-fA-F0-9]{2})*\"", "TOKEN_PAT = r\"[A-Za-z0-9_.-]{20,64}\"",
    "<img src=\"/media/box.ico-7a388b69018576d24b59331fd60aab0c.png\">",
    "curl -u \"$USER:$PASSWORD\" https://example.com", "curl -u <user>:<password> https://example.com",
    "curl --user ${LOGIN} https://example.com", "docker login -u ann -p $TOKEN registry.internal",
    "docker login -u ann --password-stdin registry.internal", "sshpass -p \"$SSHPASS\" ssh host",
    "mysql -u root -p churn",
    "mysql --port=3306 -proto tcp", "redis-cli -a $REDIS_PASSWORD ping", "requests.get(url, auth=(\"user\", \"pass\"))",
    "requests.get(url, auth=(user, password))", "new NetworkCredential(userName, password)",
    "new NetworkCredential(\"user\", \"password\")", "jdbc:oracle:thin:@db.internal:1521/churn",
    "jdbc:oracle:thin:scott/tiger@db.internal:1521/churn", "var token string = os.Getenv(\"TOKEN\")",
    "<password>\n  ${db.password}\n</password>", "BUNDLE_GEMS__INTERNAL__NET: username:password",
    "BUNDLE_PATH: vendor/bundle", "\"uuid\": \"heroku-01234567-89ab-cdef-0123-456789abcdef\"",
    "xoxp-572370529330-573807301142-572331691188-####################",
    "amqp://app:$PASSWORD@broker.internal:5672/production",
  ]
}
