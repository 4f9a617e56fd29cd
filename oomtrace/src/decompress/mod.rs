//! Files that may be compressed: gzip, zstd and xz, recognised by their first bytes whatever the file is called.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use anyhow::{Result, anyhow, bail};
use flate2::bufread::MultiGzDecoder;
use lzma_rust2::XzReader;
use zstd::Decoder;

/// Room for reading ahead.
const BUFFER: usize = 64 * 1024;
/// Bytes that tell every format apart.
const MAGIC: usize = 6;
/// Memory that a dictionary of xz may take; `xz -9` needs 65 MiB.
const XZ_MEMORY_KIB: u32 = 256 << 10;

/// Compressions that are recognised and not read, with the program that undoes them.
const FOREIGN: [(&[u8], &str, &str); 3] = [
    (b"BZh", "bzip2", "bzip2 -dc"),
    (b"\x04\x22\x4d\x18", "lz4", "lz4 -dc"),
    (b"PK\x03\x04", "zip", "unzip -p"),
];

/// Opens a file, or standard input for `-`, and undoes its compression. `denied` is the remedy for a file that may not be read.
///
/// # Errors
/// Names the file, the cause and the remedy. Errors of the data itself, also a compressed file that was cut off, come
/// while reading, after all that could be read.
pub fn open(path: &Path, denied: &str) -> Result<Box<dyn BufRead + Send>> {
    let name = if path == Path::new("-") { "standard input".into() } else { format!("{path:?}") };
    let source: Box<dyn Read + Send> = if path == Path::new("-") {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(path).map_err(|error| cannot_open(&name, &error, denied))?)
    };
    reader(source).map_err(|error| anyhow!("can't read {name}: {error:#}"))
}

fn cannot_open(name: &str, error: &io::Error, denied: &str) -> anyhow::Error {
    let remedy = match error.kind() {
        io::ErrorKind::NotFound => "check the path, or use - for standard input",
        io::ErrorKind::PermissionDenied => denied,
        _ => return anyhow!("can't open {name}: {error}"),
    };
    anyhow!("can't open {name}: {error}; {remedy}")
}

/// Undoes gzip, zstd or xz where `source` begins like that.
///
/// # Errors
/// Those of the first read; other compressions, with the command that undoes them.
pub fn reader(source: impl Read + Send + 'static) -> Result<Box<dyn BufRead + Send>> {
    let (begin, source) = peek(source)?;
    if let Some((_, format, tool)) = FOREIGN.iter().find(|(magic, ..)| begin.starts_with(magic)) {
        bail!("it is compressed with {format}: pipe it through `{tool} FILE`, with - as the file here");
    }
    let source = BufReader::with_capacity(BUFFER, source);
    Ok(match begin.as_slice() {
        [0x1f, 0x8b, ..] => Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(source))),
        // A frame, or a frame to be skipped, which may come first.
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
            Box::new(BufReader::with_capacity(BUFFER, Decoder::with_buffer(source)?))
        }
        b"\xfd7zXZ\0" => {
            let reader = XzReader::new_mem_limit(source, true, XZ_MEMORY_KIB);
            Box::new(BufReader::with_capacity(BUFFER, reader))
        }
        _ => Box::new(source),
    })
}

/// The first bytes, and a reader that gives them once more.
fn peek(mut source: impl Read) -> io::Result<(Vec<u8>, impl Read)> {
    let mut begin = Vec::with_capacity(MAGIC);
    source.by_ref().take(MAGIC as u64).read_to_end(&mut begin)?;
    Ok((begin.clone(), io::Cursor::new(begin).chain(source)))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    /// Reads all there is; what came before an error, and the error.
    fn read(bytes: &[u8]) -> (Vec<u8>, Option<io::Error>) {
        let mut out = Vec::new();
        let error = reader(io::Cursor::new(bytes.to_vec())).unwrap().read_to_end(&mut out).err();
        (out, error)
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(text: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(text, ruzstd::encoding::CompressionLevel::Fastest)
    }

    /// Text that fills several blocks of zstd.
    fn text() -> Vec<u8> {
        (0..60_000_u64)
            .flat_map(|n| format!("{}\n", n.wrapping_mul(0x9e37_79b9_7f4a_7c15)).into_bytes())
            .collect()
    }

    #[test]
    fn plain_gzip_and_zstd_give_the_same() {
        let text = text();
        for bytes in [text.clone(), gzip(&text), zstd(&text)] {
            let (out, error) = read(&bytes);
            assert!(error.is_none() && out == text, "{error:?}, {} bytes", out.len());
        }
        for short in [&b""[..], b"a", b"\x1f"] {
            assert_eq!(read(short).0, short);
        }
    }

    #[test]
    fn what_was_appended_is_read_too() {
        let skipped = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"xyz"].concat();
        for file in [
            [gzip(b"one\n"), gzip(b"two\n")].concat(),
            [zstd(b"one\n"), zstd(b"two\n")].concat(),
            [skipped.clone(), zstd(b"one\n"), skipped, zstd(b"two\n")].concat(),
        ] {
            assert_eq!(read(&file).0, b"one\ntwo\n");
        }
    }

    #[test]
    fn what_was_cut_off_gives_what_it_has_and_an_error() {
        let text = text();
        for whole in [gzip(&text), zstd(&text)] {
            let (out, error) = read(&whole[..whole.len() * 3 / 4]);
            assert_eq!(error.unwrap().kind(), io::ErrorKind::UnexpectedEof);
            assert!(out.len() > text.len() / 3 && text.starts_with(&out), "{} of {}", out.len(), text.len());
        }
    }

    #[test]
    fn other_compressions_are_named() {
        let error = reader(&b"BZh91AY"[..]).err().unwrap().to_string();
        assert!(error.contains("bzip2 -dc"), "{error}");
    }

    proptest::proptest! {
        #[test]
        fn damage_never_panics(at in 0_usize..400, with: u8, cut in 0_usize..400) {
            let text: Vec<u8> = (0..900_u32).flat_map(u32::to_le_bytes).collect();
            for mut file in [gzip(&text), zstd(&text)] {
                if let Some(byte) = file.get_mut(at) {
                    *byte = with;
                }
                file.truncate(file.len().saturating_sub(cut).max(5));
                if let Ok(mut reader) = reader(io::Cursor::new(file)) {
                    let _ = io::copy(&mut reader.by_ref().take(1 << 20), &mut io::sink());
                }
            }
        }
    }
}
