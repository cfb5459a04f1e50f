//! Names of imports and exports. Spec: Explainer.md, "Import and Export Definitions" (`externname`).

use std::fmt;

use semver::Version;

/// A name of an import or an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExternName<'a> {
    /// `wasi:cli/run@0.3.0`
    Interface(InterfaceName<'a>),
    /// `greet`, `[method]file.read`
    Plain(PlainName<'a>),
}

/// The name of an interface: `namespace:package/interface@version`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterfaceName<'a> {
    /// `wasi`; more than one word with nested names.
    pub namespace: &'a str,
    /// `cli`
    pub package: &'a str,
    /// `run`
    pub interface: &'a str,
    /// `0.3.0`
    pub version: Option<Version>,
}

/// The name of a function, a resource or another thing that is no interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlainName<'a> {
    /// What the brackets say.
    pub annotation: Annotation,
    /// The resource of an annotated function.
    pub resource: Option<&'a str>,
    /// The name proper; for a constructor the name of its resource.
    pub name: &'a str,
}

/// What stands in brackets before a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Annotation {
    /// Nothing.
    None,
    /// `[constructor]`
    Constructor,
    /// `[method]`
    Method,
    /// `[static]`
    Static,
    /// `[get]`, `[method][get]`, `[static][get]`
    Get,
    /// `[set]`, `[method][set]`, `[static][set]`
    Set,
}

impl<'a> ExternName<'a> {
    /// Takes a name apart; none when it is not of the standard's form.
    #[must_use]
    pub fn parse(name: &'a str) -> Option<Self> {
        if name.contains(':') {
            InterfaceName::parse(name).map(ExternName::Interface)
        } else {
            PlainName::parse(name).map(ExternName::Plain)
        }
    }
}

impl<'a> InterfaceName<'a> {
    /// Takes the name of an interface apart.
    #[must_use]
    pub fn parse(name: &'a str) -> Option<Self> {
        let (path, version) = match name.split_once('@') {
            None => (name, None),
            Some((path, version)) => (path, Some(Version::parse(version).ok()?)),
        };
        let (package, interface) = path.split_once('/')?;
        let (namespace, package) = package.rsplit_once(':')?;
        let is_name = namespace.split(':').chain([package]).all(is_words) && interface.split('/').all(is_label);
        is_name.then_some(InterfaceName { namespace, package, interface, version })
    }

    /// The version as far as it matters for matching. Spec: `canonversion`.
    ///
    /// `1` for 1.x.y, `0.3` for 0.3.x; 0.0.x and pre-releases match only themselves. Build metadata never matters.
    #[must_use]
    pub fn canonical_version(&self) -> Option<String> {
        let version = self.version.as_ref()?;
        Some(match (version.pre.is_empty(), version.major, version.minor) {
            (true, 0, 0) | (false, _, _) => {
                Version { build: semver::BuildMetadata::EMPTY, ..version.clone() }.to_string()
            }
            (true, 0, minor) => format!("0.{minor}"),
            (true, major, _) => major.to_string(),
        })
    }

    /// The name with its canonical version: equal for interfaces that can stand for each other.
    #[must_use]
    pub fn canonical(&self) -> String {
        let version = self.canonical_version().map(|version| format!("@{version}")).unwrap_or_default();
        format!("{}:{}/{}{version}", self.namespace, self.package, self.interface)
    }

    /// Whether the version is a release candidate, such as `0.3.0-rc-2026-03-15`.
    #[must_use]
    pub fn is_release_candidate(&self) -> bool {
        self.version.as_ref().is_some_and(|version| version.pre.starts_with("rc"))
    }
}

impl fmt::Display for InterfaceName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}/{}", self.namespace, self.package, self.interface)?;
        match &self.version {
            None => Ok(()),
            Some(version) => write!(f, "@{version}"),
        }
    }
}

