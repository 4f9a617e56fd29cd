use super::super::redact;

#[track_caller]
fn one(text: &str, expected: &str) {
    let out = redact(&[b"app".to_vec(), text.as_bytes().to_vec()]).pop().unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn notations() {
    one(r#"$cfg = ["password" => "x1"];"#, r#"$cfg = ["password" => "[redacted]"];"#);
    one(r#"setenv("API_TOKEN", "x1")"#, r#"setenv("API_TOKEN", "[redacted]")"#);
    one("<a><password>x1</password></a>", "<a><password>[redacted]</password></a>");
    one(r#"<add name="x" password="x1"/>"#, r#"<add name="x" password="[redacted]"/>"#);
    one("a: b\npassword: x1 y1\nc: d", "a: b\npassword: [redacted]\nc: d");
    one(r#"{\"password\": \"x1\", \"n\": 1}"#, r#"{\"password\": \"[redacted]\", \"n\": 1}"#);
    one("Uid=bob;Pwd={a;b};Database=d", "Uid=bob;Pwd={[redacted]};Database=d");
    one("PRAGMA key = 'x1'", "PRAGMA key = '[redacted]'");
    one("https://h/?a=1&Signature=x1#top", "https://h/?a=1&Signature=[redacted]#top");
    one("${DB_PASSWORD:-x1}", "${DB_PASSWORD:-[redacted]}");
    one(r"[Interface]\nPrivateKey = x1\nA = b", r"[Interface]\nPrivateKey = [redacted]\nA = b");
}

#[test]
fn what_only_looks_like_one() {
    for text in [
        "pip install keyring==1.2",
        "a.auth::Token",
        "app.auth:api",
        "auth:8080",
        "token: $TOKEN",
        "getpass.getpass(\"Password: \")",
        "select password_hash from users",
        "if [ -z \"$TOKEN\" ]; then exit 1; fi",
        "password=",
        "password=''",
        "x.token(a)",
        "std::auth::token::Kind",
        "jq .data.password",
        "s/password=//",
        "the token: it expires",
    ] {
        one(text, text);
    }
}
