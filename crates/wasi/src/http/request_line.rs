//! What is in the first line of a request. The requests of 0.3 and of 0.2 have it under slightly different names.

use thalweg::{Caller, LinkerInstance, Resource, Result};

use super::syntax::{is_authority, parse_path_with_query};
use super::{Method, Request, Scheme};
use crate::WasiView;

/// A host object that is a request, or has one.
pub(crate) trait HasRequest: Send + 'static {
    /// The request.
    fn request(&mut self) -> &mut Request;
}

impl HasRequest for Request {
    fn request(&mut self) -> &mut Request {
        self
    }
}

type This<H> = Resource<H>;

/// Does something with the request behind a handle.
fn with<H: HasRequest, T: WasiView, R>(
    mut caller: Caller<'_, T>,
    this: &This<H>,
    what: impl FnOnce(&mut Request) -> R,
) -> Result<R> {
    caller.data_mut().wasi().table.get_mut(this).map(|this| what(this.request()))
}

/// Defines what reads it as methods of `resource`; their names begin with `get`, which is nothing in 0.2.
pub(crate) fn getters<H: HasRequest, T: WasiView>(
    types: &mut LinkerInstance<'_, T>,
    resource: &str,
    get: &str,
) -> Result<()> {
    let named = |name: &str| format!("[method]{resource}.{get}{name}");
    types
        .func(&named("method"), |caller, (this,): (This<H>,)| with(caller, &this, |request| request.method.clone()))?
        .func(&named("path-with-query"), |caller, (this,): (This<H>,)| {
            with(caller, &this, |request| request.path_with_query.clone())
        })?
        .func(&named("scheme"), |caller, (this,): (This<H>,)| with(caller, &this, |request| request.scheme.clone()))?
        .func(&named("authority"), |caller, (this,): (This<H>,)| {
            with(caller, &this, |request| request.authority.clone())
        })?;
    Ok(())
}

/// Defines what sets it as methods of `resource`. What is no such thing is refused and changes nothing.
pub(crate) fn setters<H: HasRequest, T: WasiView>(types: &mut LinkerInstance<'_, T>, resource: &str) -> Result<()> {
    let named = |name: &str| format!("[method]{resource}.set-{name}");
    types
        .func(&named("method"), |caller, (this, method): (This<H>, Method)| {
            let parsed = method.to_http().as_ref().map(Method::from);
            with(caller, &this, |request| put(&mut request.method, parsed))
        })?
        .func(&named("path-with-query"), |caller, (this, path): (This<H>, Option<String>)| {
            let parsed = parsed(path, |path| parse_path_with_query(&path));
            with(caller, &this, |request| put(&mut request.path_with_query, parsed))
        })?
        .func(&named("scheme"), |caller, (this, scheme): (This<H>, Option<Scheme>)| {
            let parsed = parsed(scheme, |scheme| Scheme::parse(scheme.as_str()));
            with(caller, &this, |request| put(&mut request.scheme, parsed))
        })?
        .func(&named("authority"), |caller, (this, authority): (This<H>, Option<String>)| {
            let parsed = parsed(authority, |authority| is_authority(&authority).then_some(authority));
            with(caller, &this, |request| put(&mut request.authority, parsed))
        })?;
    Ok(())
}

/// What is set to nothing, or to what `parse` makes of it; nothing means that it cannot be set to that.
#[expect(clippy::option_option, reason = "the outer one is whether it is valid, the inner one its value")]
fn parsed<V>(given: Option<V>, parse: impl FnOnce(V) -> Option<V>) -> Option<Option<V>> {
    match given {
        None => Some(None),
        Some(given) => parse(given).map(Some),
    }
}

/// Puts what was parsed into its place; nothing means that it was no such thing.
fn put<V>(place: &mut V, parsed: Option<V>) -> Result<(), ()> {
    *place = parsed.ok_or(())?;
    Ok(())
}
