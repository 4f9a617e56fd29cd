//! What a name says of its value.

use super::words;

/// What a name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// A secret.
    Secret,
    /// A secret, or a user and a secret: `user:secret`.
    Login,
    /// A secret when it looks like one.
    Perhaps,
    /// None.
    Nothing,
}

/// In a word at any place: `authtoken`, `rpcpassword`, `AZURE_STORAGEACCOUNTKEY`.
const INSIDE: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "passwort",
    "passkey",
    "secret",
    "token",
    "apikey",
    "appkey",
    "accesskey",
    "secretkey",
    "privatekey",
    "privkey",
    "authkey",
    "accountkey",
    "sharedkey",
    "masterkey",
    "signingkey",
    "encryptionkey",
    "sessionkey",
    "licensekey",
    "deploykey",
    "authorization",
    "credential",
    "presharedkey",
    "mnemonic",
    "sshkey64",
    "storagekey",
    "sessionid",
    "sessid",
    "clientkeydata",
    "userpass",
];
/// What one of [`INSIDE`] is a part of without being meant.
const NOT_INSIDE: &[&str] = &[
    "tokeniz",
    "tokenis",
    "detoken",
    "tokens",
    "secretary",
    "passwordless",
    "passwords",
    "secretmanager",
    "secretsmanager",
    "secretprovider",
    "tokenreview",
    "tokenfilter",
    "subtoken",
    "secretless",
    "credentialing",
    "secretsdir",
    "secretsfile",
    "tokenlist",
];
/// Whole words.
const WORDS: &[&str] = &[
    "pass",
    "pwd",
    "pw",
    "bearer",
    "cookie",
    "cookies",
    "setcookie",
    "creds",
    "cred",
    "psk",
    "otp",
    "totp",
    "sas",
    "sig",
    "jwt",
    "passin",
    "passout",
    "sessionid",
    "phpsessid",
];
/// Ends of words that run together: `dbpwd`, `storepass`, `bindpw`.
const ENDS: &[&str] = &["pwd", "pass", "pw", "cookie", "psk"];
/// Words with such an end that mean something else.
const NOT_ENDS: &[&str] = &[
    "bypass",
    "compass",
    "multipass",
    "encompass",
    "trespass",
    "surpass",
    "singlepass",
    "twopass",
    "onepass",
    "subpass",
    "renderpass",
    "firstpass",
    "lowpass",
    "highpass",
    "bandpass",
    "allpass",
    "cwd",
    "secondpass",
];
/// Words of names whose value is a login or only its secret part.
const LOGINS: &[&str] =
    &["auth", "basicauth", "creds", "cred", "credential", "credentials", "userpass", "userpwd"];
