//! From a compiled component to an instance and back to nothing.
//!
//! Both sides prepare once what all instances have in common, and take instances from a pool. Rows without `shared-store`
//! make a store for each instance, as a server does that answers each request with a fresh one; `shared-store` puts many
//! into one store.

use super::{WITH_ASYNC, of_settings};
use crate::goal::Goal;
use crate::instantiated::Instantiated;
use crate::limits;
use crate::row::Row;
use crate::{ours, peer};

/// Three core modules, nothing imported.
const BARE: &str = include_str!("../../wat/instantiate.wat");
/// Four core modules, twelve functions of the host.
const IMPORTS: &str = include_str!("../../wat/instantiate_imports.wat");
/// Instances that share a store. The pool has places for so many.
const SHARED: u64 = 50;

const UNIT: &str = "ns/instance";

pub fn rows() -> Vec<Row> {
    let bare = Instantiated { text: BARE, per_store: 1, call: false };
    let imports = Instantiated { text: IMPORTS, ..bare };
    vec![
        row("instantiate", bare).limit("core instances", move || limits::core_instances(bare.per_store)),
        row("instantiate/and-call", Instantiated { call: true, ..bare }),
        row("instantiate/shared-store", Instantiated { per_store: SHARED, ..bare })
            .limit("core instances", || limits::core_instances(SHARED)),
        row("instantiate/imports", imports),
        row("instantiate/imports/and-call", Instantiated { call: true, ..imports }),
        row("instantiate/imports/shared-store", Instantiated { per_store: SHARED, ..imports }),
    ]
}

fn row(name: &str, what: Instantiated) -> Row {
    let row = Row::new(name, UNIT, move || ours::instantiate::instantiate(what));
    of_settings(row, &WITH_ASYNC, move |settings| peer::instantiate::instantiate(settings, what)).goal(Goal::NotSlower)
}
