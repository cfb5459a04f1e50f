//! Spec: wasi:http/types.fields.

use thalweg::{Caller, LinkerInstance, Resource, Result};

use super::header_error::told;
use crate::WasiView;
use crate::http::Fields;

type This = Resource<Fields>;

pub(super) fn add_to_linker<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types.resource::<Fields>("fields", |view: &mut T, rep| view.wasi().table.delete(This::new_own(rep)).map(drop))?;
    making(types)?;
    reading(types)?;
    writing(types)
}

/// Does something with the fields behind a handle.
fn with<T: WasiView, R>(mut caller: Caller<'_, T>, this: &This, what: impl FnOnce(&mut Fields) -> R) -> Result<R> {
    caller.data_mut().wasi().table.get_mut(this).map(what)
}

fn making<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types
        .func("[constructor]fields", |mut caller, ()| {
            let mut data = caller.data_mut();
            let wasi = data.wasi();
            wasi.table.push(Fields::new(wasi.http.max_fields_size))
        })?
        .func("[static]fields.from-list", |mut caller, (entries,): (Vec<(String, Vec<u8>)>,)| {
            let mut data = caller.data_mut();
            let wasi = data.wasi();
            match told(Fields::from_list(wasi.http.max_fields_size, entries))? {
                Ok(fields) => wasi.table.push(fields).map(Ok),
                Err(error) => Ok(Err(error)),
            }
        })?
        .func("[method]fields.clone", |mut caller, (this,): (This,)| {
            let mut data = caller.data_mut();
            let table = &mut data.wasi().table;
            let copy = table.get(&this)?.mutable_copy();
            table.push(copy)
        })?;
    Ok(())
}

fn reading<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types
        .func("[method]fields.get", |caller, (this, name): (This, String)| {
            with(caller, &this, |fields| fields.get(&name))
        })?
        .func("[method]fields.has", |caller, (this, name): (This, String)| {
            with(caller, &this, |fields| fields.has(&name))
        })?
        .func("[method]fields.entries", |caller, (this,): (This,)| with(caller, &this, |fields| fields.copy_all()))?;
    Ok(())
}

fn writing<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types
        .func("[method]fields.set", |caller, (this, name, values): (This, String, Vec<Vec<u8>>)| {
            told(with(caller, &this, |fields| fields.set(&name, &values))?)
        })?
        .func("[method]fields.delete", |caller, (this, name): (This, String)| {
            told(with(caller, &this, |fields| fields.get_and_delete(&name).map(drop))?)
        })?
        .func("[method]fields.append", |caller, (this, name, value): (This, String, Vec<u8>)| {
            told(with(caller, &this, |fields| fields.append(&name, &value))?)
        })?;
    Ok(())
}
