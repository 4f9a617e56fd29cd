use super::super::redact;

#[track_caller]
fn one(text: &str, expected: &str) {
    let out = redact(&[b"app".to_vec(), text.as_bytes().to_vec()]).pop().unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn lists_of_secrets() {
    one(r#"{"passwords":["a1b","c2d"],"h":"x"}"#, r#"{"passwords":["[redacted]","[redacted]"],"h":"x"}"#);
    one(r#"{"api_keys": ["a1b", "c2d"]}"#, r#"{"api_keys": ["[redacted]", "[redacted]"]}"#);
    one(r#"{"secrets": ["Hunter22"]}"#, r#"{"secrets": ["[redacted]"]}"#);
    one(r#"{"tokens":["tok1Abc9"]}"#, r#"{"tokens":["[redacted]"]}"#);
    one(r#"{"dbPasswords":["a1b"]}"#, r#"{"dbPasswords":["[redacted]"]}"#);
    one("passwords = ['a1b', 'c2d']", "passwords = ['[redacted]', '[redacted]']");
    one("passwords: [a1b, c2d]", "passwords: [[redacted], [redacted]]");
    one(r#"{"password": ["a1b"]}"#, r#"{"password": ["[redacted]"]}"#);
    one(r#"{\"passwords\":[\"a1b\"]}"#, r#"{\"passwords\":[\"[redacted]\"]}"#);
    one("--passphrases=['a1b']", "--passphrases=['[redacted]']");
}

#[test]
fn lists_of_something_else() {
    for text in [
        r#"{"tokens":["the","quick","fox"]}"#,
        r#"{"secrets":["db-login","tls"]}"#,
        r#"{"hosts":["a1b","c2d"]}"#,
        r#"{"max_tokens":[128,256]}"#,
        r#"{"keys":["id","name"]}"#,
        r#"{"passwords":[]}"#,
        r#"{"password_files":["a1b"]}"#,
        r#"{"secrets":[{"name":"db-1A"}]}"#,
    ] {
        one(text, text);
    }
}
