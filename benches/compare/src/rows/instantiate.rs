//! From a compiled component to an instance and back to nothing.

use super::{WITH_ASYNC, of_settings};
use crate::goal::Goal;
use crate::row::Row;
use crate::{ours, peer};

const WAT: &str = include_str!("../../wat/instantiate.wat");
const UNIT: &str = "ns/instance";

pub fn rows() -> Vec<Row> {
    let bare = Row::new("instantiate", UNIT, || ours::instantiate::instantiate(WAT));
    let call = Row::new("instantiate/and-call", UNIT, || ours::instantiate::instantiate_and_call(WAT));
    vec![
        of_settings(bare, &WITH_ASYNC, |settings| peer::instantiate::instantiate(settings, WAT)).goal(Goal::NotSlower),
        of_settings(call, &WITH_ASYNC, |settings| peer::instantiate::instantiate_and_call(settings, WAT))
            .goal(Goal::NotSlower),
    ]
}
