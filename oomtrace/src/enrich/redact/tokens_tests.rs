use super::super::redact;
use super::SHAPES;
use crate::enrich::redact::vendors::Alphabet;

fn one(text: &str) -> String {
    String::from_utf8(redact(&[b"app".to_vec(), text.as_bytes().to_vec()]).pop().unwrap()).unwrap()
}

#[test]
fn each_shape_is_found_in_a_word_of_its_own_and_in_a_text() {
    for shape in SHAPES {
        let body = match shape.of {
            Alphabet::Hex => "0a1b2c3d",
            _ => "0A1b2C3d",
        };
        let token = format!("{}{}", shape.begins, body.repeat(shape.more / 8 + 1));
        assert_eq!(one(&token), "[redacted]", "{token}");
        assert_eq!(one(&format!("a \"{token}\" b")), "a \"[redacted]\" b", "{token}");
        // A name that begins like that is none.
        let name = format!("{}some-name", shape.begins);
        assert_eq!(one(&name), name);
    }
}

#[test]
fn keys_in_pem() {
    one("-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----").find("MIIC").unwrap();
    assert_eq!(
        one("x -----BEGIN EC PRIVATE KEY-----\\nMIIC\\n-----END EC PRIVATE KEY----- y"),
        "x [redacted] y"
    );
    assert_eq!(one("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn"), "[redacted]");
    assert_eq!(
        one("-----BEGIN PGP PRIVATE KEY BLOCK-----\nxx\n-----END PGP PRIVATE KEY BLOCK-----"),
        "[redacted]"
    );
}

#[test]
fn addresses_of_hooks() {
    assert_eq!(
        one("https://hooks.slack.com/services/T0/B0/x?y=1"),
        "https://hooks.slack.com/services/[redacted]?y=1"
    );
}
