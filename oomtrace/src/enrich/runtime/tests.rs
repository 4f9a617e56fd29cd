use proptest::prelude::*;

use super::*;
use crate::model::RuntimeSetting;

fn args(line: &str) -> Vec<Vec<u8>> {
    line.split(' ').map(|arg| arg.as_bytes().to_vec()).collect()
}

fn runtime(exe: &str, line: &str, environ: &[u8]) -> Runtime {
    let cmdline = args(line);
    let environment = environment::keep(environ);
    let exe = Some(exe.as_bytes()).filter(|exe| !exe.is_empty());
    detect(&Traces { exe, cmdline: &cmdline, environment: Some(&environment), is_go: false }).unwrap()
}

#[test]
fn kinds_by_name() {
    use RuntimeKind::*;
    for (exe, line, kind) in [
        ("/usr/bin/node", "node app.js", Node),
        ("/usr/bin/node18", "node app.js", Node),
        ("/usr/bin/node_exporter", "node_exporter", Native),
        ("/opt/jdk/bin/java (deleted)", "java -jar x", Jvm),
        ("/opt/idea/bin/idea", "idea -Xmx2g", Jvm),
        ("/usr/bin/python3.11", "gunicorn: worker", Python),
        ("/usr/bin/python-runner", "x", Native),
        ("/usr/lib/postgresql/15/bin/postgres", "postgres: checkpointer", Postgresql),
        ("", "postgres: shop db 10.0.0.1(5) SELECT", Postgresql),
        ("", "nginx: worker process", Nginx),
        ("/usr/sbin/php-fpm8.2", "php-fpm: pool www", Php),
        ("/usr/lib/gcc/x/12/cc1plus", "cc1plus -quiet", Build),
        ("/usr/bin/g++-12", "g++-12", Build),
        ("/bin/sh", "sh -c java", Native),
    ] {
        assert_eq!(runtime(exe, line, b"").kind, kind, "{exe} {line}");
    }
    assert_eq!(detect(&Traces::default()), None);
}

#[test]
fn settings_in_arguments() {
    let bytes = |runtime: &Runtime, name| runtime.bytes(name);
    let java = runtime(
        "/usr/bin/java",
        "java -Xmx1g -Xmx512m -XX:MaxRAMPercentage=60.5 -XX:MaxDirectMemorySize=64M -jar a",
        b"",
    );
    assert_eq!(bytes(&java, "-Xmx"), Some(512 << 20), "the last one counts");
    assert_eq!(bytes(&java, "-XX:MaxDirectMemorySize"), Some(64 << 20));
    assert_eq!(java.setting("-XX:MaxRAMPercentage").unwrap().value.as_deref(), Some("60.5"));
    for line in ["node --max-old-space-size=300 a.js", "node --max_old_space_size 300 a.js"] {
        assert_eq!(
            runtime("/usr/bin/node", line, b"").bytes("--max-old-space-size"),
            Some(300 << 20),
            "{line}"
        );
    }
    let redis = |line| runtime("/usr/bin/redis-server", line, b"").bytes("maxmemory");
    assert_eq!(redis("redis-server --maxmemory 100mb"), Some(100 << 20));
    assert_eq!(redis("redis-server --maxmemory 100m"), Some(100_000_000));
    assert_eq!(redis("redis-server --maxmemory"), None);
    let postgres = runtime("/usr/bin/postgres", "postgres -c shared_buffers=128MB", b"");
    assert_eq!(postgres.bytes("shared_buffers"), Some(128 << 20));
    assert_eq!(runtime("/usr/bin/java", "java -Xmxlots", b"").settings, []);
}

#[test]
fn settings_in_the_environment() {
    let node = runtime(
        "/usr/bin/node",
        "node a",
        b"PATH=/bin\0NODE_OPTIONS=--require /x --max-old-space-size=200\0",
    );
    let expected = RuntimeSetting {
        name: "--max-old-space-size".into(),
        value_bytes: Some(200 << 20),
        value: None,
        from: "NODE_OPTIONS".into(),
    };
    assert_eq!((node.settings, node.environment_read), (vec![expected], true));
    let java = |environ: &[u8]| runtime("/usr/bin/java", "java -Xmx1g", environ).bytes("-Xmx");
    assert_eq!(java(b"JAVA_TOOL_OPTIONS=-Xmx2g\0"), Some(1 << 30), "the command line comes after it");
    assert_eq!(java(b"_JAVA_OPTIONS=-Xmx2g\0"), Some(2 << 30), "and before this one");
    let go = runtime("/usr/bin/shop", "shop", b"GOMEMLIMIT=400MiB\0GOGC=off\0");
    assert_eq!((go.kind, go.bytes("GOMEMLIMIT")), (RuntimeKind::Go, Some(400 << 20)));
    assert_eq!(go.setting("GOGC").unwrap().value.as_deref(), Some("off"));
    assert_eq!(
        runtime("/bin/shop", "shop", b"GOMEMLIMIT=off\0").setting("GOMEMLIMIT").unwrap().value_bytes,
        None
    );
    let net = runtime("/usr/bin/dotnet", "dotnet a.dll", b"DOTNET_GCHeapHardLimit=0x10000000\0");
    assert_eq!(net.bytes("DOTNET_GCHeapHardLimit"), Some(256 << 20));
}

#[test]
fn secrets_of_an_environment_are_not_kept() {
    let environ = b"PASSWORD=hunter2\0JAVA_TOOL_OPTIONS=-Dkey=hunter2 -Xmx1g -Xmxhunter2/x\0GOGC=hunter2-hunter2\0\
        NODE_OPTIONS=--max-old-space-size=hunter2;x --title=hunter2\0LD_PRELOAD=/x\0AWS_SECRET_ACCESS_KEY=hunter2\0";
    let kept = String::from_utf8(environment::keep(environ)).unwrap();
    assert_eq!(kept, "JAVA_TOOL_OPTIONS=-Xmx1g\0NODE_OPTIONS=\0");
    assert_eq!(environment::keep(b"GOGC=hunter\0_JAVA_OPTIONS=-Xmxhunter\0"), b"_JAVA_OPTIONS=\0");
}

#[test]
fn go_is_told_by_its_note() {
    let head = go::head();
    assert!(!is_go(&head[..1020]), "another note comes first");
    assert!(is_go(&head));
    assert!(!is_go(&std::fs::read("/proc/self/exe").unwrap()[..4096]));
}

proptest! {
    #[test]
    fn any_bytes_are_survived(
        environ in proptest::collection::vec(any::<u8>(), 0..400),
        text in "(GOGC|GOMEMLIMIT|NODE_OPTIONS|_JAVA_OPTIONS)=[ -~]{0,60}\0",
        cmdline in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..30), 0..5),
    ) {
        let kept = environment::keep(&[text.as_bytes(), &environ].concat());
        prop_assert!(kept.len() <= environment::KEPT);
        prop_assert_eq!(environment::keep(&kept), kept.clone(), "what was kept is kept again");
        let _ = detect(&Traces { exe: Some(&environ), cmdline: &cmdline, environment: Some(&kept), is_go: is_go(&environ) });
        let head = [b"\x7fELF\x02".as_slice(), &environ].concat();
        is_go(&head);
    }
}
