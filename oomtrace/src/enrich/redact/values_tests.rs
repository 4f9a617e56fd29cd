use super::*;

#[test]
fn what_is_no_secret() {
    for value in [
        "",
        "true",
        "Off",
        "none",
        "$TOKEN",
        "${TOKEN}",
        "$(cat /run/pw)",
        "%PASSWORD%",
        "{{ .Values.pw }}",
        "<token>",
        "***",
        "xxxx",
        "/run/secrets/pw",
        "./pw.txt",
        "~/.pgpass",
        "server.key",
        "file:/etc/pw",
        "env:PW",
        "vault:secret/x",
        "arn:aws:secretsmanager:x",
        "[redacted]",
        "C:\\pw.txt",
        "/c.ini",
    ] {
        assert!(is_harmless(value.as_bytes()), "{value}");
    }
}

#[test]
fn what_may_be_one() {
    for value in [
        "hunter2",
        "/8fjA+kdQ",
        "$2y$10$abc",
        "${PW:-hunter2}",
        "password",
        "a b",
        "1234",
        "~hunter",
        "x!y",
        "#/etc/x",
    ] {
        assert!(!is_harmless(value.as_bytes()), "{value}");
    }
    assert!(!is_harmless(&[b'/'; 600]));
    assert!(!is_harmless(b"\xff"));
}

#[test]
fn made_up_values() {
    for value in ["0123456789abcdef", "AIzaSyA1234567890abc", "5a1f6c3e-1234-4567-89ab-0123456789ab"] {
        assert!(is_random(value.as_bytes()), "{value}");
    }
    for value in [
        "short1a",
        "only-letters-and-dashes",
        "/usr/lib/jvm/java-17/bin",
        "a.b.c.d.e.f.g.1.2",
        "1234567890123456",
    ] {
        assert!(!is_random(value.as_bytes()), "{value}");
    }
}

#[test]
fn schemes_and_tags() {
    assert_eq!(after_scheme(b"Bearer  x"), Some(8));
    assert_eq!(after_scheme(b"hunter x"), None);
    assert_eq!(after_scheme(b"Bearer"), None);
    assert!(
        is_tag(b"latest")
            && is_tag(b"v1.2-alpine")
            && is_tag(b"8080")
            && !is_tag(b"hunter2")
            && !is_tag(b"\xff")
    );
}
