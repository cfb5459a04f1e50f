//! Plans of small components.

mod imports;
mod limits;
mod nested;
mod trampolines;

use crate::component::load;
use crate::plan::Plan;
use crate::{Error, Features};

fn plan(text: &str) -> Plan {
    try_plan(text).unwrap_or_else(|error| panic!("{error:?}"))
}

fn try_plan(text: &str) -> Result<Plan, Error> {
    load(text.as_bytes(), &Features::all()).map(|loaded| loaded.plan)
}
