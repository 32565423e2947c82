/// The tokens of forges, clouds and services that have a form of their own, as documented by their providers and by secret
/// scanners.
enum TokenRules {
  static let all: [TokenRule] = forges + packages + clouds + models + messages + payments + infrastructure + work

  private static let forges: [TokenRule] =
    ["ghp_", "gho_", "ghu_", "ghs_", "ghr_"].map { TokenRule("\($0)<a36>", "a GitHub token", check: .base62) } + [
      TokenRule("ghs_<j100-1500>", "a GitHub token"), TokenRule("github_pat_<a22>_<a59>", "a GitHub token"),
      TokenRule("glpat-<j20-320>", "a GitLab token"), TokenRule("gldt-<w20-64>", "a GitLab deploy token"),
      TokenRule("glrt-<j20-320>", "a GitLab runner token"), TokenRule("glrtr-<j20-320>", "a GitLab runner token"),
      TokenRule("glcbt-<w20-80>", "a GitLab job token"), TokenRule("glptt-<h40>", "a GitLab trigger token"),
      TokenRule("glft-<j20-320>", "a GitLab feed token"), TokenRule("glsoat-<w20-64>", "a GitLab SCIM token"),
      TokenRule("glimt-<w20-64>", "a GitLab mail token"), TokenRule("glagent-<w50-64>", "a GitLab agent token"),
      TokenRule("gloas-<w64>", "a GitLab application secret"),
      TokenRule("glffct-<w20-64>", "a GitLab feature flag token"),
      TokenRule("glwt-<w20-64>", "a GitLab workspace token"),
      TokenRule("GR1348941<w20>", "a GitLab runner registration token"),
      TokenRule("ATBB<a24-40>", "a Bitbucket password"), TokenRule("ATCTT3<e60-300>", "a Bitbucket token"),
      TokenRule("ATATT3<e60-300>", "an Atlassian token"), TokenRule("<a76>AZDO<a4>", "an Azure DevOps token"),
      TokenRule("sgp_<a5-16>_<H40>", "a Sourcegraph token"), TokenRule("sgp_<H40>", "a Sourcegraph token"),
    ]

  private static let packages: [TokenRule] = [
    TokenRule("npm_<a36>", "an npm token", check: .base62), TokenRule("pypi-AgEIcHlwaS5vcmc<w50-1000>", "a PyPI token"),
    TokenRule("pypi-AgENdGVzdC5weXBpLm9yZw<w50-1000>", "a TestPyPI token"),
    TokenRule("rubygems_<h48>", "a RubyGems key"),
    TokenRule("oy2<l43>", "a NuGet key"), TokenRule("cio<a32>", "a crates.io token"),
    TokenRule("dckr_pat_<w27>", "a Docker token"), TokenRule("dckr_oat_<w27-40>", "a Docker token"),
    TokenRule("CLOJARS_<l60>", "a Clojars token"), TokenRule("AKCp<a69>", "an Artifactory key"),
    TokenRule("cmVmdGtuO<a55>", "an Artifactory token"),
  ]

