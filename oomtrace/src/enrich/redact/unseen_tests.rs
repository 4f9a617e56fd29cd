//! Kinds that unseen sets of command lines showed, with more members of each: `{{x}}` marks what is hidden.
use super::kinds_tests::{hides, stays};

#[test]
fn data_source_names_and_users() {
    hides(&["psql-ish", "--dsn", "postgres://a:{{b1}}@h/d"]);
    hides(&["mytool", "--dsn", "user=bob password={{b1cd}} host=h"]);
    hides(&["go-app", "-dsn", "root:{{r00t}}@tcp(127.0.0.1:3306)/db?parseTime=true"]);
    hides(&["go-app", "--dsn=root:{{r00t}}@(db:3306)/x"]);
    hides(&["env", "MYSQL_DSN=root:{{r00t}}@unix(/tmp/m.sock)/x", "go-app"]);
    hides(&["xtrabackup", "--backup", "--user=bkp", "--password={{s3c}}", "--target-dir=/x"]);
    hides(&["innobackupex", "--user", "bkp", "--password", "{{s3cr}}", "/x"]);
    hides(&["dbtool", "-U", "bob", "-W", "{{Pa55w}}"]);
    hides(&["dbtool", "-u", "bob", "-P", "{{Pa55w}}"]);
}

#[test]
fn agents() {
    hides(&[
        "java",
        "-jar",
        "agent.jar",
        "-jnlpUrl",
        "http://j/computer/x/slave-agent.jnlp",
        "-secret",
        "{{9074791fbbdde1e4e0a879ceca9416609f1443f1fbe5e3deae611c509f503d6e}}",
        "-workDir",
        "/w",
    ]);
    hides(&[
        "jenkins-agent",
        "-url",
        "http://j",
        "{{9074791fbbdde1e4e0a879ceca9416609f1443f1fbe5e3deae611c509f503d6e}}",
        "pod1",
    ]);
}

#[test]
fn calls_with_a_user_and_a_password() {
    hides(&["perl", "-e", "DBI->connect('dbi:mysql:x','u1','{{perlpw}}')"]);
    hides(&[
        "perl",
        "-MDBI",
        "-e",
        "my $d = DBI->connect( 'dbi:Pg:x', 'u1', '{{perlpw}}', {RaiseError=>1});",
    ]);
    hides(&["python3", "-c", "import pymysql; pymysql.connect('h','u','{{pymy1}}','d')"]);
    hides(&["python3", "-c", "import smtplib; s.login('u','{{pymy1}}')"]);
    hides(&["ruby", "-e", "Mysql2::Client.new(host: 'h', password: '{{rb1x}}')"]);
    hides(&["node", "-e", "mysql.createConnection({host:'h',user:'u',password:'{{njs1}}'})"]);
    hides(&["node", "-e", "new Sequelize('db','u','{{njs1pw}}',{dialect:'pg'})"]);
    hides(&["php", "-r", "new SoapClient('x',['login'=>'u','password'=>'{{soap1}}']);"]);
    hides(&["php", "-r", "mysql_connect('h','u','{{oldPw}}');"]);
}

#[test]
fn what_is_piped_into_a_reader() {
    hides(&["sh", "-c", "echo {{pw1x}} | sudo -S id"]);
    hides(&["sh", "-c", "echo {{pw1x}} | sudo -kS id"]);
    hides(&["sh", "-c", "echo {{pw1x}} | crane auth login reg -u b --password-stdin"]);
    hides(&["sh", "-c", "echo -n {{pw1x}} | cryptsetup open /dev/x y -"]);
    hides(&["sh", "-c", "echo '{{pw1x}}' | kinit bob"]);
    hides(&["sh", "-c", "printf '%s\\n' {{pw1x}} | openconnect --passwd-on-stdin h"]);
    hides(&["sh", "-c", "echo {{pw1x}} | gh auth login --with-token"]);
    hides(&["sh", "-c", "echo {{pw1x}} | flyctl-x auth --token-stdin"]);
}

