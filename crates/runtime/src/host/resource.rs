//! A resource that the host defines, as a typed number.

use std::any::TypeId;
use std::marker::PhantomData;

use crate::abi::{Flat, FlatIter, LiftCx, LowerCx, WitType, as_one_handle, handles};
use crate::error::bug;
use crate::linker::HostTypes;
use crate::types::{ResourceIndex, ValType};
use crate::{Error, Result};

/// A resource of host type `H`: its number in a [`ResourceTable`](super::ResourceTable), owned or borrowed.
///
/// As a parameter it is what the guest's type says; as a result always owned.
pub struct Resource<H> {
    rep: u32,
    own: bool,
    of: PhantomData<fn() -> H>,
}

impl<H: 'static> Resource<H> {
    /// An owned resource with this number.
    #[must_use]
    pub fn new_own(rep: u32) -> Self {
        Resource { rep, own: true, of: PhantomData }
    }

    /// A borrowed resource with this number.
    #[must_use]
    pub fn new_borrow(rep: u32) -> Self {
        Resource { rep, own: false, of: PhantomData }
    }

    /// Its number.
    #[must_use]
    pub fn rep(&self) -> u32 {
        self.rep
    }

    /// Whether it is owned.
    #[must_use]
    pub fn is_owned(&self) -> bool {
        self.own
    }
}

impl<H> std::fmt::Debug for Resource<H> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", if self.own { "own " } else { "borrow " }, self.rep)
    }
}

impl<H: Send + 'static> Resource<H> {
    fn lift(cx: &mut LiftCx<'_>, ty: &ValType, index: u32) -> Result<Self> {
        let (any, own) = match *ty {
            ValType::Own(resource) => (handles::lift_own(cx, index, resource)?, true),
            ValType::Borrow(resource) => (handles::lift_borrow(cx, index, resource)?, false),
            _ => return Err(bug!("a resource where the type is {ty}")),
        };
        // The host's own numbers have no more bits.
        Ok(Resource { rep: any.rep as u32, own, of: PhantomData })
    }

    fn lower(self, cx: &mut LowerCx<'_>, ty: &ValType) -> Result<u32> {
        match *ty {
            ValType::Own(index) => handles::lower_host(cx, self.rep, index, true),
            ValType::Borrow(index) => handles::lower_host(cx, self.rep, index, false),
            _ => Err(bug!("a resource where the type is {ty}")),
        }
    }
}

fn resource_of(ty: &ValType) -> Option<ResourceIndex> {
    match *ty {
        ValType::Own(index) | ValType::Borrow(index) => Some(index),
        _ => None,
    }
}

impl<H: Send + 'static> WitType for Resource<H> {
    fn check(ty: &ValType, host: &HostTypes) -> Result<()> {
        match resource_of(ty).map(|index| host.host_type(index)) {
            Some(Some(found)) if found == TypeId::of::<H>() => Ok(()),
            Some(_) => Err(Error::link(format!("another resource than {} is expected", std::any::type_name::<H>()))),
            None => Err(Error::link(format!("expected a resource, found {ty}"))),
        }
    }

    as_one_handle!();
}