  private static let clouds: [TokenRule] =
    ["AKIA", "ABIA", "ACCA"].map { TokenRule("\($0)<U16>", "an AWS access key", check: .filled) }
    + (0...9).map { TokenRule("<t3>\($0)Q~<t31-34>", "an Azure client secret") } + [
      TokenRule("ASIA<U16>", "an AWS session key", check: .filled),
      TokenRule("ABSK<B100-300>", "an Amazon Bedrock key"),
      TokenRule("bedrock-api-key-<e60-2000>", "an Amazon Bedrock key"),
      TokenRule("amzn.mws.<w36>", "an Amazon MWS token"),
      TokenRule("AIza<w35>", "a Google API key"), TokenRule("GOCSPX-<w28>", "a Google client secret"),
      TokenRule("ya29.<j40-2000>", "a Google access token"), TokenRule("1//0<w40-200>", "a Google refresh token"),
      TokenRule("<w11-22>:APA91b<w100-200>", "a Firebase key"),
      TokenRule("<b76>+ASt<B8>", "an Azure storage key"), TokenRule("<b42>+ACR<b6>", "an Azure registry password"),
      TokenRule("<b42>AzSe<b6>", "an Azure search key"), TokenRule("<a52>JQQJ99<a26>", "an Azure AI key"),
      TokenRule("dop_v1_<h64>", "a DigitalOcean token"), TokenRule("doo_v1_<h64>", "a DigitalOcean token"),
      TokenRule("dor_v1_<h64>", "a DigitalOcean token"), TokenRule("LTAI<a12-24>", "an Alibaba Cloud access key"),
      TokenRule("AKID<a32>", "a Tencent Cloud key"), TokenRule("AQVN<w35-40>", "a Yandex Cloud key"),
      TokenRule("y0_<w50-70>", "a Yandex token"), TokenRule("SCW<U17>", "a Scaleway access key"),
      TokenRule("cfut_<w44-60>", "a Cloudflare token"), TokenRule("cfat_<w44-60>", "a Cloudflare token"),
      TokenRule("cfk_<w44-60>", "a Cloudflare key"), TokenRule("v1.0-<h24>-<h146>", "a Cloudflare origin key"),
      TokenRule("v1.0-<h60-66>-<h120-132>-<h60-66>", "a Cloudflare service key"),
      TokenRule("HRKU-<w36-64>", "a Heroku key"), TokenRule("fo1_<w43>", "a Fly.io token"),
      TokenRule("fm2_<B100-2000>", "a Fly.io token"), TokenRule("fm1a_<B60-2000>", "a Fly.io token"),
      TokenRule("fm1r_<B60-2000>", "a Fly.io token"), TokenRule("nfp_<a36-44>", "a Netlify token"),
      TokenRule("sbp_<h40>", "a Supabase token"), TokenRule("sb_secret_<w20-60>", "a Supabase key"),
      TokenRule("pscale_tkn_<J32-64>", "a PlanetScale token"),
      TokenRule("pscale_pw_<J32-64>", "a PlanetScale password"),
      TokenRule("pscale_oauth_<J32-64>", "a PlanetScale token"), TokenRule("napi_<a40-80>", "a Neon key"),
      TokenRule("rnd_<a28-40>", "a Render key"), TokenRule("tskey-<w20-90>", "a Tailscale key"),
      TokenRule("sha256~<w43>", "an OpenShift token"),
    ]

  private static let models: [TokenRule] = [
    TokenRule("sk-proj-<w40-220>", "an OpenAI key"), TokenRule("sk-svcacct-<w40-220>", "an OpenAI key"),
    TokenRule("sk-admin-<w40-220>", "an OpenAI key"), TokenRule("sk-None-<w40-220>", "an OpenAI key"),
    TokenRule("sk-<a32-64>", "an OpenAI-style key"), TokenRule("sk-ant-<w60-140>", "an Anthropic key"),
    TokenRule("sk-or-v1-<h64>", "an OpenRouter key"), TokenRule("sk-lf-<w36>", "a Langfuse key"),
    TokenRule("hf_<a34-40>", "a Hugging Face token"), TokenRule("api_org_<a34>", "a Hugging Face token"),
    TokenRule("dapi<h32>", "a Databricks token"), TokenRule("dapi<h32>-<d1-2>", "a Databricks token"),
    TokenRule("dose<h32>", "a Databricks secret"), TokenRule("r8_<a37-40>", "a Replicate token"),
    TokenRule("gsk_<a48-56>", "a Groq key"), TokenRule("pplx-<a48-56>", "a Perplexity key"),
    TokenRule("xai-<a70-90>", "an xAI key"), TokenRule("tgp_v1_<w40-50>", "a Together key"),
    TokenRule("lsv2_pt_<h32>_<h10>", "a LangSmith key"), TokenRule("lsv2_sk_<h32>_<h10>", "a LangSmith key"),
    TokenRule("pcsk_<w50-90>", "a Pinecone key"), TokenRule("nvapi-<w60-70>", "an NVIDIA key"),
    TokenRule("jina_<a56-64>", "a Jina key"), TokenRule("tvly-<w28-60>", "a Tavily key"),
    TokenRule("csk-<l40-60>", "a Cerebras key"), TokenRule("KGAT_<h32>", "a Kaggle token"),
    TokenRule("llx-<a40-60>", "a LlamaCloud key"), TokenRule("rpa_<U40-50>", "a RunPod key"),
    TokenRule("wandb_v1_<w30-120>", "a Weights & Biases key"),
    TokenRule("fw_<a22-30>", "a Fireworks key", check: .near(["fireworks"])),
    TokenRule("pa-<w43>", "a Voyage key", check: .near(["voyage"])), TokenRule("sk_<h48>", "an ElevenLabs key"),
  ]

