//! Names of instances, equal when their versions are compatible.
//!
//! Spec: "Canonical Interface Name": up to the first part of the version that is not zero; pre-releases stay exact.

/// A name with its version reduced to what must be equal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct SemverName {
    base: String,
    version: Option<String>,
}

impl SemverName {
    /// Reads a name; `None` when its version is not one.
    pub(crate) fn parse(name: &str) -> Option<SemverName> {
        let Some((base, version)) = name.split_once('@') else {
            return Some(SemverName { base: name.to_string(), version: None });
        };
        let version = semver::Version::parse(version).ok()?;
        let version = if !version.pre.is_empty() {
            version.to_string()
        } else if version.major > 0 {
            format!("{}", version.major)
        } else if version.minor > 0 {
            format!("0.{}", version.minor)
        } else {
            format!("0.0.{}", version.patch)
        };
        Some(SemverName { base: base.to_string(), version: Some(version) })
    }

    /// The empty name, of what is at the root.
    pub(super) fn root() -> SemverName {
        SemverName { base: String::new(), version: None }
    }

    /// The name without its version.
    pub(super) fn base(&self) -> &str {
        &self.base
    }
}

/// Whether two names are the same but for compatible versions.
pub(crate) fn compatible(a: &str, b: &str) -> bool {
    match (SemverName::parse(a), SemverName::parse(b)) {
        (Some(a), Some(b)) => a == b,
        _ => false,
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
    fn a_pre_release_is_only_itself() {
        assert!(!same("wasi:http/types@0.3.0-rc-2026-01-06", "wasi:http/types@0.3.0"));
        assert!(same("wasi:http/types@0.3.0-rc-2026-01-06", "wasi:http/types@0.3.0-rc-2026-01-06"));
        assert!(SemverName::parse("a:b/c@one").is_none());
    }
}
