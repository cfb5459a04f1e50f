//! Spec: wasi:http/types.fields.

use thalweg::{LinkerInstance, Resource, Result};

use super::header_error::told;
use crate::WasiView;
use crate::http::Fields;
use crate::http::types::fields::{define, with};

type This = Resource<Fields>;

pub(super) fn add_to_linker<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    define(types, "entries")?;
    writing(types)
}

fn writing<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types
        .func("[static]fields.from-list", |mut caller, (entries,): (Vec<(String, Vec<u8>)>,)| {
            let mut data = caller.data_mut();
            let wasi = data.wasi();
            match told(Fields::from_list(wasi.http.max_fields_size, entries))? {
                Ok(fields) => wasi.table.push(fields).map(Ok),
                Err(error) => Ok(Err(error)),
            }
        })?
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