  private static let messages: [TokenRule] =
    ["xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxo-", "xoxe-", "xoxc-", "xoxd-"].map {
      TokenRule("\($0)<e20-300>", "a Slack token", check: .slack)
    } + [
      TokenRule("xoxe.xoxp-<w60-300>", "a Slack token"), TokenRule("xoxe.xoxb-<w60-300>", "a Slack token"),
      TokenRule("xapp-<d12>-<b24>", "a Slack token"), TokenRule("xapp-<d1>-<U8-14>-<d8-16>-<h40-80>", "a Slack token"),
      TokenRule("hooks.slack.com/services/T<U8-12>/B<U8-12>/<a20-30>", "a Slack webhook"),
      TokenRule("hooks.slack.com/workflows/T<U8-12>/A<U8-12>/<d12-22>/<a20-30>", "a Slack webhook"),
      TokenRule("hooks.slack.com/triggers/T<U8-12>/<d10-22>/<a20-40>", "a Slack webhook"),
      TokenRule("discord.com/api/webhooks/<d17-20>/<w60-90>", "a Discord webhook"),
      TokenRule("discordapp.com/api/webhooks/<d17-20>/<w60-90>", "a Discord webhook"),
      TokenRule(
        "webhook.office.com/webhookb2/<w36>@<w36>/IncomingWebhook/<l32>/<w36>", "a Teams webhook", check: .form),
      TokenRule("outlook.office.com/webhook/<w36>@<w36>/IncomingWebhook/<l32>/<w36>", "a Teams webhook", check: .form),
      TokenRule("<d8-10>:AA<w32-34>", "a Telegram bot token"), TokenRule("SG.<w20-24>.<w39-50>", "a SendGrid key"),
      TokenRule("key-<h32>", "a Mailgun key"), TokenRule("<h32>-us<d1-2>", "a Mailchimp key"),
      TokenRule("md-<w22>", "a Mandrill key", check: .near(["mandrill", "mailchimp"])),
      TokenRule("xkeysib-<h64>-<a16>", "a Brevo key"), TokenRule("xsmtpsib-<h64>-<a16>", "a Brevo key"),
      TokenRule("re_<a8>_<a22-26>", "a Resend key"),
    ] + "0123456789abcdef".map { TokenRule("SK\($0)<h31>", "a Twilio key") } + discordBots

  /// The first part is a number in base64, so there are few ways to begin it.
  private static let discordBots: [TokenRule] = "MNO".flatMap { first in
    "DTjz".flatMap { second in
      "AEIMQUYcgk".map { TokenRule("\(first)\(second)\($0)<w20-25>.<w6>.<w27-38>", "a Discord bot token") }
    }
  }

  private static let payments: [TokenRule] = [
    TokenRule("sk_live_<a24-120>", "a Stripe key"), TokenRule("rk_live_<a24-120>", "a Stripe key"),
    TokenRule("sk_test_<a24-120>", "a Stripe test key"), TokenRule("rk_test_<a24-120>", "a Stripe test key"),
    TokenRule("whsec_<B32-64>", "a webhook signing secret"), TokenRule("sq0atp-<w22>", "a Square token"),
    TokenRule("sq0csp-<w43>", "a Square secret"), TokenRule("EAAA<w56-64>", "a Square token", check: .near(["square"])),
    TokenRule("shpat_<H32>", "a Shopify token"), TokenRule("shpca_<H32>", "a Shopify token"),
    TokenRule("shppa_<H32>", "a Shopify password"), TokenRule("shpss_<H32>", "a Shopify secret"),
    TokenRule("access_token$production$<l16>$<h32>", "a Braintree token"),
    TokenRule("rzp_live_<a14-24>", "a Razorpay key"), TokenRule("rzp_test_<a14-24>", "a Razorpay test key"),
    TokenRule("FLWSECK-<H32>-X", "a Flutterwave key"), TokenRule("EZAK<a54>", "an EasyPost key"),
    TokenRule("EZTK<a54>", "an EasyPost test key"), TokenRule("FLWSECK_TEST-<H32>-X", "a Flutterwave test key"),
    TokenRule("access-production-<w36>", "a Plaid token"), TokenRule("access-development-<w36>", "a Plaid token"),
    TokenRule("access-sandbox-<w36>", "a Plaid test token"), TokenRule("sk_prod_<a24-120>", "a Stripe key"),
    TokenRule("rk_prod_<a24-120>", "a Stripe key"),
    TokenRule("live_<h35>", "a Lob key", check: .near(["lob"])),
    TokenRule("test_<h35>", "a Lob test key", check: .near(["lob"])),
    TokenRule("live_<e40>", "a GoCardless token", check: .near(["gocardless"])),
    TokenRule("shippo_live_<H40>", "a Shippo token"), TokenRule("shippo_test_<H40>", "a Shippo test token"),
  ]

