//! The list of masks and names in the format of a tracepoint: constant expressions of C.
//!
//! `... __print_flags(REC->gfp_flags, "|", {( unsigned long)((( gfp_t)0x40u) | ...), "GFP_X"}, ... ) : "none"`

/// Parentheses within each other; the kernel's own are about 15 deep.
const DEPTH_MAX: u32 = 100;

/// Value of an enumerator, `None` for a name that is none.
type Value<'a> = &'a dyn Fn(&str) -> Option<u64>;

/// All entries of the list, in order; `None` when there is no list or any entry can't be told.
pub(super) fn flag_list(format: &str, value: Value<'_>) -> Option<Vec<(u32, String)>> {
    let (_, list) = format.split_once("__print_flags(REC->gfp_flags, \"|\",")?;
    let mut parser = Parser { rest: list, value };
    let mut entries = Vec::new();
    while parser.take("{") {
        let mask = parser.or(DEPTH_MAX)?;
        let named = parser.take(",") && parser.take("\"");
        if !named {
            // The end of the list since 6.13: `{ 0, ((void *)0) }`.
            break;
        }
        let (name, rest) = parser.rest.split_once('"')?;
        parser.rest = rest;
        if !parser.take("}") {
            return None;
        }
        // A flag that this configuration does not have; its mask would match everything.
        if mask != 0 {
            entries.push((u32::try_from(mask).ok()?, name.to_owned()));
        }
        parser.take(",");
    }
    (!entries.is_empty()).then_some(entries)
}

struct Parser<'a> {
    rest: &'a str,
    value: Value<'a>,
}

impl<'a> Parser<'a> {
    /// Takes `token` if it is next.
    fn take(&mut self, token: &str) -> bool {
        self.rest = self.rest.trim_start();
        let found = self.rest.strip_prefix(token);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    /// Takes the longest run of letters, digits and underscores; "" when none is next.
    fn word(&mut self) -> &'a str {
        self.rest = self.rest.trim_start();
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn or(&mut self, depth: u32) -> Option<u64> {
        let mut all = self.and(depth)?;
        while self.take("|") {
            all |= self.and(depth)?;
        }
        Some(all)
    }

    fn and(&mut self, depth: u32) -> Option<u64> {
        let mut all = self.shift(depth)?;
        while self.take("&") {
            all &= self.shift(depth)?;
        }
        Some(all)
    }

    fn shift(&mut self, depth: u32) -> Option<u64> {
        let mut value = self.unary(depth)?;
        while self.take("<<") {
            let by = u32::try_from(self.unary(depth)?).ok()?;
            value = value.checked_shl(by)?;
        }
        Some(value)
    }

    fn unary(&mut self, depth: u32) -> Option<u64> {
        let depth = depth.checked_sub(1)?;
        if self.take("~") {
            return self.unary(depth).map(|value| !value);
        }
        if !self.take("(") {
            return self.operand();
        }
        if self.cast() {
            return self.unary(depth);
        }
        let value = self.or(depth)?;
        self.take(")").then_some(value)
    }

    /// Takes the rest of a cast, whose parenthesis was taken: names of types and stars up to `)`.
    fn cast(&mut self) -> bool {
        let before = self.rest;
        loop {
            match self.word() {
                "" if self.take("*") => {}
                "" => break,
                word if word.starts_with(|c: char| c.is_ascii_digit()) || (self.value)(word).is_some() => {
                    break;
                }
                _ => {}
            }
        }
        let is_cast = self.rest.len() < before.trim_start().len() && self.take(")") && self.operand_follows();
        if !is_cast {
            self.rest = before;
        }
        is_cast
    }

    /// Tells `(type) x` from `(x)`, where `x` is not known.
    fn operand_follows(&self) -> bool {
        let next = self.rest.trim_start().chars().next();
        next.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '(' | '~' | '_'))
    }

    fn operand(&mut self) -> Option<u64> {
        let word = self.word();
        let digits = word.trim_end_matches(['u', 'U', 'l', 'L']);
        match digits.strip_prefix("0x") {
            Some(hex) => u64::from_str_radix(hex, 16).ok(),
            None => digits.parse().ok().or_else(|| (self.value)(word)),
        }
    }
}