impl<'a> PlainName<'a> {
    /// Takes a plain name apart.
    #[must_use]
    pub fn parse(name: &'a str) -> Option<Self> {
        if let Some(resource) = name.strip_prefix("[constructor]") {
            let plain = PlainName { annotation: Annotation::Constructor, resource: Some(resource), name: resource };
            return is_label(resource).then_some(plain);
        }
        let (of_resource, rest) = match (name.strip_prefix("[method]"), name.strip_prefix("[static]")) {
            (Some(rest), _) => (Annotation::Method, rest),
            (_, Some(rest)) => (Annotation::Static, rest),
            _ => (Annotation::None, name),
        };
        let (annotation, rest) = match (rest.strip_prefix("[get]"), rest.strip_prefix("[set]")) {
            (Some(rest), _) => (Annotation::Get, rest),
            (_, Some(rest)) => (Annotation::Set, rest),
            _ => (of_resource, rest),
        };
        let (resource, name) = match of_resource {
            Annotation::None => (None, rest),
            _ => rest.split_once('.').map(|(resource, name)| (Some(resource), name))?,
        };
        resource.into_iter().chain([name]).all(is_label).then_some(PlainName { annotation, resource, name })
    }
}

/// Spec: `label`: words of letters and digits joined by hyphens, each in one case, the first beginning with a letter.
fn is_label(label: &str) -> bool {
    let starts_well = label.starts_with(|c: char| c.is_ascii_alphabetic());
    starts_well
        && label.split('-').all(|word| {
            let upper = word.bytes().any(|b| b.is_ascii_uppercase());
            let lower = word.bytes().any(|b| b.is_ascii_lowercase());
            !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric()) && !(upper && lower)
        })
}

/// Spec: `words`: a label without upper case.
fn is_words(words: &str) -> bool {
    is_label(words) && !words.bytes().any(|byte| byte.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(name: &str) -> Option<String> {
        InterfaceName::parse(name).map(|name| name.canonical())
    }

    #[test]
    fn interfaces_have_parts() {
        let name = InterfaceName::parse("wasi:http/types@0.3.0-rc-2026-03-15").unwrap();
        assert_eq!((name.namespace, name.package, name.interface), ("wasi", "http", "types"));
        assert!(name.is_release_candidate());
        assert_eq!(name.to_string(), "wasi:http/types@0.3.0-rc-2026-03-15");
        assert!(!InterfaceName::parse("wasi:http/types@0.3.0").unwrap().is_release_candidate());
    }

    #[test]
    fn versions_match_by_their_canonical_part() {
        assert_eq!(canonical("wasi:cli/run@0.3.1").as_deref(), Some("wasi:cli/run@0.3"));
        assert_eq!(canonical("wasi:cli/run@0.3.0+build").as_deref(), Some("wasi:cli/run@0.3"));
        assert_eq!(canonical("a:b/c@1.2.3").as_deref(), Some("a:b/c@1"));
        assert_eq!(canonical("a:b/c@0.0.3").as_deref(), Some("a:b/c@0.0.3"));
        assert_eq!(canonical("a:b/c@0.3.0-rc-1").as_deref(), Some("a:b/c@0.3.0-rc-1"));
        assert_eq!(canonical("a:b/c").as_deref(), Some("a:b/c"));
    }

    #[test]
    fn plain_names_have_annotations() {
        let plain = |annotation, resource, name| Some(PlainName { annotation, resource, name });
        assert_eq!(PlainName::parse("greet-ALL"), plain(Annotation::None, None, "greet-ALL"));
        assert_eq!(PlainName::parse("[method]file.read"), plain(Annotation::Method, Some("file"), "read"));
        assert_eq!(PlainName::parse("[static]file.open"), plain(Annotation::Static, Some("file"), "open"));
        assert_eq!(PlainName::parse("[constructor]file"), plain(Annotation::Constructor, Some("file"), "file"));
        assert_eq!(PlainName::parse("[method][get]file.size"), plain(Annotation::Get, Some("file"), "size"));
    }

    #[test]
    fn only_interfaces_have_upper_case() {
        assert_eq!(canonical("wasi:http/HTTP-types").as_deref(), Some("wasi:http/HTTP-types"));
        assert_eq!(canonical("WASI:http/types"), None);
        assert_eq!(canonical("wasi:HTTP/types"), None);
    }

    #[test]
    fn what_is_no_name_is_none() {
        for name in
            ["", "-", "a_b", "aB", "1a", "a--b", "[method]file", "a:b", "a:b/c@1", "a:b/", "[constructor]a.b", "[x]a"]
        {
            assert_eq!(ExternName::parse(name), None, "{name}");
        }
    }
}
