use super::*;

#[test]
fn secrets_by_name() {
    for name in [
        "--password",
        "-password",
        "PGPASSWORD",
        "MYSQL_ROOT_PASSWORD",
        "spring.datasource.password",
        "dbPassword",
        "--api-key",
        "apikey",
        "X-Api-Key",
        "apiKey",
        "--accesskey",
        "AWS_SECRET_ACCESS_KEY",
        "Authorization",
        "--db-pass",
        "http_cookie",
        "clientSecret",
        "--private-key",
        "GITHUB_TOKEN",
        "requirepass_pw",
        "--dbpwd",
        "AccountKey",
        "SharedAccessKey",
        "sig",
        "storepass",
        "bindpw",
        "setcookie",
        "--pass-phrase",
        "password2",
        "fs.azure.account.key.host.example.net",
        "-Ptoken",
    ] {
        assert_eq!(holds(name.as_bytes()), Holds::Secret, "{name}");
    }
    for name in ["--auth", "basic-auth", "--creds", "-Dbasicauth", "proxyauth"] {
        assert_eq!(holds(name.as_bytes()), Holds::Login, "{name}");
    }
    for name in ["AWS_ACCESS_KEY_ID", "--key", "secret_id", "salt", "sonar.login", "--user-pin"] {
        assert_eq!(holds(name.as_bytes()), Holds::Perhaps, "{name}");
    }
}

#[test]
fn other_names() {
    for name in [
        "",
        "-",
        "--author",
        "--compass",
        "--port",
        "--keyspace",
        "--password-file",
        "--token-ttl",
        "--passwordFile",
        "--bypass",
        "authentik",
        "--auth-mode",
        "--max-tokens",
        "--tokenizer",
        "--eos-token",
        "--render-pass",
        "primary-key",
        "--no-password",
        "--secret-name",
        "--cookie-domain",
        "--passthrough",
        "secretary",
        "--auth-no-challenge",
        "existingSecret",
        "passwordeval",
    ] {
        assert_eq!(holds(name.as_bytes()), Holds::Nothing, "{name}");
    }
}

#[test]
fn no_word_is_in_two_lists_that_contradict_each_other() {
    for word in SECRET_KEYS.iter() {
        assert!(!OTHER_KEYS.has(word), "{word}");
    }
    for word in WORDS.iter().chain(LOGINS.iter().copied()) {
        assert!(!QUALIFIERS.has(word), "{word}");
    }
}