#[test]
fn seeds_headers_and_addresses() {
    hides(&[
        "subkey",
        "inspect",
        "{{bottom drive obey lake curtain smoke basket hold race lonely fit walk}}",
    ]);
    hides(&[
        "cast",
        "wallet",
        "import",
        "x",
        "--mnemonic",
        "{{bottom drive obey lake curtain smoke basket hold race lonely fit walk}}",
    ]);
    hides(&[
        "gaiad",
        "keys",
        "add",
        "x",
        "--recover",
        "--seed-phrase",
        "{{bottom drive obey lake curtain smoke basket hold race lonely fit walk}}",
    ]);
    hides(&["bundle", "config", "set", "enterprise.contribsys.com", "cafe0123:{{deadbeef}}"]);
    hides(&["otelcol", "--set=exporters.otlp.headers.api-key={{GiyUznaYMAr1m3dnxGLl7K}}"]);
    hides(&["otelcol", "--set", "exporters.otlp.headers.x-api-key={{Giy1Uzna}}"]);
    hides(&["otelcol", "--set", "exporters.otlp/hny.headers.x-honeycomb-team={{GiyUznaYMAr1m3dnxGLl7K}}"]);
    hides(&["app", "--otlp-header", "x-honeycomb-team={{GiyUznaYMAr1m3dnxGLl7K}}"]);
    hides(&["app", "-H", "x-honeycomb-team: {{GiyUznaYMAr1m3dnxGLl7K}}"]);
    hides(&["env", "OTEL_EXPORTER_OTLP_HEADERS=x-honeycomb-team={{GiyUznaYMAr1m3dnxGLl7K}}", "app"]);
    hides(&["env", "OTEL_EXPORTER_OTLP_HEADERS=signoz-access-token={{abc1def}}", "app"]);
    hides(&["geth", "--x", "wss://mainnet.infura.io/ws/v3/{{9dfbb926da076f3545addbbda841815d}}"]);
    hides(&["geth", "--x", "https://polygon-mainnet.g.alchemy.com/v2/{{AbC-dEf123}}"]);
}

