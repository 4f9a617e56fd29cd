//! Names that the kernel keeps as bytes, made into text without losing any.

use serde::{Deserialize, Serialize};

/// A name from the kernel: text, with the bytes in hex where they were not UTF-8.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(from = "TextForm", into = "TextForm")]
pub struct Text {
    /// The bytes as they are.
    bytes: Vec<u8>,
}

/// How a [`Text`] is written: a plain string when it is UTF-8, else the lossy text with the bytes in hex.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
enum TextForm {
    /// UTF-8.
    Plain(String),
    /// Not UTF-8.
    Hex {
        /// Text with U+FFFD where bytes were not UTF-8.
        lossy: String,
        /// All bytes in lower-case hex.
        hex: String,
    },
}

impl Text {
    /// Takes the bytes as they are, without any NUL handling.
    #[must_use]
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self { bytes: bytes.into() }
    }

    /// Takes the bytes up to the first NUL.
    #[must_use]
    pub fn until_nul(bytes: &[u8]) -> Self {
        let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
        Self::new(&bytes[..end])
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The text, with U+FFFD for what is not UTF-8. Still hostile: escape it for the output it goes to.
    #[must_use]
    pub fn lossy(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::new(text.as_bytes())
    }
}

impl From<Text> for TextForm {
    fn from(text: Text) -> Self {
        match String::from_utf8(text.bytes) {
            Ok(plain) => Self::Plain(plain),
            Err(bad) => Self::Hex {
                lossy: String::from_utf8_lossy(bad.as_bytes()).into_owned(),
                hex: bad.as_bytes().iter().map(|b| format!("{b:02x}")).collect(),
            },
        }
    }
}

impl From<TextForm> for Text {
    fn from(form: TextForm) -> Self {
        match form {
            TextForm::Plain(plain) => Self::new(plain),
            TextForm::Hex { lossy, hex } => Self::new(from_hex(&hex).unwrap_or(lossy.into_bytes())),
        }
    }
}

/// Bytes of lower- or upper-case hex; `None` when it is not hex.
fn from_hex(hex: &str) -> Option<Vec<u8>> {
    if !hex.len().is_multiple_of(2) {
        return None;
    }
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf8_is_a_plain_string() {
        let json = serde_json::to_string(&Text::from("a\nb")).unwrap();
        assert_eq!(json, r#""a\nb""#);
        assert_eq!(serde_json::from_str::<Text>(&json).unwrap(), Text::from("a\nb"));
    }

    #[test]
    fn other_bytes_survive_in_hex() {
        let text = Text::new(vec![0x61, 0xff, 0x62]);
        let json = serde_json::to_string(&text).unwrap();
        assert!(json.contains("61ff62"), "{json}");
        assert_eq!(serde_json::from_str::<Text>(&json).unwrap(), text);
    }

    #[test]
    fn stops_at_nul() {
        assert_eq!(Text::until_nul(b"sh\0\0"), Text::from("sh"));
        assert_eq!(Text::until_nul(b"full"), Text::from("full"));
    }
}
