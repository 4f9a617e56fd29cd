//! Kinds of places that secrets are in, several members each: `{{x}}` marks what is hidden.
use super::redact;

/// Checks that what is marked is hidden, and nothing else.
#[track_caller]
pub(super) fn hides(line: &[&str]) {
    let (given, expected): (Vec<_>, Vec<_>) = line.iter().map(|word| marked(word)).unzip();
    let args: Vec<_> = given.iter().map(|word| word.clone().into_bytes()).collect();
    let out: Vec<_> = redact(&args).into_iter().map(|word| String::from_utf8(word).unwrap()).collect();
    assert_eq!(out, expected);
}

fn marked(word: &str) -> (String, String) {
    let Some((head, rest)) = word.split_once("{{") else { return (word.to_owned(), word.to_owned()) };
    let (secret, tail) = rest.split_once("}}").unwrap();
    (format!("{head}{secret}{tail}"), format!("{head}[redacted]{tail}"))
}

#[track_caller]
pub(super) fn stays(line: &[&str]) {
    hides(line);
}

#[test]
fn variables_of_game_servers() {
    hides(&["srv", "+rcon_password", "{{x1yz}}", "+sv_password", "{{joinme}}", "+map", "a"]);
    hides(&["srv", "+set", "rconPassword", "{{x1yz}}", "+set", "g_password", "{{letmein}}", "+map", "a"]);
    hides(&["srv", "+rcon.password", "{{x1yz!}}", "+rcon.web", "1"]);
    hides(&["srv", "+seta", "sv_privatePassword", "{{abcde}}"]);
    hides(&["srv", "+sv_setsteamaccount", "{{0CFBFDA4FB971174E6E8A00136C41D30}}"]);
    hides(&["steamcmd", "+login", "bob", "{{abcde}}", "+quit"]);
    stays(&["steamcmd", "+login", "anonymous", "+app_update", "740", "+quit"]);
    stays(&["srv", "+rcon_password", "+map", "a"]);
    stays(&["srv", "+rcon.port", "28016", "+sv_password_file", "/x/y"]);
    hides(&["Srv", "Map?Port=7777?ServerAdminPassword={{key1}}?SessionName=EU?listen"]);
    hides(&["Srv", "Map?ServerPassword={{key1}}?listen"]);
}

#[test]
fn options_that_are_joined() {
    hides(&["curl", "-fsSLuann:{{pw}}", "https://h/"]);
    hides(&["curl", "-skuann:{{pw}}", "https://h/"]);
    hides(&["zip", "-rP{{pw1x}}", "a.zip", "d"]);
    hides(&["ldapsearch", "-xw{{pw1x}}"]);
    hides(&["mysql", "-uroot", "-sNp{{Secret1}}", "db"]);
    hides(&["taos", "-u", "root", "-p{{Taos58}}"]);
    hides(&["unknown", "-u", "root", "-p{{Taos58}}"]);
    stays(&["curl", "-fsSLo", "u:x", "https://h/"]);
    stays(&["unknown", "-u", "root", "-p8080", "-profile1"]);
}

#[test]
fn programs_behind_interpreters() {
    hides(&["/opt/az/bin/python3", "-Im", "azure.cli", "login", "-u", "x", "-p", "{{pw1x}}"]);
    hides(&["python3.11", "-m", "twine", "upload", "-p", "{{pw1x}}", "dist/a"]);
    hides(&["java", "-cp", "x", "org.apache.hive.beeline.BeeLine", "-n", "etl", "-p", "{{pwxy}}"]);
    hides(&["java", "-cp", "x", "sqlline.v1.SqlLine", "-p", "{{pwxy}}"]);
    hides(&["/usr/bin/python3", "odoo-bin", "-w", "{{pwxy}}", "-d", "prod"]);
    hides(&["python", "-m", "pgcli.main", "postgres://a:{{b1c}}@h/d"]);
    stays(&["python3", "-m", "http.server", "-p", "8080"]);
    stays(&["java", "-cp", "x", "org.example.Main", "-p", "8080"]);
}

#[test]
fn here_strings() {
    hides(&["sh", "-c", "sudo -S <<< {{pw1x}} systemctl restart app"]);
    hides(&["sh", "-c", "chpasswd <<< bob:{{pw1x}}"]);
    hides(&["sh", "-c", "chpasswd <<<'bob:{{pw1x}}'"]);
    hides(&["sh", "-c", "docker login -u b --password-stdin <<< \"{{pw1x}}\""]);
    stays(&["sh", "-c", "sudo -S <<< $PW id"]);
    stays(&["sh", "-c", "grep -c x <<< hello"]);
}

