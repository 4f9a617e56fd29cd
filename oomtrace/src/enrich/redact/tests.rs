use proptest::prelude::*;

use super::*;

fn run(args: &[&str]) -> Vec<String> {
    let args: Vec<_> = args.iter().map(|arg| arg.as_bytes().to_vec()).collect();
    redact(&args).into_iter().map(|arg| String::from_utf8(arg).unwrap()).collect()
}

#[track_caller]
fn one(arg: &str, expected: &str) {
    assert_eq!(run(&["app", arg])[1], expected);
}

#[track_caller]
fn stays(args: &[&str]) {
    assert_eq!(run(args), args);
}

#[test]
fn options() {
    assert_eq!(run(&["app", "--password", "hunter2", "-v"]), ["app", "--password", "[redacted]", "-v"]);
    assert_eq!(run(&["app", "--api-key=abc", "x"]), ["app", "--api-key=[redacted]", "x"]);
    assert_eq!(run(&["app", "--password=two words", "x"]), ["app", "--password=[redacted]", "x"]);
    assert_eq!(run(&["app", "--password", "two words", "x"]), ["app", "--password", "[redacted]", "x"]);
    assert_eq!(run(&["app", "/password:hunter2", "x"]), ["app", "/password:[redacted]", "x"]);
    assert_eq!(run(&["app", "--dbpwd", "hunter2"]), ["app", "--dbpwd", "[redacted]"]);
    stays(&["app", "--password-file", "/run/pw", "--max-tokens", "4096"]);
    one("-Dspring.datasource.password=abc", "-Dspring.datasource.password=[redacted]");
}

#[test]
fn what_looks_like_an_option_after_an_option() {
    assert_eq!(run(&["app", "--require-auth", "--password", "hunter2"])[3], "[redacted]");
    stays(&["psql", "--password", "-h", "db"]);
    assert_eq!(run(&["app", "--password", "-S3cret!"])[2], "[redacted]");
}

