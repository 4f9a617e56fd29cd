//! What a value looks like.

use super::REDACTED;

/// Longer values are not looked at: no path or setting is that long.
const LONGEST: usize = 512;

/// Values of switches, in lower case.
const SWITCHES: &[&str] = &[
    "true",
    "false",
    "yes",
    "no",
    "on",
    "off",
    "none",
    "null",
    "nil",
    "undefined",
    "required",
    "require",
    "optional",
    "auto",
    "enabled",
    "disabled",
    "always",
    "never",
    "ask",
    "prompt",
    "stdin",
    "env",
    "file",
    "keyring",
    "interactive",
    "expired",
    "invalid",
    "missing",
    "unset",
    "empty",
];
/// How a remark on a secret begins: `TOKEN: not set`.
const REMARKS: &[&str] =
    &["not", "is", "must be", "missing", "invalid", "expired", "should be", "cannot", "could not"];
/// How somebody logs in, in lower case.
const METHODS: &[&str] = &[
    "basic",
    "digest",
    "ntlm",
    "bearer",
    "oauth",
    "oauth2",
    "oidc",
    "ldap",
    "jwt",
    "saml",
    "plain",
    "login",
    "md5",
    "trust",
    "peer",
    "kerberos",
    "negotiate",
    "gssapi",
    "anonymous",
    "any",
    "token",
    "password",
    "passwd",
    "secret",
    "apikey",
    "api_key",
    "api-key",
    "cram-md5",
    "scram-sha-256",
    "scram-sha-512",
    "scram-sha-1",
    "sha1",
    "sha256",
    "sha384",
    "sha512",
    "sha-256",
    "sha-512",
    "mtls",
    "tls",
    "ssl",
    "iam",
    "aws",
    "gcp",
    "azure",
    "local",
    "pam",
    "radius",
    "service_account",
    "managed",
    "cert",
    "certificate",
    "x509",
    "publickey",
    "userpass",
    "approle",
    "kubernetes",
    "default",
];
/// Beginnings of values that say where the secret is.
const REFERENCES: &[&str] = &[
    "$",
    "%(",
    "{{",
    "file:",
    "env:",
    "fd:",
    "@/",
    "@.",
    "@env",
    "vault:",
    "arn:aws",
    "op://",
    "ref+",
    "ssm:",
    "sops:",
    "keyring:",
    "azurekeyvault:",
    "projects/",
    "awssecret",
    "gcpsecret",
    "http://",
    "https://",
    "secretref:",
    "!vault",
    "os.environ",
    "process.env",
    "os.getenv",
    "getenv(",
    "System.getenv",
    "env.",
    "secrets.",
    "var.",
    "id=",
];
/// Beginnings of paths.
const PATHS: &[&str] = &["./", "../", "~/", "file://"];
/// Ends of file names.
const ENDINGS: &[&str] = &[
    ".key",
    ".pem",
    ".crt",
    ".cer",
    ".der",
    ".json",
    ".yml",
    ".yaml",
    ".txt",
    ".conf",
    ".cfg",
    ".ini",
    ".env",
    ".p12",
    ".jks",
    ".pfx",
    ".pub",
    ".toml",
    ".xml",
    ".gpg",
    ".asc",
    ".keytab",
    ".list",
    ".db",
    ".kdbx",
    ".properties",
    ".log",
    ".sh",
    ".py",
    ".js",
    ".csv",
    ".sock",
    ".jsonl",
    ".cookies",
    ".ppk",
    ".secret",
    ".token",
    ".passwd",
    ".htpasswd",
    ".tfvars",
    ".md",
    ".html",
    ".php",
    ".creds",
    ".credentials",
    ".netrc",
    ".pgpass",
    ".ovpn",
    ".kubeconfig",
    ".bin",
    ".hex",
    ".dat",
    ".pk8",
    ".jwk",
    ".jwks",
    ".tar",
    ".gz",
    ".zip",
    ".parquet",
    ".orc",
    ".avro",
    ".arrow",
    ".tsv",
    ".sql",
    ".npy",
    ".pt",
    ".safetensors",
    ".gguf",
    ".onnx",
    ".wasm",
    ".so",
    ".go",
    ".rb",
    ".rs",
    ".ts",
    ".tsx",
    ".jsx",
    ".java",
    ".kt",
    ".scala",
    ".cpp",
    ".iso",
    ".img",
    ".qcow2",
    ".zst",
    ".xz",
    ".bz2",
    ".tgz",
    ".jar",
    ".war",
    ".png",
    ".jpg",
    ".svg",
    ".pdf",
    ".tf",
    ".tfstate",
    ".lock",
    ".dump",
    ".bak",
];
/// First parts of paths that are followed by nothing that looks like one.
const ROOTS: &[&str] = &[
    "etc", "run", "var", "home", "tmp", "opt", "usr", "root", "mnt", "srv", "data", "app", "secrets", "dev",
    "proc", "vault", "config",
];

