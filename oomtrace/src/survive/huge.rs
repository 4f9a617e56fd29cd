//! Huge pages, which the kernel makes and breaks up behind a program's back.

/// Keeps the program's memory in small pages. Call it before memory that must not be waited for is taken.
///
/// The kernel joins small pages into a huge one (khugepaged) and breaks a huge one up when memory runs short, locked or
/// not. A thread that touches the page meanwhile waits, and what does this work has no priority of its own. The holes that
/// it fills when it joins pages would be locked as well. Processes that are started later inherit it, so a program that
/// starts one for the user must not call this.
pub fn no_huge_pages() {
    // SAFETY: no pointers involved.
    if unsafe { libc::prctl(libc::PR_SET_THP_DISABLE, 1, 0, 0, 0) } != 0 {
        log::info!("huge pages stay in use: {}", std::io::Error::last_os_error());
    }
}

#[cfg(test)]
mod tests {
    use super::no_huge_pages;

    fn are_off() -> bool {
        // SAFETY: no pointers involved.
        unsafe { libc::prctl(libc::PR_GET_THP_DISABLE, 0, 0, 0, 0) == 1 }
    }

    #[test]
    fn huge_pages_are_off() {
        no_huge_pages();
        assert!(are_off());
        // SAFETY: no pointers involved.
        unsafe { libc::prctl(libc::PR_SET_THP_DISABLE, 0, 0, 0, 0) };
        assert!(!are_off());
    }
}
