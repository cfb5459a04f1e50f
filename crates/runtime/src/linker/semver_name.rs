//! Names of instances, equal when their versions are compatible.
//!
//! Spec: "Canonical Interface Name": up to the first part of the version that is not zero; pre-releases stay exact.

/// A name with its version reduced to what must be equal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct SemverName {
    base: String,
    version: Option<Version>,
}

/// What of a version must be equal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Version {
    Major(u64),
    /// Of `0.minor`.
    Minor(u64),
    /// Of `0.0.patch`.
    Patch(u64),
    /// A pre-release.
    Exact(String),
}

impl SemverName {
    /// Reads a name; `None` when its version is not one.
    pub(crate) fn parse(name: &str) -> Option<SemverName> {
        let Some((base, version)) = name.split_once('@') else {
            return Some(SemverName { base: name.to_string(), version: None });
        };
        let version = semver::Version::parse(version).ok()?;
        let version = match (version.major, version.minor) {
            _ if !version.pre.is_empty() => Version::Exact(version.to_string()),
            (0, 0) => Version::Patch(version.patch),
            (0, minor) => Version::Minor(minor),
            (major, _) => Version::Major(major),
        };
        Some(SemverName { base: base.to_string(), version: Some(version) })
    }

    /// The empty name, of what is at the root.
    pub(super) fn root() -> SemverName {
        SemverName { base: String::new(), version: None }
    }

    /// Whether this, the name of a package, is that of `instance`'s package.
    pub(super) fn is_package_of(&self, instance: &SemverName) -> bool {
        instance.package() == self.base && instance.version == self.version
    }

    /// The name of the package, without its version.
    pub(super) fn package(&self) -> &str {
        self.base.split_once('/').map_or(&self.base, |(package, _)| package)
    }

    /// The name without its version.
    pub(super) fn base(&self) -> &str {
        &self.base
    }
}

/// Whether two names are the same but for compatible versions.
pub(crate) fn compatible(a: &str, b: &str) -> bool {
    match (a.split_once('@'), b.split_once('@')) {
        (None, None) => a == b,
        (Some((a, of_a)), Some((b, of_b))) if a == b => {
            let versions = semver::Version::parse(of_a).ok().zip(semver::Version::parse(of_b).ok());
            versions.is_some_and(|(a, b)| compatible_versions(&a, &b))
        }
        _ => false,
    }
}

fn compatible_versions(a: &semver::Version, b: &semver::Version) -> bool {
    if !a.pre.is_empty() || !b.pre.is_empty() {
        return a == b;
    }
    match (a.major, a.minor) {
        (0, 0) => (b.major, b.minor, b.patch) == (0, 0, a.patch),
        (0, minor) => (b.major, b.minor) == (0, minor),
        (major, _) => b.major == major,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(a: &str, b: &str) -> bool {
        SemverName::parse(a).expect("a name") == SemverName::parse(b).expect("a name")
    }

    #[test]
    fn compatible_versions_are_the_same_name() {
        assert!(same("wasi:cli/run@0.3.0", "wasi:cli/run@0.3.2"));
        assert!(same("wasi:io/poll@0.2.12", "wasi:io/poll@0.2.0"));
        assert!(same("a:b/c@1.0.0", "a:b/c@1.9.3"));
        assert!(!same("wasi:cli/run@0.3.0", "wasi:cli/run@0.2.0"));
        assert!(!same("a:b/c@0.0.1", "a:b/c@0.0.2"));
        assert!(!same("wasi:cli/run@0.3.0", "wasi:cli/run"));
    }

    #[test]
    fn two_names_are_compared_as_they_are_read() {
        let versions =
            ["", "@0.2.0", "@0.2.12", "@0.3.0", "@0.0.1", "@0.0.2", "@1.0.0", "@1.2.0", "@2.0.0", "@0.3.0-rc-1"];
        let more = ["@0.3.0-rc-2", "@one", "@0.0.0", "@1.2.0+build", "@0.3.0-rc-1+build", "@"];
        let names = ["a:b/c", "a:b/d"].map(|base| versions.iter().chain(&more).map(move |it| format!("{base}{it}")));
        let names: Vec<_> = names.into_iter().flatten().collect();
        for a in &names {
            for b in &names {
                let read = SemverName::parse(a).zip(SemverName::parse(b)).is_some_and(|(a, b)| a == b);
                assert_eq!(compatible(a, b), read, "{a} {b}");
            }
        }
    }

    #[test]
    fn a_pre_release_is_only_itself() {
        assert!(!same("wasi:http/types@0.3.0-rc-2026-01-06", "wasi:http/types@0.3.0"));
        assert!(same("wasi:http/types@0.3.0-rc-2026-01-06", "wasi:http/types@0.3.0-rc-2026-01-06"));
        assert!(SemverName::parse("a:b/c@one").is_none());
    }
}