/// How it ends; a passphrase may begin like one.
const REMARK_ENDS: &[&str] = &[
    "set",
    "found",
    "given",
    "configured",
    "provided",
    "specified",
    "missing",
    "required",
    "empty",
    "valid",
    "expired",
    "defined",
    "present",
    "supported",
];

/// True for what stands in a secret's place without being one: nothing, a setting, a reference, a path.
pub(super) fn is_harmless(value: &[u8]) -> bool {
    if value.is_empty() || value == REDACTED {
        return true;
    }
    let Some(text) = (value.len() <= LONGEST).then(|| std::str::from_utf8(value).ok()).flatten() else {
        return false;
    };
    text.parse::<std::net::IpAddr>().is_ok()
        || is_blank(text)
        || is_setting(text)
        || is_remark(text)
        || is_reference(text)
        || is_path(text)
}

/// `***`, `xxx`, `...`, `-`, `[REDACTED]`.
fn is_blank(text: &str) -> bool {
    let bare = text.trim_matches(|c: char| matches!(c, '[' | ']' | '<' | '>' | '(' | ')'));
    let first = bare.bytes().next().unwrap_or(b'-');
    let one =
        bare.bytes().all(|b| b == first) && matches!(first, b'*' | b'x' | b'X' | b'.' | b'-' | b'_' | b'?');
    let signs = text.len() <= 3 && text.bytes().all(|b| b.is_ascii_punctuation());
    one || signs
        || ["redacted", "masked", "hidden", "filtered"].iter().any(|word| bare.eq_ignore_ascii_case(word))
}

/// A switch, alone or as the last argument of a call: `nil).first`; `state=expired`.
fn is_setting(text: &str) -> bool {
    let is_switch = |text: &str| SWITCHES.iter().any(|setting| setting.eq_ignore_ascii_case(text));
    let alone = text.split(')').next().unwrap_or_default();
    let named = text
        .split_once('=')
        .filter(|(name, _)| !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase()));
    is_switch(alone) || named.is_some_and(|(_, value)| is_switch(value))
}

/// Small words that say something of the secret, and no secret: `not set`, `is required`, `must be set`.
fn is_remark(text: &str) -> bool {
    let small = text.bytes().all(|b| b.is_ascii_lowercase() || b == b' ' || b == b'.' || b == b'!');
    let begins = |begin: &&str| text.strip_prefix(*begin).is_some_and(|rest| rest.starts_with(' '));
    let last = text.rsplit(' ').next().unwrap_or_default().trim_end_matches(['.', '!']);
    small && text.split(' ').count() <= 4 && REMARKS.iter().any(begins) && REMARK_ENDS.contains(&last)
}

/// True for a way to log in: `--auth basic`.
pub(super) fn is_method(value: &[u8]) -> bool {
    METHODS.iter().any(|method| method.as_bytes().eq_ignore_ascii_case(value))
}

fn is_reference(text: &str) -> bool {
    let percent = text.len() > 2 && text.starts_with('%') && text.ends_with('%');
    let dollar = text.strip_prefix('$').is_none_or(is_variable);
    // What is behind a URL's `://` is looked at for itself.
    let angle = text.starts_with('<') && text.ends_with('>');
    percent || angle || dollar && REFERENCES.iter().any(|begin| text.starts_with(begin))
}

