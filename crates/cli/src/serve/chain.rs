//! Which plugs are linked with which: a plug of the other version of WASI that answers requests begins a link of its own.
//!
//! `wasi:http/handler` of 0.3 and `incoming-handler` of 0.2 have other types, so no component of the one can be given for
//! an import of the other. What hands requests on and what answers them then are instances with stores of their own, and
//! requests go from one to the other through the host.

use crate::http_names::{Handlers, HttpNames};
use crate::load::Source;

/// A component and the plugs that it is linked with.
#[derive(Debug, PartialEq, Eq)]
pub struct Link<S> {
    /// The component.
    pub root: S,
    /// Its plugs.
    pub plugs: Vec<S>,
}

/// Divides `root` and `plugs` into links; each hands requests on to the next.
pub fn divide(root: Source, plugs: Vec<Source>) -> Vec<Link<Source>> {
    divided(root, plugs, |source| HttpNames::of(&source.bytes))
}

fn divided<S>(root: S, plugs: Vec<S>, names: impl Fn(&S) -> HttpNames) -> Vec<Link<S>> {
    if plugs.is_empty() {
        return vec![Link { root, plugs }];
    }
    let mut open = Open::default();
    open.add(names(&root));
    let (mut links, mut last) = (Vec::new(), Link { root, plugs: Vec::new() });
    for plug in plugs {
        let has = names(&plug);
        if open.is_bridged_by(has) {
            links.push(std::mem::replace(&mut last, Link { root: plug, plugs: Vec::new() }));
            open = Open::default();
        } else {
            last.plugs.push(plug);
            open.serve(has);
        }
        open.add(has);
    }
    links.push(last);
    links
}

/// The handlers that a link imports and nothing in it has served yet.
#[derive(Default)]
struct Open(Handlers);

impl Open {
    fn add(&mut self, has: HttpNames) {
        self.0.p3 |= has.imports.p3;
        self.0.p2 |= has.imports.p2;
    }

    fn serve(&mut self, has: HttpNames) {
        self.0.p3 &= !has.exports.p3;
        self.0.p2 &= !has.exports.p2;
    }

    /// Whether `has` answers requests, but not as any of these imports asks for it.
    fn is_bridged_by(&self, has: HttpNames) -> bool {
        let fits = (self.0.p3 && has.exports.p3) || (self.0.p2 && has.exports.p2);
        self.0.any() && has.exports.any() && !fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `i3e2` imports the handler of 0.3 and exports that of 0.2.
    fn names(text: &&str) -> HttpNames {
        let (imports, exports) = text.split_once('e').unwrap_or((text, ""));
        let handlers = |text: &str| Handlers { p3: text.contains('3'), p2: text.contains('2') };
        HttpNames { imports: handlers(imports), exports: handlers(exports) }
    }

    fn divided_as(all: &[&'static str]) -> Vec<Vec<&'static str>> {
        let links = divided(all[0], all[1..].to_vec(), names);
        links.into_iter().map(|link| std::iter::once(link.root).chain(link.plugs).collect()).collect()
    }

    #[test]
    fn a_plug_of_the_other_version_begins_a_link() {
        assert_eq!(divided_as(&["i3e3", "ie2"]), [["i3e3"], ["ie2"]]);
        assert_eq!(divided_as(&["i2e2", "ie3"]), [["i2e2"], ["ie3"]]);
        assert_eq!(divided_as(&["i3e3", "i2e2", "ie3"]), [["i3e3"], ["i2e2"], ["ie3"]]);
        assert_eq!(divided_as(&["i3e3", "i", "ie2", "i"]), [["i3e3", "i"], ["ie2", "i"]]);
    }

    #[test]
    fn what_fits_is_linked() {
        assert_eq!(divided_as(&["i3e3", "ie3"]), [["i3e3", "ie3"]]);
        assert_eq!(divided_as(&["i3e3", "ie23"]), [["i3e3", "ie23"]]);
        assert_eq!(divided_as(&["i3e3", "i3e3", "ie2"]), [vec!["i3e3", "i3e3"], vec!["ie2"]]);
        assert_eq!(divided_as(&["ie3", "ie2"]), [["ie3", "ie2"]]);
    }
}
