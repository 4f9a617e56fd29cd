use sha2::{Digest as _, Sha256};

use super::*;
use crate::model::{Incident, Text, Victim};

#[test]
fn the_policy_allows_this_style_sheet_and_no_other() {
    let digest = Sha256::digest(STYLE.as_bytes());
    assert_eq!(STYLE_HASH, format!("sha256-{}", base64(&digest)), "STYLE_HASH has to be the right one");
}

/// As RFC 4648 has it.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let bits =
            chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for at in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * at) & 63) as usize];
            out.push(if at <= chunk.len() { digit as char } else { '=' });
        }
    }
    out
}

#[test]
fn base64_as_everybody_writes_it() {
    assert_eq!(
        ["f", "fo", "foo", "foobar"].map(|text| base64(text.as_bytes())),
        ["Zg==", "Zm8=", "Zm9v", "Zm9vYmFy"]
    );
}

#[test]
fn a_page_has_no_script_no_style_attribute_and_no_address() {
    let comm = Text::from("</title><script>alert(1)</script>\u{202e}");
    let victims = vec![Victim { comm, pid: 7, ..Victim::default() }];
    let kill = Incident { victims, ..Incident::default() };
    let page = document(&[Evidence { name: "<a>".into(), incidents: vec![kill], ..Evidence::default() }]);
    for forbidden in
        ["<script", " style=", "http:", "https:", "src=", "@import", "url(", " onclick", "\u{202e}"]
    {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    assert_eq!(page.matches("</title>").count(), 1);
    assert!(page.contains("&lt;/title&gt;&lt;script&gt;alert(1)"), "{page}");
}

#[test]
fn an_empty_stream_is_a_page_too() {
    let page = document(&[Evidence::default()]);
    assert!(page.contains("unknown"), "{page}");
}
