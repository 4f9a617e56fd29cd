use super::super::redact;

fn one(text: &str) -> String {
    String::from_utf8(redact(&[b"app".to_vec(), text.as_bytes().to_vec()]).pop().unwrap()).unwrap()
}

#[test]
fn logins_without_a_scheme() {
    assert_eq!(one("root:hunter2@tcp(db:3306)/shop"), "root:[redacted]@tcp(db:3306)/shop");
    assert_eq!(one("corp/bob:Hunter2!@10.0.0.1"), "corp/bob:[redacted]@10.0.0.1");
    assert_eq!(one("jdbc:oracle:thin:scott/tiger@h:1521:x"), "jdbc:oracle:thin:scott/[redacted]@h:1521:x");
    assert_eq!(one(":pserver:bob:hunter2@h:/cvs"), ":pserver:bob:[redacted]@h:/cvs");
    for text in [
        "git@github.com:a/b",
        "mailto:a@b.c",
        "npm:pkg@1.2",
        "img:1.2@sha256:0123",
        "host:5432@x",
        "a@b:c",
        "registry/a:1.2@sha256:00",
        "bob:$PW@h",
    ] {
        assert_eq!(one(text), text);
    }
}

#[test]
fn who_is_the_secret() {
    assert_eq!(
        one("https://ghtoken0123456789abcdef:x-oauth-basic@h/a"),
        "https://[redacted]:x-oauth-basic@h/a"
    );
    assert_eq!(one("https://bob:@h/"), "https://bob:@h/");
    assert_eq!(one("https://$USER:$PASS@h/"), "https://$USER:$PASS@h/");
    assert_eq!(one("http://[::1]:80/a@b"), "http://[::1]:80/a@b");
    assert_eq!(one("https://h/a:b@c"), "https://h/a:b@c");
}
