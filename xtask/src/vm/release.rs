//! Which package of a series is the newest.

/// The packages of one kernel release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Release {
    /// `6.12.117+deb13`, without the flavour.
    pub(super) release: String,
    /// Holds the bootable image.
    pub(super) image: String,
    /// Holds the configuration where the image's package does not (since 6.18).
    pub(super) base: Option<String>,
}

/// The newest release of `series` (or `newest`) and `flavour` among package `names`.
pub(super) fn newest(names: &[String], series: &str, flavour: &str) -> Option<Release> {
    let mut releases: Vec<&str> = names.iter().filter_map(|name| release_of(name, flavour)).collect();
    releases.retain(|release| series == "newest" || release.strip_prefix(series).is_some_and(starts_part));
    let release = releases.into_iter().max_by_key(|release| ordering_key(release))?;
    let package = |kind: &str| {
        let wanted = format!("linux-{kind}-{release}-{flavour}");
        names.iter().find(|name| **name == wanted).cloned()
    };
    // Since 6.19 linux-image is an empty package that depends on the others.
    let image = package("binary").or_else(|| package("image"))?;
    Some(Release { release: release.to_owned(), image, base: package("base") })
}

fn starts_part(rest: &str) -> bool {
    rest.starts_with('.') || rest.starts_with('-') || rest.starts_with('+')
}

/// `linux-image-6.1.0-56-cloud-amd64` is release `6.1.0-56` of flavour `cloud-amd64`.
fn release_of<'a>(name: &'a str, flavour: &str) -> Option<&'a str> {
    let rest = name.strip_prefix("linux-image-").or_else(|| name.strip_prefix("linux-binary-"))?;
    let release = rest.strip_suffix(flavour)?.strip_suffix('-')?;
    let full_version =
        release.split('.').count() >= 3 && release.starts_with(|first: char| first.is_ascii_digit());
    let other_flavour = ["-cloud", "-rt", "-16k"].iter().any(|part| release.ends_with(part));
    (full_version && !other_flavour).then_some(release)
}

/// Numbers by value; what is between them does not matter for the names Debian gives.
fn ordering_key(release: &str) -> Vec<u64> {
    release
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .map(|part| part.parse().unwrap_or(u64::MAX))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    fn pick(all: &[&str], series: &str, flavour: &str) -> Option<(String, String)> {
        newest(&names(all), series, flavour).map(|found| (found.release, found.image))
    }

    #[test]
    fn numbers_are_compared_by_value() {
        let all = [
            "linux-image-6.1.0-9-cloud-amd64",
            "linux-image-6.1.0-56-cloud-amd64",
            "linux-image-6.12.3-cloud-amd64",
        ];
        assert_eq!(pick(&all, "6.1", "cloud-amd64").unwrap().0, "6.1.0-56");
        assert_eq!(pick(&all, "newest", "cloud-amd64").unwrap().0, "6.12.3");
        assert_eq!(pick(&all, "5.10", "cloud-amd64"), None);
    }

    #[test]
    fn the_image_moved_to_another_package() {
        let all = ["linux-image-7.0.4+deb13-cloud-amd64", "linux-binary-7.0.4+deb13-cloud-amd64"];
        assert_eq!(pick(&all, "7.0", "cloud-amd64").unwrap().1, "linux-binary-7.0.4+deb13-cloud-amd64");
    }

    #[test]
    fn unsigned_and_meta_packages_and_other_flavours_do_not_count() {
        let all = [
            "linux-image-6.12-amd64",
            "linux-image-6.12.9+deb13-cloud-amd64",
            "linux-image-6.12.9+deb13-rt-amd64",
            "linux-image-6.12.9+deb13-amd64-unsigned",
            "linux-image-6.12.8+deb13-amd64",
        ];
        assert_eq!(pick(&all, "6.12", "amd64").unwrap().0, "6.12.8+deb13");
    }

    #[test]
    fn the_configuration_may_be_in_a_package_of_its_own() {
        let all = names(&["linux-binary-7.3.4+deb13-cloud-amd64", "linux-base-7.3.4+deb13-cloud-amd64"]);
        let found = newest(&all, "newest", "cloud-amd64").unwrap();
        assert_eq!(found.base.as_deref(), Some("linux-base-7.3.4+deb13-cloud-amd64"));
    }
}
