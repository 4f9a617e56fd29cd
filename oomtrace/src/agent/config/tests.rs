use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use super::*;

#[test]
fn every_key_is_read() {
    let text = "state_dir = \"/x\"\nspool_max_size = \"8M\"\nspool_max_age = \"2d\"\nfsync = \"always\"\n\
                sample_interval = \"500ms\"\nring_size = \"2M\"\nredact = \"off\"\n[labels]\ncluster = \"a\"\n";
    let settings = Settings::of(parse(text).unwrap()).unwrap();
    assert_eq!(settings.state_dir, std::path::Path::new("/x"));
    assert_eq!((settings.spool_max_size, settings.ring_size), (8 << 20, 2 << 20));
    assert_eq!(settings.spool_max_age, Duration::from_secs(2 * 86_400));
    assert_eq!((settings.fsync, settings.redact), (Fsync::Always, Redaction::Off));
    assert_eq!(settings.sample_interval, Duration::from_millis(500));
    assert_eq!(settings.labels.get("cluster").map(String::as_str), Some("a"));
    // What is printed is understood again.
    let partial = parse(text).unwrap();
    assert_eq!(parse(&toml::to_string(&partial).unwrap()).unwrap(), partial);
}

#[test]
fn errors_name_line_and_key_and_what_was_meant() {
    for (text, words) in [
        ("# c\nstate-dir = \"/x\"\n", ["line 2", "state_dir"]),
        ("\n\nfsycn = \"always\"\n", ["line 3", "did you mean \"fsync\""]),
        ("fsync = \"allways\"\n", ["line 1, key \"fsync\"", "did you mean \"always\""]),
        ("spool_max_age = \"5x\"\n", ["line 1, key \"spool_max_age\"", "invalid duration"]),
        ("a = 1\nb = = 2\n", ["line 2", "key \"b\""]),
        ("spool_max_size = 5\n", ["line 1, key \"spool_max_size\"", "integer"]),
        ("zzzzzz = 1\n", ["line 1", "known are state_dir"]),
    ] {
        let error = parse(text).unwrap_err();
        assert!(words.iter().all(|word| error.contains(word)), "{text:?}: {error}");
    }
}

#[test]
fn a_flag_goes_before_the_file() {
    let file = parse("state_dir = \"/file\"\nfsync = \"never\"\n").unwrap();
    let flags = Partial { state_dir: Some("/flag".into()), ..Partial::default() };
    let both = flags.or(file);
    assert_eq!((both.state_dir, both.fsync), (Some("/flag".into()), Some(Fsync::Never)));
}

#[test]
fn values_out_of_range_are_refused() {
    for (text, key) in [
        ("spool_max_size = \"1M\"\n", "spool_max_size"),
        ("ring_size = \"2G\"\n", "ring_size"),
        ("sample_interval = \"2m\"\n", "sample_interval"),
    ] {
        let error = Settings::of(parse(text).unwrap()).unwrap_err();
        assert!(error.contains(key), "{error}");
    }
}

#[test]
fn a_file_that_others_write_to_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("oomtrace.toml");
    std::fs::write(&path, "fsync = \"never\"\n").unwrap();
    let mode = |bits| std::fs::set_permissions(&path, PermissionsExt::from_mode(bits)).unwrap();
    mode(0o644);
    assert_eq!(load(Some(&path)).unwrap().fsync, Some(Fsync::Never));
    for bits in [0o664, 0o646] {
        mode(bits);
        let error = load(Some(&path)).unwrap_err().to_string();
        assert!(error.contains("chmod go-w"), "{error}");
    }
    assert!(load(Some(&dir.path().join("absent"))).is_err(), "one that was asked for must be there");
}
