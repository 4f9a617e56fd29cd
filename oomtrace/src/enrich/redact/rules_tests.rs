use super::*;

#[test]
fn each_line_of_the_table_is_understood() {
    let mut seen = std::collections::HashSet::new();
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let (names, rules) = line.split_once(':').unwrap_or_else(|| panic!("{line}"));
        let names: Vec<_> = names.split(' ').filter(|name| *name != "*").collect();
        assert!(names.iter().all(|name| !name.is_empty() && seen.insert(*name)), "twice: {line}");
        for text in rules.split_whitespace() {
            assert!(rule(text).is_some(), "{text} in {line}");
        }
        assert!(client(names[0].as_bytes()).is_some(), "{line}");
    }
    assert!(seen.len() >= 250, "{} names", seen.len());
}

#[test]
fn rules_are_read() {
    let read = |text| rule(text).unwrap();
    let plain = |place, form| Rule { condition: None, place, form };
    assert_eq!(read("-p~X"), plain(Place::Next("-p"), Form::All));
    assert_eq!(read("-U?u%X"), plain(Place::Both("-U"), Form::Behind(b'%', false)));
    assert_eq!(read("#1~u/X"), plain(Place::Number(1), Form::Behind(b'/', true)));
    assert_eq!(read("add+2~X"), plain(Place::Behind("add", 2), Form::All));
    assert_eq!(read("-pass~pass:X"), plain(Place::Next("-pass"), Form::After("pass:")));
    assert_eq!(read("-h?X@"), plain(Place::Both("-h"), Form::Before));
    assert_eq!(read("-W!"), plain(Place::Plain("-W"), Form::All));
    assert_eq!(read("login&-p|X").condition, Some("login"));
    assert_eq!(rule("-p"), None);
}

#[test]
fn names_of_programs() {
    assert_eq!(name_of(b"/usr/bin/mysql"), Some("mysql"));
    assert_eq!(name_of(b"psexec.py"), Some("psexec"));
    assert_eq!(name_of(b"/"), None);
    assert!(client(b"/opt/bin/mysqldump").is_some() && client(b"no-such-client").is_none());
}
