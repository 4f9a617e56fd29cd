use std::fs::File;
use std::os::unix::fs::OpenOptionsExt as _;

use super::*;

fn ring(sizes: Sizes) -> (tempfile::TempDir, PathBuf, Ring) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ring");
    let file = File::create(&path).unwrap();
    let again = |flags| File::options().write(true).custom_flags(flags).open(&path);
    let ring = Ring::fill(&file, again, sizes).unwrap();
    (directory, path, ring)
}

fn read(path: &Path) -> Vec<String> {
    let bytes = std::fs::read(path).unwrap();
    let lines = lines(&mut bytes.as_slice()).unwrap();
    String::from_utf8(lines).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn records_come_back_in_order_whatever_their_size() {
    let (_directory, path, mut ring) = ring(Sizes { shorts: 0, kills: 64, samples: 16 });
    ring.put(Lane::Header, b"header").unwrap();
    let large = "x".repeat(50_000);
    ring.put(Lane::Samples, b"sample").unwrap();
    ring.put(Lane::Kills, large.as_bytes()).unwrap();
    ring.put(Lane::Kills, b"kill").unwrap();
    assert_eq!(read(&path), ["header", "sample", &large, "kill"]);
}

#[test]
fn the_newest_stay_and_the_header_always_does() {
    let (_directory, path, mut ring) = ring(Sizes { shorts: 0, kills: 8, samples: 4 });
    let size = std::fs::metadata(&path).unwrap().len();
    ring.put(Lane::Header, b"header").unwrap();
    for n in 0..100 {
        ring.put(Lane::Kills, format!("kill {n}").as_bytes()).unwrap();
        ring.put(Lane::Samples, format!("sample {n}").as_bytes()).unwrap();
    }
    let found = read(&path);
    assert_eq!(found.iter().filter(|line| line.starts_with("kill")).count(), 8);
    assert_eq!(found.iter().filter(|line| line.starts_with("sample")).count(), 4);
    assert_eq!((found[0].as_str(), found.last().unwrap().as_str()), ("header", "sample 99"));
    assert_eq!(std::fs::metadata(&path).unwrap().len(), size, "it never grows");
}

#[test]
fn a_record_that_would_fill_the_ring_is_refused() {
    let (_directory, _path, mut ring) = ring(Sizes { shorts: 0, kills: 8, samples: 4 });
    assert!(ring.put(Lane::Kills, &[b'x'; 5 * 4096]).is_err());
}

/// Any byte that is wrong takes its record and no other; a file that is cut keeps what is before.
#[test]
fn damage_costs_what_it_hits() {
    let (_directory, path, mut ring) = ring(Sizes { shorts: 0, kills: 16, samples: 4 });
    for n in 0..8 {
        ring.put(Lane::Kills, format!("kill {n}").as_bytes()).unwrap();
    }
    let whole = std::fs::read(&path).unwrap();
    for at in (17 * 4096..25 * 4096).step_by(509) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        let found = lines(&mut bytes.as_slice()).unwrap();
        assert_eq!(found.iter().filter(|byte| **byte == b'\n').count(), 7, "byte {at}");
    }
    for cut in (4096..whole.len()).step_by(4099) {
        let found = lines(&mut &whole[..cut]).unwrap();
        let expected = (cut / 4096).saturating_sub(17).min(8);
        assert_eq!(found.iter().filter(|byte| **byte == b'\n').count(), expected, "cut at {cut}");
    }
}

/// A record whose blocks are partly overwritten is not given back in pieces.
#[test]
fn half_of_a_record_is_none() {
    let (_directory, path, mut ring) = ring(Sizes { shorts: 0, kills: 8, samples: 4 });
    ring.put(Lane::Kills, "a".repeat(4 * 4064).as_bytes()).unwrap();
    ring.put(Lane::Kills, "b".repeat(4 * 4064).as_bytes()).unwrap();
    ring.put(Lane::Kills, b"c").unwrap();
    let found: Vec<_> = read(&path).iter().map(|line| line.chars().next().unwrap()).collect();
    assert_eq!(found, ['b', 'c']);
}

/// Two writers, one file: what each wrote is there, in the order in which it was written.
#[test]
fn kills_in_short_are_written_beside_the_others() {
    let (_directory, path, mut ring) = ring(Sizes { shorts: 2, kills: 8, samples: 4 });
    let mut shorts = ring.shorts().unwrap();
    assert!(ring.shorts().is_none(), "one writer each");
    for n in 0..3 {
        shorts.put(format!("short {n}").as_bytes()).unwrap();
        ring.put(Lane::Kills, format!("kill {n}").as_bytes()).unwrap();
    }
    assert_eq!(read(&path), ["kill 0", "short 1", "kill 1", "short 2", "kill 2"]);
}