#[test]
fn names_whose_last_word_is_no_secret() {
    stays(&[
        "env",
        "SESSION_COOKIE_SECURE=True",
        "CSRF_COOKIE_HTTPONLY=1",
        "SESSION_COOKIE_AGE=1209600",
        "SESSION_COOKIE_SAMESITE=Lax",
        "django",
    ]);
    stays(&[
        "env",
        "PASSWORD_RESET_TIMEOUT_DAYS=3",
        "AUTH_PASSWORD_VALIDATORS=strict1",
        "LOGIN_REDIRECT_URL=/home",
        "gunicorn",
    ]);
    stays(&[
        "env",
        "AWS_SECRET_NAME=prod/db2",
        "SECRET_ARN=arn:aws:secretsmanager:eu:1:secret:x",
        "SECRETS_PROVIDER=vault1",
        "app",
    ]);
    stays(&[
        "env",
        "AUTH_MODE=oauth2proxy",
        "AUTH_TYPE=Saml2",
        "AUTH_PROVIDER=keycloak26",
        "AUTH_STRATEGY=jwt2",
        "AUTH_BACKEND=ldap3",
        "app",
    ]);
    stays(&[
        "app",
        "--auth-mode=token2",
        "--token-type=JWT9",
        "--token-format",
        "opaque3",
        "--token-audience=api://x1",
        "--token-issuer",
        "https://x",
    ]);
    stays(&[
        "app",
        "--secret-store",
        "vault2",
        "--secret-backend=k8s2",
        "--secret-path",
        "kv/data/app1",
        "--secret-mount",
        "kv2",
    ]);
    stays(&[
        "kube-apiserver",
        "--service-account-key-file=/etc/k/sa.pub",
        "--token-auth-file=/x.csv",
        "--authorization-mode=Node,RBAC",
        "--enable-bootstrap-token-auth=true",
    ]);
    stays(&[
        "kube-apiserver",
        "--api-audiences=a",
        "--service-account-max-token-expiration=24h",
        "--authentication-token-webhook-cache-ttl=2m0s",
    ]);
    stays(&[
        "kubelet",
        "--authentication-token-webhook=true",
        "--rotate-certificates",
        "--bootstrap-kubeconfig=/x",
    ]);
    stays(&[
        "vllm",
        "serve",
        "m",
        "--max-num-batched-tokens",
        "8192",
        "--max-tokens",
        "4096",
        "--tokenizer-mode",
        "auto",
        "--stop-token-ids",
        "2,3",
    ]);
    stays(&["llama-server", "--n-predict", "10", "--keep", "20", "--token-healing", "--prompt-cache", "/x"]);
    stays(&[
        "python",
        "train.py",
        "--pad_token_id",
        "50256",
        "--token_dropout",
        "0.1",
        "--num_secret_samples",
        "10",
        "--pass_rate",
        "0.9",
    ]);
    stays(&[
        "spark-submit",
        "--conf",
        "spark.authenticate.secretBitLength=256",
        "--conf",
        "spark.network.crypto.keyLength=256",
        "--conf",
        "spark.io.encryption.keySizeBits=256",
        "x",
    ]);
    stays(&[
        "java",
        "-Djavax.net.ssl.keyStoreType=PKCS12",
        "-Djavax.net.ssl.trustStore=/x.jks",
        "-Dkeystore.password.file=/y",
        "-jar",
        "a.jar",
    ]);
    stays(&[
        "keycloak",
        "start",
        "--spi-password-policy-hash-iterations=210000",
        "--features=token-exchange2",
    ]);
    stays(&["postgres", "-c", "password_encryption=scram-sha-256", "-c", "authentication_timeout=60s"]);
    stays(&["redis-server", "--masterauth-file", "/x", "--requirepass-file", "/y"]);
    stays(&[
        "mysqld",
        "--default-authentication-plugin=mysql_native_password",
        "--default-password-lifetime=180",
        "--validate-password.length=12",
        "--validate_password.policy=STRONG2",
    ]);
    stays(&["mysqld", "--caching_sha2_password_digest_rounds=5000", "--disconnect_on_expired_password=ON"]);
    stays(&[
        "cassandra",
        "-Dcassandra.consistent.rangemovement=false",
        "--initial-token=-9223372036854775808",
    ]);
    stays(&["git", "diff", "--word-diff=color", "deadbeefdeadbeefdeadbeefdeadbeefdeadbeef"]);
    stays(&[
        "docker",
        "run",
        "--rm",
        "img@sha256:9074791fbbdde1e4e0a879ceca9416609f1443f1fbe5e3deae611c509f503d6e",
    ]);
    stays(&["nix-store", "-r", "/nix/store/9krlzvny65gdc8s7kpb6lkx8cd02c25b-hello-2.12"]);
    stays(&[
        "helm",
        "install",
        "x",
        "--set",
        "auth.secretName=db2-creds",
        "--set",
        "auth.tokenSecretKeyRef.name=abc1",
        "--set",
        "auth.tokenSecretKeyRef.key=tok1",
    ]);
    stays(&[
        "helm",
        "install",
        "x",
        "--set",
        "existingSecretPasswordKey=pw1",
        "--set",
        "auth.existingSecret=x1",
        "--set",
        "imagePullSecrets[0].name=reg1",
    ]);
    stays(&[
        "helm",
        "install",
        "x",
        "--set",
        "passwordSecretName=x1",
        "--set",
        "secretKeyName=k1",
        "--set",
        "auth.passwordSecretKey=pg-password",
    ]);
    stays(&["kubectl", "create", "secret", "generic", "x1", "--from-file=token=/x/y"]);
    stays(&["kubectl", "get", "secret", "db-password1", "-o", "json"]);
    stays(&["kubectl", "delete", "secrets", "tok1", "tok2"]);
    stays(&["vault", "kv", "get", "secret/prod/db2"]);
    stays(&[
        "vault",
        "write",
        "auth/approle/role/x1",
        "token_ttl=20m",
        "token_max_ttl=30m",
        "secret_id_num_uses=40",
        "token_policies=p1,p2",
        "secret_id_ttl=10m",
    ]);
    stays(&["vault", "token", "lookup-self"]);
    stays(&["aws", "secretsmanager", "get-secret-value", "--secret-id", "prod/db2"]);
    stays(&["aws", "dynamodb", "scan", "--starting-token", "eyJFeGNsdXNpdmU", "--page-size", "10"]);
    stays(&["aws", "s3api", "list-objects", "--continuation-token", "1abc2", "--sse-kms-key-id", "alias/x1"]);
    stays(&["gcloud", "secrets", "versions", "access", "latest", "--secret=db-pass1"]);
    stays(&["az", "keyvault", "secret", "show", "--vault-name", "v1", "--name", "db-pass1"]);
    stays(&["npm", "run", "build", "--", "--public-key-hash=abc12", "--nonce-header", "X-N1"]);
    stays(&["wget", "--keep-session-cookies", "--load-cookies=c1.txt", "https://h"]);
    stays(&["openssl", "enc", "-aes-256-cbc", "-pass", "file:/x", "-pbkdf2", "-iter", "100000"]);
    stays(&["ssh-keygen", "-t", "ed25519", "-C", "bob@h1", "-f", "/x/k1"]);
    stays(&["gpg", "--batch", "--passphrase-file", "/x", "--pinentry-mode", "loopback"]);
    stays(&["hashcat", "-m", "1000", "--session", "s1", "--potfile-path", "/x"]);
}