#[test]
fn assignments() {
    one("PGPASSWORD=abc", "PGPASSWORD=[redacted]");
    one("--env=GITHUB_TOKEN=abc", "--env=GITHUB_TOKEN=[redacted]");
    assert_eq!(run(&["docker", "run", "-e", "DB_PASSWORD=abc", "img"])[3], "DB_PASSWORD=[redacted]");
    one("host=db password=abc dbname=x", "host=db password=[redacted] dbname=x");
    one("Server=x;Password=my pw;Database=y", "Server=x;Password=[redacted];Database=y");
    one("name=x,password=a,b,port=1", "name=x,password=[redacted],port=1");
    one(
        "AccountName=x;AccountKey=YWJj==;EndpointSuffix=y",
        "AccountName=x;AccountKey=[redacted];EndpointSuffix=y",
    );
    one(r#"{"db":{"password":"b"}}"#, r#"{"db":{"password":"[redacted]"}}"#);
    one(r#"{"a": 1, "password": "b c"}"#, r#"{"a": 1, "password": "[redacted]"}"#);
    one("auth:latest", "auth:latest");
    one("{user: a, password: b}", "{user: a, password: [redacted]}");
}

#[test]
fn headers() {
    one("Authorization: Bearer abc.def", "Authorization: Bearer [redacted]");
    one("X-Api-Key: abc", "X-Api-Key: [redacted]");
    one("Cookie: a=b; c=d", "Cookie: a=[redacted]; c=[redacted]");
    one("Accept: text/html", "Accept: text/html");
    assert_eq!(run(&["curl", "-H", "Authorization:", "Bearer", "abc"])[3..], ["Bearer", "[redacted]"]);
}

#[test]
fn scripts() {
    one("exec app --token abc --port 80", "exec app --token [redacted] --port 80");
    assert_eq!(run(&["sh", "-c", "cd /x; TOKEN=abc app"])[2], "cd /x; TOKEN=[redacted] app");
    one(
        "curl -H 'Authorization: Bearer abc' http://h",
        "curl -H 'Authorization: Bearer [redacted]' http://h",
    );
    one("app --url a:b --token abc", "app --url a:b --token [redacted]");
    one("mysql -uroot -phunter2 db", "mysql -uroot -p[redacted] db");
    one("x = os.environ['API_KEY']='abc'", "x = os.environ['API_KEY']='[redacted]'");
    one("ALTER USER bob WITH PASSWORD 'abc'", "ALTER USER bob WITH PASSWORD '[redacted]'");
    one("CREATE USER bob IDENTIFIED BY 'abc'", "CREATE USER bob IDENTIFIED BY '[redacted]'");
    one("echo bob:abc | chpasswd", "echo bob:[redacted] | chpasswd");
    one("s.login('bob', 'abc')", "s.login('bob', '[redacted]')");
}

#[test]
fn urls() {
    one("postgres://app:hunter2@db:5432/x", "postgres://app:[redacted]@db:5432/x");
    one("https://0123456789abcdef0123@github.com/a", "https://[redacted]@github.com/a");
    one("https://bob@github.com/a", "https://bob@github.com/a");
    one("redis://:p@ss@h/0", "redis://:[redacted]@h/0");
    one("postgres://app:hun/ter@db/x", "postgres://app:[redacted]@db/x");
    one("--db=mysql://u:pw@h/d", "--db=mysql://u:[redacted]@h/d");
    one("https://h:8080/mail?to=a@b", "https://h:8080/mail?to=a@b");
    one("https://h/x?token=abc&page=2", "https://h/x?token=[redacted]&page=2");
    one("http://u:pw@a,http://v:qx@b", "http://u:[redacted]@a,http://v:[redacted]@b");
}

#[test]
fn known_keys() {
    one("AKIAIOSFODNN7EXAMPLE", "[redacted]");
    one("--id=AKIAIOSFODNN7EXAMPLE", "--id=[redacted]");
    one("x/ghp_0123456789012345678901234567/y", "x/[redacted]/y");
    one("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "[redacted]");
    one("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "[redacted]");
    one("AKIA-short", "AKIA-short");
}

#[test]
fn options_of_known_clients() {
    assert_eq!(run(&["/usr/bin/mysql", "-phunter2", "db"]), ["/usr/bin/mysql", "-p[redacted]", "db"]);
    stays(&["mysql", "-p", "db"]);
    assert_eq!(run(&["mongosh", "-p", "hunter2"])[2], "[redacted]");
    assert_eq!(run(&["sshpass", "-phunter2", "ssh", "-p", "22"])[1..], ["-p[redacted]", "ssh", "-p", "22"]);
    assert_eq!(run(&["curl", "-u", "a:b1", "http://h"]), ["curl", "-u", "a:[redacted]", "http://h"]);
    assert_eq!(run(&["docker", "exec", "mysql", "mysql", "-ppw"])[4], "-p[redacted]");
    assert_eq!(run(&["smbclient", "-U", "bob%pw"])[2], "bob%[redacted]");
    assert_eq!(run(&["sqlplus", "bob/pw@db"])[1], "bob/[redacted]@db");
    assert_eq!(run(&["htpasswd", "-nbB", "bob", "pw"])[2..], ["bob", "[redacted]"]);
    stays(&["psql", "-p", "5432"]);
    stays(&["sshd", "-p", "22"]);
    stays(&["docker", "run", "-p", "80:80", "nginx"]);
}

#[test]
fn ordinary_command_lines_stay() {
    stays(&[
        "java",
        "-Xmx400m",
        "-XX:+UseG1GC",
        "-jar",
        "/app/shop.jar",
        "--server.port=8080",
        "a b c",
        "",
        "x:y",
    ]);
    one("registry.local/team/auth:latest", "registry.local/team/auth:latest");
    one("import sys; sys.exit(3)", "import sys; sys.exit(3)");
}

#[test]
fn large_arguments_are_read_to_their_end() {
    for filler in ["a ", "x=1&", "'", "\"k\":", "://", "-", "mysql "] {
        let mut large = filler.repeat(128 * 1024 / filler.len());
        large += " ghp_0123456789012345678901234567";
        let out = redact(&[b"app".to_vec(), large.into_bytes()]);
        assert!(out[1].ends_with(REDACTED), "{filler}");
    }
}

#[test]
fn bytes_that_are_no_text() {
    let args = [
        b"app".to_vec(),
        b"--password=\xff\xfe".to_vec(),
        b"--token".to_vec(),
        b"\xff".to_vec(),
        b"\xff=\xff".to_vec(),
    ];
    let out = redact(&args);
    assert_eq!(out[1], b"--password=[redacted]");
    assert_eq!(out[3], REDACTED);
    assert_eq!(out[4], b"\xff=\xff");
}

/// Pieces of which something may be made that the rules do not expect.
const PIECES: &str = r#"[-=:;,&?@/ "'{}()\[\]|$%\\<>a-z0-9]{0,30}|--password|https://u:pw@h|TOKEN=|mysql -p|\[redacted\]|Authorization: |echo a:b \| chpasswd|-----BEGIN PRIVATE KEY|IDENTIFIED BY |login\('|token=\{"#;

proptest! {
    #[test]
    fn any_bytes(args in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..12)) {
        let out = redact(&args);
        prop_assert_eq!(out.len(), args.len());
        // Nothing hides less than one byte.
        for (out, arg) in out.iter().zip(&args) {
            prop_assert!(out.len() <= arg.len() * REDACTED.len());
        }
        let _ = redact_part(&args, true);
    }

    #[test]
    fn tricky_text(args in proptest::collection::vec(proptest::collection::vec(PIECES, 0..6), 0..8)) {
        let args: Vec<_> = args.into_iter().map(|pieces| pieces.concat().into_bytes()).collect();
        let out = redact(&args);
        prop_assert_eq!(out.len(), args.len());
        for (out, arg) in out.iter().zip(&args) {
            prop_assert!(out.len() <= arg.len() * REDACTED.len());
        }
    }

    #[test]
    fn what_was_hidden_once_stays_the_same(
        name in "(--)?(db[-_])?(password|token|secret|api[-_]key|passwd)",
        form in 0_usize..9,
        secret in "Q[A-Za-z0-9!%^*+.]{5,20}Z",
    ) {
        let args: Vec<_> = named(form, &name, &secret).into_iter().map(String::into_bytes).collect();
        let once = redact(&args);
        prop_assert_eq!(redact(&once), once);
    }

    #[test]
    fn a_named_secret_never_comes_through(
        form in 0_usize..9,
        name in "(db[-_])?(password|token|secret|api[-_]key|passwd)",
        secret in "Q[A-Za-z0-9!$%^*+.]{5,20}Z",
        before in proptest::collection::vec("[a-z/.-]{0,10}", 0..4),
    ) {
        let args = [before, named(form, &name, &secret)].concat();
        let args: Vec<_> = args.into_iter().map(String::into_bytes).collect();
        let shown = String::from_utf8(redact(&args).join(&b' ')).unwrap();
        prop_assert!(!shown.contains(&secret), "{shown}");
    }
}

fn named(form: usize, name: &str, secret: &str) -> Vec<String> {
    match form {
        0 => vec![format!("--{name}"), secret.to_owned()],
        1 => vec![format!("--{name}={secret}")],
        2 => vec![format!("{}={secret}", name.to_uppercase())],
        3 => vec![format!("sh -c 'app --{name} {secret} x'")],
        4 => vec![format!("https://h/p?a=1&{name}={secret}")],
        5 => vec![format!("{name}: {secret}")],
        6 => vec![format!(r#"{{"a":1,"{name}":"{secret}"}}"#)],
        7 => vec![format!("postgres://u:{secret}@h/d")],
        _ => vec!["sh".to_owned(), "-c".to_owned(), format!("export {name}='{secret}'; run")],
    }
}