/// Before `key`, or joined with it, these make a secret.
const SECRET_KEYS: &[&str] = &[
    "api",
    "app",
    "application",
    "access",
    "private",
    "priv",
    "secret",
    "secure",
    "encryption",
    "encrypt",
    "encryptor",
    "decryption",
    "decrypt",
    "session",
    "signing",
    "sign",
    "signature",
    "account",
    "shared",
    "master",
    "auth",
    "authentication",
    "service",
    "license",
    "licence",
    "storage",
    "admin",
    "ingest",
    "ingestion",
    "integration",
    "hmac",
    "aes",
    "webhook",
    "jwt",
    "subscription",
    "preshared",
    "sas",
    "unseal",
    "recovery",
    "tsig",
    "function",
    "deploy",
    "write",
    "cookie",
    "provisioning",
    "enrollment",
    "stream",
    "shared",
    "team",
    "user",
    "team",
];
/// Before `key` these make a name, a place or something public.
const OTHER_KEYS: &[&str] = &[
    "public",
    "pub",
    "primary",
    "foreign",
    "partition",
    "sort",
    "shard",
    "host",
    "cache",
    "group",
    "row",
    "routing",
    "object",
    "kms",
    "cmk",
    "hot",
    "join",
    "unique",
    "index",
    "order",
    "lookup",
    "map",
    "dict",
    "dedup",
    "idempotency",
    "message",
    "record",
    "registry",
    "config",
    "context",
    "label",
    "annotation",
    "tag",
    "metadata",
    "meta",
    "event",
    "hash",
    "range",
    "bucket",
    "column",
    "field",
    "json",
    "distribution",
    "dist",
    "by",
    "trusted",
    "any",
    "instrumentation",
    "recv",
    "fetch",
    "search",
    "export",
    "send",
    "edit",
    "delete",
    "default",
    "import",
    "keyring",
    "project",
    "sshd",
    "arrow",
    "short",
    "query",
    "sub",
    "super",
    "translation",
    "i",
    "parent",
    "child",
    "issue",
    "jira",
    "compare",
];
/// Last words of names whose value only says where, how or how long.
const QUALIFIERS: &[&str] = &[
    "file",
    "filename",
    "path",
    "dir",
    "directory",
    "folder",
    "stdin",
    "prompt",
    "env",
    "ttl",
    "timeout",
    "length",
    "len",
    "count",
    "type",
    "mode",
    "url",
    "uri",
    "endpoint",
    "method",
    "policy",
    "expiry",
    "expire",
    "expiration",
    "expiresin",
    "duration",
    "lifetime",
    "age",
    "size",
    "limit",
    "max",
    "min",
    "interval",
    "period",
    "host",
    "hostname",
    "port",
    "user",
    "username",
    "algorithm",
    "alg",
    "format",
    "encoding",
    "provider",
    "scheme",
    "realm",
    "plugin",
    "manager",
    "store",
    "backend",
    "source",
    "location",
    "ref",
    "class",
    "version",
    "audience",
    "issuer",
    "header",
    "headers",
    "field",
    "column",
    "var",
    "variable",
    "cache",
    "retries",
    "retry",
    "attempt",
    "window",
    "rotation",
    "round",
    "enabled",
    "enable",
    "required",
    "disabled",
    "command",
    "cmd",
    "helper",
    "script",
    "program",
    "digit",
    "server",
    "service",
    "name",
    "names",
    "jar",
    "fd",
    "domain",
    "samesite",
    "httponly",
    "char",
    "charset",
    "generator",
    "validator",
    "strength",
    "level",
    "list",
    "model",
    "budget",
    "rate",
    "per",
    "percent",
    "bucket",
    "through",
    "thru",
    "namespace",
    "group",
    "role",
    "scope",
    "check",
    "config",
    "cost",
    "handler",
    "filter",
    "factory",
    "bind",
    "review",
    "mount",
    "encryption",
    "dropout",
    "weight",
    "dim",
    "embedding",
    "embed",
    "challenge",
    "frequency",
    "warning",
    "complexity",
    "entropy",
    "consent",
    "banner",
    "page",
    "view",
    "form",
    "settings",
    "setting",
    "option",
    "options",
    "status",
    "state",
    "enc",
    "kind",
    "index",
    "position",
    "pos",
    "pooling",
    "ratio",
    "prob",
    "threshold",
    "recipient",
    "issued",
    "usage",
    "api",
    "proxyhost",
    "allowlist",
    "whitelist",
    "blacklist",
    "denylist",
    "metadata",
    "labels",
    "annotation",
    "storage",
    "flow",
    "grace",
    "leeway",
    "skew",
    "buckets",
    "parallelism",
    "memory",
    "iterations",
    "visible",
    "fingerprint",
    "thumbprint",
    "checksum",
    "key64name",
    "identity",
    "hint",
    "proxy",
    "browser",
    "label",
    "template",
    "engine",
    "address",
    "addr",
];
/// Before `token` these make a piece of text.
const MARKS: &[&str] = &[
    "pad", "eos", "bos", "mask", "stop", "special", "unk", "sep", "image", "cls", "start", "end", "first",
    "next", "new", "max", "per",
];
/// Before `pass` these make a run over something.
const RUNS: &[&str] = &[
    "render", "shader", "shadow", "color", "colour", "depth", "debug", "print", "opt", "llvm", "single",
    "two", "multi", "second", "first", "low", "high", "band", "all", "by", "after", "before", "compiler",
    "light", "boarding", "last", "x", "run", "mlir",
];
/// First words of options that switch something on or off, or count.
const SWITCHES: &[&str] = &[
    "no", "disable", "enable", "use", "with", "without", "allow", "require", "requires", "skip", "show",
    "print", "max", "min", "num", "ask", "generate", "is", "has", "need", "n", "total", "list", "total",
    "avg", "count", "ignore", "hide", "prompt", "keep", "save", "load", "delete", "clear", "count",
];
/// Words whose value is a secret when it looks like one.
const PERHAPS: &[&str] = &[
    "key",
    "salt",
    "seed",
    "sid",
    "session",
    "sess",
    "login",
    "oauth",
    "code",
    "license",
    "signature",
    "nonce",
    "hash",
    "appid",
    "hmac",
    "assertion",
    "ticket",
    "grant",
    "nsec",
    "pin",
];

/// What a name, with or without its dashes, says of its value.
pub(super) fn holds(name: &[u8]) -> Holds {
    match (of_words(name), name) {
        // `-Dbasicauth=x`, `-Ptoken=x`.
        (Holds::Nothing, [b'-', b'D' | b'P' | b'E' | b'X' | b'o' | b'e', rest @ ..]) => of_words(rest),
        (holds, _) => holds,
    }
}

