//! HTML, SVG and XML that names from traced programs can't break out of: all text goes through one door.
//!
//! Names of elements and attributes are `'static`, so that only this program's source can choose them. Text is made visible
//! first (`escape`: no control characters, no bidirectional ones), then `& < > " '` are escaped, in text and in attributes.

use crate::words::escape;

/// Markup as it is written.
#[derive(Debug, Default)]
pub(super) struct Markup {
    out: String,
}

/// An attribute.
pub(super) type Attribute<'a> = (&'static str, &'a str);

impl Markup {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Bytes so far.
    pub(super) fn len(&self) -> usize {
        self.out.len()
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    /// What is in the source of this program, as it is: a doctype, a style sheet.
    pub(super) fn own(&mut self, source: &'static str) -> &mut Self {
        self.out.push_str(source);
        self
    }

    /// An element with what `inside` writes.
    pub(super) fn tag(
        &mut self,
        name: &'static str,
        attributes: &[Attribute<'_>],
        inside: impl FnOnce(&mut Self),
    ) -> &mut Self {
        self.begin(name, attributes);
        self.out.push('>');
        inside(self);
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
        self
    }

    /// An element with text.
    pub(super) fn text_tag(
        &mut self,
        name: &'static str,
        attributes: &[Attribute<'_>],
        text: &str,
    ) -> &mut Self {
        self.tag(name, attributes, |inside| {
            inside.text(text);
        })
    }

    /// An element without content.
    pub(super) fn empty(&mut self, name: &'static str, attributes: &[Attribute<'_>]) -> &mut Self {
        self.begin(name, attributes);
        self.out.push_str("/>");
        self
    }

    /// Text in one line.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        push(&mut self.out, text);
        self
    }

    /// Text whose line breaks are meant.
    pub(super) fn lines(&mut self, text: &str) -> &mut Self {
        for (at, line) in text.split('\n').enumerate() {
            if at > 0 {
                self.out.push('\n');
            }
            push(&mut self.out, line);
        }
        self
    }

    fn begin(&mut self, name: &'static str, attributes: &[Attribute<'_>]) {
        self.out.push('<');
        self.out.push_str(name);
        for (key, value) in attributes {
            self.out.push(' ');
            self.out.push_str(key);
            self.out.push_str("=\"");
            push(&mut self.out, value);
            self.out.push('"');
        }
    }
}

fn push(out: &mut String, text: &str) {
    // U+00A0 is our own way to keep a figure and its unit on one line.
    for (at, part) in text.split('\u{a0}').enumerate() {
        if at > 0 {
            out.push('\u{a0}');
        }
        for c in escape::text(part).chars() {
            match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                '\'' => out.push_str("&#39;"),
                _ => out.push(c),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_stays_text() {
        let mut markup = Markup::new();
        markup.tag("p", &[("title", "a\" onclick='x")], |p| {
            p.text("</script><b>&amp;]]>\u{202e}\u{1b}[31m\n");
        });
        markup.empty("br", &[]);
        assert_eq!(
            markup.finish(),
            "<p title=\"a&quot; onclick=&#39;x\">&lt;/script&gt;&lt;b&gt;&amp;amp;]]&gt;\\u{202e}\\x1b[31m\\n</p><br/>"
        );
    }

    #[test]
    fn meant_line_breaks_stay() {
        let mut markup = Markup::new();
        markup.lines("a\n<b>");
        assert_eq!(markup.finish(), "a\n&lt;b&gt;");
    }

    proptest! {
        #[test]
        fn no_text_opens_a_tag_or_holds_what_xml_forbids(text in any::<String>()) {
            let mut markup = Markup::new();
            markup.text(&text);
            let out = markup.finish();
            prop_assert!(!out.contains(['<', '>', '"', '\'']));
            prop_assert!(out.chars().all(|c| !c.is_control() && !matches!(u32::from(c), 0xfffe | 0xffff)));
        }
    }
}