#[test]
fn values_that_are_no_secret() {
    stays(&["john", "--session=run42", "--format=nt2", "hashes"]);
    stays(&["tmux", "new-session", "-s", "build42"]);
    stays(&["screen", "-S", "build42"]);
    stays(&["sh", "-c", "python -m pytest -k token2 tests/test_auth.py::test_password1"]);
    stays(&["nginx", "-g", "limit_req_zone $cookie_token zone=a1:10m;"]);
    stays(&["haproxy", "-sf", "42", "-f", "/x"]);
    stays(&["consul", "agent", "-encrypt-verify-incoming=true", "-acl-token-ttl=30s"]);
    stays(&[
        "etcd",
        "--auth-token-ttl",
        "300",
        "--bcrypt-cost",
        "10",
        "--initial-cluster-token",
        "etcd-cluster-1",
    ]);
    stays(&["rabbitmqctl", "list_user_permissions", "bob1"]);
    stays(&["solr", "-Dsolr.auth.realm=x1"]);
    stays(&["rails", "runner", "User.where(token_type: 'x1').count"]);
    stays(&["node", "-e", "fs.connect('a','b','c')"]);
    stays(&["python", "-c", "sock.connect('1.2.3.4', 'p1', 'tcp')"]);
    stays(&["php", "artisan", "queue:work", "--timeout=60", "--sleep=3", "--tries=3"]);
    stays(&[
        "app",
        "--keyring-backend",
        "test1",
        "--chain-id",
        "x-1",
        "--key-name",
        "val1",
        "--key-alias",
        "k1",
        "--key-type",
        "ed25519",
        "--key-size",
        "4096",
    ]);
    stays(&[
        "app",
        "--encryption-key-id",
        "1a2b3c4d-1111-2222-3333-444455556666",
        "--kms-key-arn",
        "arn:aws:kms:x:1:key/1",
    ]);
    stays(&["sccache", "--token-bucket-size", "10", "--sessions", "10", "--session-limit", "5"]);
    stays(&["mpirun", "-x", "SECRET_PATH", "-np", "4", "app"]);
    stays(&["tool", "-u", "bob", "-p", "8080", "-W", "30", "-P", "22"]);
    stays(&["tool", "-u", "bob", "-p", "tcp", "-l", "info"]);
    stays(&["tool", "--user=bob", "-p", "/var/x1", "-P", "udp4"]);
    stays(&["rsync", "--password-file=/x1", "a", "b"]);
    stays(&["fetch", "--etag", "33a64df551425fcd55e4d42a148795d9f25f89d4"]);
    stays(&["jq", "-r", ".token", "x1.json"]);
    stays(&["curl", "-H", "Idempotency-Key: 8e03978e-40d5-43e8-bc93-6894a57f9324", "https://h"]);
    stays(&["curl", "-H", "X-Request-Id: 8e03978e40d543e8bc936894a57f9324", "https://h"]);
    stays(&["curl", "https://h/x?sort_key=a1&cache_key=b2&token_type=c3&key=name1"]);
    stays(&["polkadot", "--suri", "//Alice"]);
    stays(&["node", "-e", "s.connect('a','b','/tmp/x.sock')"]);
    stays(&["sh", "-c", "echo hello | tee --append x"]);
    stays(&["x", "--consumer-opt=tls_v1,true", "--o=auth_secret,true"]);
    stays(&[
        "env",
        "PASSWORD_MAX_AGE=90",
        "TOKEN_TTL_SECONDS=3600",
        "JWT_EXPIRATION_MS=1000000",
        "PASSWORD_RESET_URL=https://h/x",
        "TOKEN_HEADER=X-Auth",
        "SECRET_CLASS=Kubernetes",
        "PASSWORD_ALGORITHM=argon2id",
        "TOKEN_PREFIX=Bearer1",
        "PASSWORD_COLUMN=pw_hash",
        "SESSION_COOKIE_NAME=sid9",
        "JWT_REFRESH_DAYS=7000000",
        "CSRF_TOKEN_MODE=double1",
        "app",
    ]);
    stays(&[
        "helm",
        "--set",
        "auth.existingSecretPasswordKey=pg-password",
        "--set",
        "existingSecret=pg",
        "--set",
        "auth.usernameKey=u",
        "--set",
        "existingSecretKey=redis-password",
        "--set",
        "secretRef.key=db-password",
        "--set",
        "secretName=x9-tls",
    ]);
    stays(&[
        "curl",
        "https://h/a?next_page_token=CAUQAA22bbccddeeff&continuation_token=abc9&cursor=z1&page_token=2",
    ]);
    stays(&[
        "env",
        "VITE_STRIPE_PUBLISHABLE_KEY=pk_test_tyjAT7KrpQ5vwUKE2bupVMjj",
        "REACT_APP_PUBLIC_KEY=pk_live_abcdefg1234567",
        "npm",
        "start",
    ]);
    stays(&[
        "ipfs",
        "swarm",
        "connect",
        "/ip4/1.2.3.4/tcp/4001/p2p/12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf",
    ]);
    stays(&["ipfs", "cat", "bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi"]);
    stays(&["etcd", "--initial-cluster-token", "etcd-cluster-1", "--auth-token", "simple"]);
    stays(&["cassandra", "-Dcassandra.initial_token=9223372036854775", "--num_tokens=256"]);
    stays(&["bundle", "config", "set", "--local", "path", "vendor/x"]);
    stays(&["bundle", "config", "mirror.https://rubygems.org", "http://m.corp:8080"]);
    stays(&[
        "app",
        "--session-timeout=1800000",
        "--token-validity=86400000",
        "--jwt.expiration=3600000",
        "--secret-rotation-days=9000000",
        "--password-min-length",
        "12",
        "--token-lifetime-sec",
        "7000000",
        "--api-key-header",
        "X-Key1",
        "--password-field",
        "pw1",
    ]);
    stays(&[
        "app",
        "--token-limit=1000000",
        "--secret-size",
        "4KiB",
        "--token-refresh",
        "30s",
        "--token-interval-ms",
        "10000",
        "--credentials-type",
        "k8s1",
        "--password-encoder",
        "bcrypt1",
        "--secret-engine",
        "kv2",
    ]);
}