/// What follows a `$` that names a variable or runs a command, and nothing else: `$2y$10$...` is a hash.
fn is_variable(rest: &str) -> bool {
    if let Some(inner) = rest.strip_prefix('{') {
        // `${NAME:-default}` has a value of its own.
        return inner.ends_with('}') && !inner.contains(":-") || !inner.contains('}');
    }
    rest.starts_with('(')
        || rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            && !rest.is_empty()
            && !rest.as_bytes()[0].is_ascii_digit()
}

/// True for what is a path and hardly anything else.
pub(super) fn is_path(text: &str) -> bool {
    if text.bytes().any(|b| {
        b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'$' | b'!' | b'#' | b'&' | b';' | b'|')
    }) {
        return false;
    }
    let small = text.to_ascii_lowercase();
    if PATHS.iter().any(|begin| text.starts_with(begin)) && text.len() > 1 {
        return true;
    }
    if let Some(rest) = text.strip_prefix('/') {
        let mut parts = rest.split('/');
        let first = parts.next().unwrap_or_default();
        let plain = first
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.'));
        return rest.is_empty()
            || plain
                && !first.is_empty()
                && (parts.next().is_some() || ROOTS.contains(&first) || first.contains('.'));
    }
    let drive = small.as_bytes().get(1..3) == Some(b":\\") || small.as_bytes().get(1..3) == Some(b":/");
    drive || is_file_name(text)
}

/// A name with a known ending, in small letters as files have them: a password may end like one, and has other signs in it.
fn is_file_name(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./:@~%{}$".contains(&b);
    let has_ending = |end: &&str| text.len() > end.len() && text.ends_with(*end);
    text.bytes().all(plain) && ENDINGS.iter().any(has_ending)
}

/// True for what looks as if a machine had made it up: 16 characters and more, letters and digits.
pub(super) fn is_random(value: &[u8]) -> bool {
    if value.len() < 16 || value.len() > LONGEST && value.contains(&b' ') {
        return false;
    }
    let text = String::from_utf8_lossy(value);
    let plain = |b: u8| {
        b.is_ascii_alphanumeric()
            || matches!(b, b'+' | b'/' | b'=' | b'_' | b'-' | b'.' | b'~' | b'%' | b':' | b'|')
    };
    if !text.bytes().all(plain) || is_harmless(value) {
        return false;
    }
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let letters = text.bytes().filter(u8::is_ascii_alphabetic).count();
    let signs = text.len() - digits - letters;
    digits >= 2 && letters >= 2 && signs * 5 <= text.len()
}

/// The words of an HTTP `Authorization` before the secret.
pub(super) const SCHEMES: &[&str] = &[
    "basic",
    "bearer",
    "digest",
    "token",
    "negotiate",
    "ntlm",
    "apikey",
    "api-key",
    "oauth",
    "aws4-hmac-sha256",
    "hawk",
    "splunk",
    "bot",
    "key",
    "sharedkey",
    "genie-key",
];

/// Where the secret begins behind `Bearer ` and the like.
pub(super) fn after_scheme(value: &[u8]) -> Option<usize> {
    let end = value.iter().position(u8::is_ascii_whitespace)?;
    let scheme = std::str::from_utf8(&value[..end]).ok()?;
    let known = SCHEMES.iter().any(|known| known.eq_ignore_ascii_case(scheme));
    let blanks = value[end..].iter().position(|b| !b.is_ascii_whitespace())?;
    known.then_some(end + blanks)
}

/// True for an image's tag or a port: `auth:latest`, `auth:8080`.
pub(super) fn is_tag(value: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(value) else { return false };
    let bare = text.strip_prefix('v').unwrap_or(text);
    let version = bare.starts_with(|c: char| c.is_ascii_digit())
        && bare.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'/')
        && bare.len() <= 12;
    let dotted = bare.len() <= 24
        && bare
            .split_once('.')
            .is_some_and(|(major, _)| !major.is_empty() && major.bytes().all(|b| b.is_ascii_digit()));
    version
        || dotted
        || ["latest", "stable", "edge", "alpine", "main", "master", "dev", "prod", "nightly", "ro", "rw"]
            .contains(&text)
}

#[cfg(test)]
#[path = "values_tests.rs"]
mod tests;