#[test]
fn secrets_behind_ids_of_keys() {
    let secret = "{{FakeM7cQontfbXpwdP8sYi8OABeFfey3J5/nm8Lu}}";
    let (id, shown) = (["AK", "IAFAKE4V3DJAWP4JP7"].concat(), "[redacted]");
    for line in [[id.as_str(), secret], [shown, secret]] {
        let id_first = line[0] == id;
        let words = [line[0], "FakeM7cQontfbXpwdP8sYi8OABeFfey3J5/nm8Lu"];
        let args: Vec<_> =
            ["s3tool", words[0], words[1]].iter().map(|word| word.as_bytes().to_vec()).collect();
        let out = redact(&args);
        assert_eq!(out[1], shown.as_bytes());
        assert_eq!(out[2] == shown.as_bytes(), id_first);
    }
}

#[test]
fn places_of_known_clients() {
    hides(&["cargo", "login", "--registry", "corp", "{{tok1xyz}}"]);
    hides(&["cargo", "login", "{{tok1xyz}}"]);
    hides(&["mc", "admin", "user", "add", "minio1", "bob", "{{McPw241}}"]);
    hides(&["wine", "net", "use", "Z:", "\\\\nas\\share", "{{pw1x}}", "/user:bob"]);
    stays(&["net", "use", "Z:", "\\\\nas\\share", "/user:bob"]);
    hides(&["npm", "config", "set", "//npm.example.net/:_password", "{{bnBtcHc}}"]);
    hides(&["govc", "guest.run", "-l", "root:{{pw1x}}", "/bin/ls"]);
    hides(&["gsql", "-U", "omm", "-W", "{{pwxy}}", "-r"]);
    hides(&["mcrcon", "-P", "25575", "-p", "{{pwxy}}", "save-all"]);
    hides(&["agent-auth", "-P", "{{pwxy}}", "-A", "web"]);
    hides(&["ss-local", "-p", "8388", "-k", "{{pw!xy}}"]);
    hides(&["check_mysql", "-u", "n", "-p", "{{pwxy}}", "-P", "3306"]);
    hides(&["perl", "pt-archiver", "--source", "h=a,P=3306,u=b,p={{pw1x}}"]);
    hides(&["curlftpfs", "-o", "rw,user=up:{{FtpPw1}}", "h", "/m"]);
}

#[test]
fn letters_of_lists() {
    hides(&["x", "h=db,u=bob,p={{sesame}}"]);
    hides(&["x", "https://h/rest?u=joe&p={{sesame}}&v=1"]);
    stays(&["x", "https://h/list?q=a&p=sesame"]);
    stays(&["x", "https://h/list?u=joe&p=2"]);
    stays(&["x", "n=1,p=abc,k=v"]);
}

#[test]
fn what_is_no_secret() {
    for word in [
        "PWD=/work",
        "OLDPWD=/srv",
        "SUDO_ASKPASS=/usr/bin/ask",
        "XDG_SESSION_ID=c2",
        "XDG_SESSION_TYPE=tty",
        "DESKTOP_SESSION=gnome",
        "GIT_ASKPASS=/x/y",
        "SSH_AUTH_SOCK=/tmp/a/agent.1",
        "TOKENIZERS_PARALLELISM=false",
        "task-sk-learn-model-training-pipeline-v2",
        "job_sk-learn-2024-01-02-with-many-words",
        "jdbc:oracle:thin:@//ora:1521/X",
        "eyJsb2ciOiJpbmZvIiwid29ya2VycyI6NCwicmVnaW9uIjoiZXUifQ==",
        "pass=2:keyint=250",
    ] {
        stays(&["app", word]);
    }
    stays(&["app", "--password", "--authenticationDatabase", "admin"]);
    stays(&["sh", "-c", "A=\"${API_KEY:?not set}\" B=${TOKEN:+set} C=${TOKEN:0:4} ./run"]);
    hides(&["sh", "-c", "A=${API_TOKEN:-{{abc1}}} ./run"]);
    let coin =
        "48edfHu7V9Z84YzzMa6fUueoELZ9ZRXq9VetWzYGzKt52XU5xvqgzYnDK9URnRoJMk1j8nLwEVsaSWJ4fhdUyZijBGUicoD";
    stays(&["miner", "-u", coin]);
    stays(&["miner", "--wallet", "Ab3dE5gH1jK2mN4pQ6rS8tU0vW1xY3zA"]);
}