  private static let infrastructure: [TokenRule] = [
    TokenRule("hvs.<w24-200>", "a Vault token"), TokenRule("hvb.<w24-400>", "a Vault token"),
    TokenRule("hvr.<w24-400>", "a Vault token"), TokenRule("<a14>.atlasv1.<w60-70>", "a Terraform token"),
    TokenRule("pul-<h40>", "a Pulumi token"), TokenRule("glsa_<a32>_<H8>", "a Grafana token", check: .grafana),
    TokenRule("glc_<B32-400>", "a Grafana Cloud token"),
    TokenRule("eyJrIjoi<B60-400>", "a Grafana key", check: .member("n")),
    TokenRule("NRAK-<U27>", "a New Relic key"), TokenRule("NRII-<w32>", "a New Relic key"),
    TokenRule("NRAA-<h27>", "a New Relic key"), TokenRule("<l36>NRAL", "a New Relic key"),
    TokenRule("<l36>FFFFNRAL", "a New Relic key"),
    TokenRule("sntrys_eyJ<e57-500>", "a Sentry token"), TokenRule("sntryu_<h64>", "a Sentry token"),
    TokenRule("dt0c01.<U24>.<U64>", "a Dynatrace token"), TokenRule("dt0s01.<U8-24>.<U64>", "a Dynatrace token"),
    TokenRule("hcaik_<a40-80>", "a Honeycomb key"), TokenRule("sqp_<h40>", "a SonarQube token"),
    TokenRule("squ_<h40>", "a SonarQube token"), TokenRule("sqa_<h40>", "a SonarQube token"),
    TokenRule("CCIPAT_<w40-90>", "a CircleCI token"), TokenRule("CCIPRJ_<w40-90>", "a CircleCI token"),
    TokenRule("bkua_<h40>", "a Buildkite token"), TokenRule("dp.pt.<a40-44>", "a Doppler token"),
    TokenRule("dp.st.<j40-90>", "a Doppler token"), TokenRule("dp.sa.<a40-44>", "a Doppler token"),
    TokenRule("dp.ct.<a40-44>", "a Doppler token"),
    TokenRule("dp.scim.<a40-44>", "a Doppler token"), TokenRule("dp.audit.<a40-44>", "a Doppler token"),
    TokenRule("Unseal Key <d1-2>: <B44-48>", "a Vault unseal key"), TokenRule("NRIQ-<w32>", "a New Relic key"),
    TokenRule("ops_eyJ<B200-2000>", "a 1Password token"),
    TokenRule("A3-<U6>-<U11>-<U5>-<U5>-<U5>", "a 1Password secret key"),
    TokenRule("A3-<U6>-<U6>-<U5>-<U5>-<U5>-<U5>", "a 1Password secret key"),
    TokenRule("pnu_<a36>", "a Prefect key"), TokenRule("dbtc_<w30-80>", "a dbt Cloud token"),
    TokenRule("dbtu_<w30-80>", "a dbt Cloud token"),
    TokenRule("ico-<a32>", "an Infracost key", check: .near(["infracost"])),
    TokenRule("tk-us-<w48>", "a Scalingo token"), TokenRule("pdus+<w20-60>", "a PagerDuty token"),
    TokenRule("pdeu+<w20-60>", "a PagerDuty token"),
    TokenRule("API-<U26>", "an Octopus Deploy key", check: .near(["octopus"])),
  ]