fn of_words(name: &[u8]) -> Holds {
    let words = words::of(name);
    let (Some(first), Some(last)) = (words.first(), words.last()) else { return Holds::Nothing };
    if words.len() > 1 && (SWITCHES.contains(&first.as_str()) || first == "pass" && !is_split(&words)) {
        return Holds::Nothing;
    }
    if last == "id" || last == "ids" {
        return identifier(&words);
    }
    if is_qualifier(last) {
        return Holds::Nothing;
    }
    if let Some(kind) = key(&words) {
        return kind;
    }
    if words.iter().any(|word| word == "pin") {
        return if words.len() > 1 || name.starts_with(b"--") { Holds::Perhaps } else { Holds::Nothing };
    }
    if LOGINS.contains(&last.as_str()) || is_joined_auth(last) {
        return Holds::Login;
    }
    if is_mark(&words) {
        return Holds::Nothing;
    }
    if words.iter().any(|word| is_secret(word)) || is_split(&words) {
        return Holds::Secret;
    }
    if PERHAPS.contains(&last.as_str()) { Holds::Perhaps } else { Holds::Nothing }
}

/// `AWS_ACCESS_KEY_ID`, `secret_id`, `session_id`.
fn identifier(words: &[String]) -> Holds {
    let before = words.len().checked_sub(2).map(|at| words[at].as_str());
    match before {
        Some("secret" | "session" | "key" | "token") => Holds::Perhaps,
        _ => Holds::Nothing,
    }
}

fn is_qualifier(word: &str) -> bool {
    let one = word.strip_suffix('s').unwrap_or(word);
    QUALIFIERS.contains(&word) || QUALIFIERS.contains(&one)
        // `passwordFile` written as one word.
        || ["file", "path", "dir", "ttl", "url", "type", "eval", "command", "cmd", "env", "name", "prompt"].iter().any(|end| word.strip_suffix(end).is_some_and(is_secret))
}

/// For names that end in `key`.
fn key(words: &[String]) -> Option<Holds> {
    let last = words.last()?;
    let stem = last.strip_suffix("keys").or_else(|| last.strip_suffix("key"))?;
    let before =
        if stem.is_empty() { words.len().checked_sub(2).map_or("", |at| words[at].as_str()) } else { stem };
    Some(match before {
        _ if SECRET_KEYS.contains(&before) => Holds::Secret,
        _ if OTHER_KEYS.contains(&before) || last.ends_with("keys") => Holds::Nothing,
        _ if words.iter().any(|word| is_secret(word)) => Holds::Secret,
        _ if stem.is_empty()
            || stem.len() < 8 && !["mon", "tur", "don", "hoc", "joc", "whis"].contains(&stem) =>
        {
            Holds::Perhaps
        }
        _ => Holds::Nothing,
    })
}

/// `proxyauth`, `httpauth`.
fn is_joined_auth(word: &str) -> bool {
    word.strip_suffix("auth").is_some_and(|kind| {
        ["proxy", "http", "https", "basic", "user", "smtp", "web", "imap", "ftp", "db", "sasl"]
            .contains(&kind)
    })
}

/// `pass-phrase`, `fs.azure.account.key.host.example.net`.
fn is_split(words: &[String]) -> bool {
    let strong = ["account", "access", "secret", "api", "private", "shared", "master", "encryption"];
    words.windows(2).any(|pair| match pair[1].as_str() {
        "phrase" | "word" | "code" => pair[0] == "pass",
        "key" => strong.contains(&pair[0].as_str()),
        _ => false,
    })
}

/// A piece of text of a language model, or a run over something: `--eos-token`, `--render-pass`.
fn is_mark(words: &[String]) -> bool {
    words.windows(2).any(|pair| match pair[1].as_str() {
        "token" => MARKS.contains(&pair[0].as_str()),
        "pass" => RUNS.contains(&pair[0].as_str()),
        "secret" => ["existing", "pull", "tls", "certificate"].contains(&pair[0].as_str()),
        _ => false,
    })
}

fn is_secret(word: &str) -> bool {
    if WORDS.contains(&word) {
        return true;
    }
    if NOT_INSIDE.iter().any(|other| word.contains(other)) || NOT_ENDS.contains(&word) {
        return false;
    }
    INSIDE.iter().any(|part| word.contains(part))
        || ENDS.iter().any(|end| word.len() <= 16 && word.ends_with(end))
}

/// True for a name whose value says where, how or who: `username`, `host`.
pub(super) fn is_plain(name: &[u8]) -> bool {
    words::of(name).last().is_some_and(|word| {
        is_qualifier(word)
            || ["id", "email", "database", "db", "region", "arn", "ca", "crt", "cert"]
                .contains(&word.as_str())
    })
}

/// True for an account's name, which a password may follow behind a colon.
pub(super) fn is_account(name: &[u8]) -> bool {
    name == b"-u"
        || name == b"-U"
        || words::of(name)
            .last()
            .is_some_and(|word| ["user", "username", "login", "account", "userinfo"].contains(&word.as_str()))
}

/// True for a name of which a short number is no secret: `-pass 1`, `auth:8080`.
pub(super) fn is_word_of_many_uses(name: &[u8]) -> bool {
    let words = words::of(name);
    matches!(words.as_slice(), [word] if ["pass", "auth", "token", "secret", "session", "cookie", "credential", "credentials", "sig", "sas"].contains(&word.as_str()))
}

#[cfg(test)]
#[path = "names_tests.rs"]
mod tests;
