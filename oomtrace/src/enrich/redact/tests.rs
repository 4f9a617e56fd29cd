use proptest::prelude::*;

use super::*;

fn run(args: &[&str]) -> Vec<String> {
    let args: Vec<_> = args.iter().map(|arg| arg.as_bytes().to_vec()).collect();
    redact(&args).into_iter().map(|arg| String::from_utf8(arg).unwrap()).collect()
}

#[track_caller]
fn one(arg: &str, expected: &str) {
    assert_eq!(run(&[arg]), [expected]);
}

#[test]
fn options() {
    assert_eq!(run(&["app", "--password", "hunter2", "-v"]), ["app", "--password", "[redacted]", "-v"]);
    assert_eq!(run(&["app", "--api-key=abc", "x"]), ["app", "--api-key=[redacted]", "x"]);
    assert_eq!(run(&["app", "--password=two words", "x"]), ["app", "--password=[redacted]", "x"]);
    assert_eq!(run(&["app", "--password", "two words", "x"]), ["app", "--password", "[redacted]", "x"]);
    assert_eq!(run(&["app", "--password-file", "/run/pw"]), ["app", "--password-file", "/run/pw"]);
    one("-Dspring.datasource.password=abc", "-Dspring.datasource.password=[redacted]");
}

#[test]
fn what_looks_like_an_option_after_an_option() {
    let out = run(&["app", "--require-auth", "--password", "hunter2"]);
    assert_eq!(out[3], "[redacted]");
    assert_eq!(run(&["app", "--password", "-x"])[2], "[redacted]");
}