  private static let work: [TokenRule] = [
    TokenRule("PMAK-<h24>-<h34>", "a Postman key"), TokenRule("lin_api_<a40>", "a Linear key"),
    TokenRule("lin_oauth_<h64>", "a Linear token"), TokenRule("ntn_<a46>", "a Notion token"),
    TokenRule("secret_<a43>", "a Notion token"), TokenRule("figd_<w38-44>", "a Figma token"),
    TokenRule("pat<a14>.<h64>", "an Airtable token"), TokenRule("tfp_<t40-64>", "a Typeform token"),
    TokenRule("sl.<w100-200>", "a Dropbox token"), TokenRule("pat-na1-<w36>", "a HubSpot token"),
    TokenRule("pat-eu1-<w36>", "a HubSpot token"),
    TokenRule("pat-na2-<w36>", "a HubSpot token"), TokenRule("pat-na3-<w36>", "a HubSpot token"),
    TokenRule("pat-ap1-<w36>", "a HubSpot token"), TokenRule("CFPAT-<w43>", "a Contentful token"),
    TokenRule("sk.eyJ<j60-300>", "a Mapbox token"),
    TokenRule("EAA<a100-300>", "a Facebook token", check: .near(["facebook", "fb_", "meta", "instagram"])),
    TokenRule("EAAM<a120-400>", "a Facebook token"), TokenRule("EAAC<a120-400>", "a Facebook token"),
    TokenRule("aio_<a28>", "an Adafruit key"), TokenRule("odt_<a32-40>", "a Dependency-Track key"),
    TokenRule("00D<a12-15>!<j80-130>", "a Salesforce token"), TokenRule("rdme_<l70>", "a ReadMe key"),
    TokenRule("duffel_live_<e43>", "a Duffel token"), TokenRule("duffel_test_<e43>", "a Duffel test token"),
    TokenRule("fio-u-<e64>", "a Frame.io token"), TokenRule("p8e-<l32>", "an Adobe secret"),
    TokenRule("pk_<d5-10>_<U32>", "a ClickUp token"),
    TokenRule("sdk-<w36>", "a LaunchDarkly key", check: .near(["launchdarkly", "ld_sdk", "ld-sdk"])),
    TokenRule("api-<w36>", "a LaunchDarkly key", check: .near(["launchdarkly"])),
    TokenRule("live_<d8-10>_<a28-36>", "a Twitch stream key"), TokenRule("apify_api_<a36>", "an Apify token"),
    TokenRule("_gitlab_session=<a32>", "a GitLab session"), TokenRule("sm_pat_<a16>", "a SettleMint token"),
    TokenRule("sm_aat_<a16>", "a SettleMint token"), TokenRule("sm_sat_<a16>", "a SettleMint token"),
    TokenRule("pat.<w22>.<a24>.<a20>", "a Harness token"), TokenRule("sat.<w22>.<a24>.<a20>", "a Harness token"),
    TokenRule("thingsboard.cloud/api/v1/<a20>", "a ThingsBoard token"),
    TokenRule("infura.io/v3/<h32>", "an Infura key"), TokenRule("alchemyapi.io/v2/<w32>", "an Alchemy key"),
    TokenRule("alchemy.com/v2/<w32>", "an Alchemy key"), TokenRule("/hooks/<l26>", "a Mattermost webhook"),
    TokenRule("4b1d<a38>", "a ClickHouse key", check: .near(["clickhouse"])),
    TokenRule("phx_<a43-60>", "a PostHog key"),
    TokenRule("mdb_sa_sk_<w40>", "a MongoDB Atlas secret"),
    TokenRule("mergify_application_key_<w64-80>", "a Mergify key"),
    TokenRule("s-s4t2ud-<h64>", "a 42 intranet secret"), TokenRule("s-s4t2af-<h64>", "a 42 intranet secret"),
    TokenRule("flp_<a46>", "a Friendli token"), TokenRule("flb_live_<a20>", "a Fleetbase key"),
    TokenRule("cr-<h58>", "a CodeRabbit key"), TokenRule("key_<h64>", "a Cursor key"),
    TokenRule("nyk_<a64>", "a Nylas key"), TokenRule("pat_<a64>", "a Coze token", check: .near(["coze"])),
    TokenRule("pk_<h34>", "a Klaviyo key", check: .near(["klaviyo"])), TokenRule("<w36>_mmk", "a MaxMind key"),
    TokenRule("RGAPI-<w36>", "a Riot Games key"), TokenRule("key_<h28>", "a Retell key"),
    TokenRule("key_<h100-140>", "a Runway key"), TokenRule("live_<h32>", "a Scale key"),
    TokenRule("live_auth_<h32>", "a Scale key"), TokenRule("zpka_<h32>_<h8>", "a Zuplo key"),
    TokenRule("waka_<w36>", "a WakaTime key"),
    TokenRule("dnkey-<e26>-<e52>", "a Defined Networking key"), TokenRule("ion_<a42>", "an Ionic token"),
    TokenRule("t1.<e20-30>.<e86>", "a Yandex token"),
  ]
}
