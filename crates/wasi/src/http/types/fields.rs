//! Spec: `wasi:http/types.fields`.

use thalweg::{Caller, LinkerInstance, Resource, Result};

use crate::WasiView;
use crate::http::{Fields, HeaderError};
use crate::table_resource::TableResource;

type This = Resource<Fields>;

pub(super) fn add_to_linker<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    define(types, "copy-all")?;
    writing(types)
}

/// Does something with the fields behind a handle.
pub(crate) fn with<T: WasiView, R>(
    mut caller: Caller<'_, T>,
    this: &This,
    what: impl FnOnce(&mut Fields) -> R,
) -> Result<R> {
    caller.data_mut().wasi().table.get_mut(this).map(what)
}

/// Defines the resource and those of its functions that 0.2 has as well; `all` is the name of the one that lists the fields.
pub(crate) fn define<T: WasiView>(types: &mut LinkerInstance<'_, T>, all: &str) -> Result<()> {
    types.table_resource::<Fields>("fields")?;
    types
        .func("[constructor]fields", |mut caller, ()| {
            let mut data = caller.data_mut();
            let wasi = data.wasi();
            wasi.table.push(Fields::new(wasi.http.max_fields_size))
        })?
        .func("[method]fields.clone", |mut caller, (this,): (This,)| {
            let mut data = caller.data_mut();
            let table = &mut data.wasi().table;
            let copy = table.get(&this)?.mutable_copy();
            table.push(copy)
        })?
        .func("[method]fields.get", |caller, (this, name): (This, String)| {
            with(caller, &this, |fields| fields.get(&name))
        })?
        .func("[method]fields.has", |caller, (this, name): (This, String)| {
            with(caller, &this, |fields| fields.has(&name))
        })?
        .func(&format!("[method]fields.{all}"), |caller, (this,): (This,)| {
            with(caller, &this, |fields| fields.copy_all())
        })?;
    Ok(())
}

fn writing<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types
        .func("[static]fields.from-list", |mut caller, (entries,): (Vec<(String, Vec<u8>)>,)| {
            let mut data = caller.data_mut();
            let wasi = data.wasi();
            match Fields::from_list(wasi.http.max_fields_size, entries) {
                Ok(fields) => wasi.table.push(fields).map(Ok),
                Err(error) => Ok(Err(error)),
            }
        })?
        .func("[method]fields.set", |caller, (this, name, values): (This, String, Vec<Vec<u8>>)| {
            with(caller, &this, |fields| fields.set(&name, &values))
        })?
        .func("[method]fields.delete", |caller, (this, name): (This, String)| {
            let deleted = |fields: &mut Fields| -> Result<(), HeaderError> { fields.get_and_delete(&name).map(drop) };
            with(caller, &this, deleted)
        })?
        .func("[method]fields.get-and-delete", |caller, (this, name): (This, String)| {
            with(caller, &this, |fields| fields.get_and_delete(&name))
        })?
        .func("[method]fields.append", |caller, (this, name, value): (This, String, Vec<u8>)| {
            with(caller, &this, |fields| fields.append(&name, &value))
        })?;
    Ok(())
}