#[test]
fn assignments() {
    one("PGPASSWORD=abc", "PGPASSWORD=[redacted]");
    one("--env=GITHUB_TOKEN=abc", "--env=GITHUB_TOKEN=[redacted]");
    assert_eq!(run(&["docker", "run", "-e", "DB_PASSWORD=abc", "img"])[3], "DB_PASSWORD=[redacted]");
    one("host=db password=abc dbname=x", "host=db password=[redacted] dbname=x");
    one("Server=x;Password=my pw;Database=y", "Server=x;Password=[redacted];Database=y");
    one("Server=x;Password=pw;Database=y", "Server=x;Password=[redacted];Database=y");
    one("name=x,password=a,b,port=1", "name=x,password=[redacted],,port=1");
    one(r#"{"db":{"password":"b"}}"#, r#"{"db":{"password":[redacted]"#);
    one(r#"{"a": 1, "password": "b c"}"#, r#"{"a": 1, "password": [redacted] [redacted]"#);
    one("auth:latest", "auth:[redacted]");
    one(r#"{"user":"a","password":"b"}"#, r#"{"user":"a","password":[redacted]"#);
}

#[test]
fn headers() {
    one("Authorization: Bearer abc.def", "Authorization: [redacted]");
    one("X-Api-Key: abc", "X-Api-Key: [redacted]");
    one("Cookie: a=b; c=d", "Cookie: [redacted]; c=d");
    one("Accept: text/html", "Accept: text/html");
}

#[test]
fn scripts() {
    one("exec app --token abc --port 80", "exec app --token [redacted] --port 80");
    one("cd /x; TOKEN=abc app", "cd /x; TOKEN=[redacted]");
    one(
        "curl -H 'Authorization: Bearer abc' http://h",
        "curl -H 'Authorization: [redacted] [redacted] http://h",
    );
    one("app --token abc host:5", "app --token [redacted] host:5");
    one("app --url a:b --token abc", "app --url a:b --token [redacted]");
    one("mysql -uroot -phunter2 db", "mysql -uroot -p[redacted] db");
}

#[test]
fn urls() {
    one("postgres://app:hunter2@db:5432/x", "postgres://[redacted]@db:5432/x");
    one("https://ghx@github.com/a", "https://[redacted]@github.com/a");
    one("redis://:p@ss@h/0", "redis://[redacted]@h/0");
    one("postgres://app:hun/ter@db/x", "postgres://[redacted]@db/x");
    one("--db=mysql://u:p@h/d", "--db=mysql://[redacted]@h/d");
    one("https://h:8080/mail?to=a@b", "https://h:8080/mail?to=a@b");
    one("https://h/x?token=abc&page=2", "https://h/x?token=[redacted]&page=2");
    one("http://u:p@a,http://v:q@b", "http://[redacted]@a,http://[redacted]@b");
}

#[test]
fn known_keys() {
    one("AKIAIOSFODNN7EXAMPLE", "[redacted]");
    one("--id=AKIAIOSFODNN7EXAMPLE", "--id=[redacted]");
    one("x/ghp_0123456789012345678901234567/y", "x/[redacted]");
    one("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "[redacted]");
    one("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END", "[redacted]");
    one("AKIA-short", "AKIA-short");
}

#[test]
fn short_options_of_known_clients() {
    assert_eq!(run(&["/usr/bin/mysql", "-phunter2", "db"]), ["/usr/bin/mysql", "-p[redacted]", "db"]);
    assert_eq!(run(&["mysql", "-p", "db"]), ["mysql", "-p", "db"]);
    assert_eq!(run(&["mongosh", "-p", "hunter2"])[2], "[redacted]");
    assert_eq!(run(&["sshpass", "-phunter2", "ssh", "-p", "22"])[1], "-p[redacted]");
    assert_eq!(run(&["curl", "-u", "a:b", "http://h"]), ["curl", "-u", "[redacted]", "http://h"]);
    assert_eq!(run(&["psql", "-p", "5432"]), ["psql", "-p", "5432"]);
    assert_eq!(run(&["sshd", "-p", "22"]), ["sshd", "-p", "22"]);
}

#[test]
fn ordinary_command_lines_stay() {
    let line = [
        "java",
        "-Xmx400m",
        "-XX:+UseG1GC",
        "-jar",
        "/app/shop.jar",
        "--server.port=8080",
        "a b c",
        "",
        "x:y",
    ];
    assert_eq!(run(&line), line);
    one("registry.local/team/auth:latest", "registry.local/team/auth:latest");
    one("import sys; sys.exit(3)", "import sys; sys.exit(3)");
}

proptest! {
    #[test]
    fn keeps_the_count_and_never_panics(args in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..12)) {
        prop_assert_eq!(redact(&args).len(), args.len());
    }

    #[test]
    fn keeps_the_count_for_tricky_text(args in proptest::collection::vec("[-=:;,&?@/ \"'{}a-z]{0,30}|--password|https://u:p@h|TOKEN=", 0..12)) {
        let args: Vec<_> = args.into_iter().map(String::into_bytes).collect();
        prop_assert_eq!(redact(&args).len(), args.len());
    }

    #[test]
    fn a_named_secret_never_comes_through(
        form in 0_usize..8,
        name in "(db[-_])?(password|token|secret|api[-_]key|passwd)",
        secret in "Q[A-Za-z0-9!$%^*+.]{5,20}Z",
        before in proptest::collection::vec("[a-z/.-]{0,10}", 0..4),
    ) {
        let mut args = before;
        match form {
            0 => args.extend([format!("--{name}"), secret.clone()]),
            1 => args.push(format!("--{name}={secret}")),
            2 => args.push(format!("{}={secret}", name.to_uppercase())),
            3 => args.push(format!("sh -c 'app --{name} {secret} x'")),
            4 => args.push(format!("https://h/p?a=1&{name}={secret}")),
            5 => args.push(format!("{name}: {secret}")),
            6 => args.push(format!(r#"{{"a":1,"{name}":"{secret}"}}"#)),
            _ => args.push(format!("postgres://u:{secret}@h/d")),
        }
        let args: Vec<_> = args.into_iter().map(String::into_bytes).collect();
        let shown = String::from_utf8(redact(&args).join(&b' ')).unwrap();
        prop_assert!(!shown.contains(&secret), "{shown}");
    }
}
