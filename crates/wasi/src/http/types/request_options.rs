//! Spec: `wasi:http/types.request-options`.

use thalweg::{LinkerInstance, Resource, Result};

use crate::WasiView;
use crate::http::{RequestOptions, RequestOptionsError};
use crate::table_resource::TableResource;

type This = Resource<RequestOptions>;

pub(super) fn add_to_linker<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types.table_resource::<RequestOptions>("request-options")?;
    types
        .func("[constructor]request-options", |mut caller, ()| {
            caller.data_mut().wasi().table.push(RequestOptions::default())
        })?
        .func("[method]request-options.clone", |mut caller, (this,): (This,)| {
            let mut data = caller.data_mut();
            let table = &mut data.wasi().table;
            let copy = RequestOptions { immutable: false, ..table.get(&this)?.clone() };
            table.push(copy)
        })?;
    timeout(types, "connect-timeout", |options| &mut options.connect_timeout)?;
    timeout(types, "first-byte-timeout", |options| &mut options.first_byte_timeout)?;
    timeout(types, "between-bytes-timeout", |options| &mut options.between_bytes_timeout)
}

/// Defines the getter and the setter of one timeout.
fn timeout<T: WasiView>(
    types: &mut LinkerInstance<'_, T>,
    name: &str,
    place: fn(&mut RequestOptions) -> &mut Option<u64>,
) -> Result<()> {
    types
        .func(&format!("[method]request-options.get-{name}"), move |mut caller, (this,): (This,)| {
            caller.data_mut().wasi().table.get_mut(&this).map(|options| *place(options))
        })?
        .func(
            &format!("[method]request-options.set-{name}"),
            move |mut caller, (this, duration): (This, Option<u64>)| {
                let mut data = caller.data_mut();
                let options = data.wasi().table.get_mut(&this)?;
                if options.immutable {
                    return Ok(Err(RequestOptionsError::Immutable));
                }
                *place(options) = duration;
                Ok(Ok(()))
            },
        )?;
    Ok(())
}
