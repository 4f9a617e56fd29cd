//! Words that nobody can guess.

use std::io;

/// 128 random bits in hex.
///
/// # Errors
/// The kernel has none.
pub fn word() -> io::Result<String> {
    let mut bytes = [0_u8; 16];
    // SAFETY: a live buffer with its length.
    let filled = unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), bytes.len(), 0) };
    if usize::try_from(filled) != Ok(bytes.len()) {
        return Err(io::Error::last_os_error());
    }
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
