//! Whether what one component exports is what another imports. Inside of one component the validator has seen to it.
//!
//! Spec: Subtyping.md; value types must be equal, instances may have more exports than are asked for.

use wasmparser::{ComponentExternName, ComponentTypeRef, TypeBounds};

use super::Builder;
use super::item::{InstanceItem, InstanceType, Item, TypeItem};
use super::scope::{ScopeIndex, values};
use crate::error::bug;
use crate::{Error, Result};

impl<'d> Builder<'d> {
    /// Checks that `item`, called `path`, is of type `ty` of `scope`.
    pub fn must_match(&mut self, scope: ScopeIndex, ty: ComponentTypeRef, item: &Item<'d>, path: &str) -> Result<()> {
        self.budget.name(path)?;
        match (ty, item) {
            (ComponentTypeRef::Func(ty), Item::Func(func)) => match self.scope(scope)?.ty(ty)? {
                TypeItem::Func(expected) if *expected == func.ty => Ok(()),
                TypeItem::Func(expected) => Err(differs(path, expected, &func.ty)),
                _ => Err(bug!("type {ty} is not a function type")),
            },
            (ComponentTypeRef::Instance(ty), Item::Instance(instance)) => match *self.scope(scope)?.ty(ty)? {
                TypeItem::Instance(ty) => self.instance_must_match(ty, instance, path),
                _ => Err(bug!("type {ty} is not an instance type")),
            },
            (ComponentTypeRef::Type(TypeBounds::Eq(ty)), Item::Type(actual)) => {
                match (self.scope(scope)?.ty(ty)?, actual) {
                    (TypeItem::Value(expected), TypeItem::Value(actual)) if expected != actual => {
                        Err(differs(path, expected, actual))
                    }
                    (TypeItem::Resource(expected), TypeItem::Resource(actual)) if expected != actual => {
                        Err(Error::link(format!("`{path}` is another resource")))
                    }
                    (TypeItem::Func(expected), TypeItem::Func(actual)) if expected != actual => {
                        Err(differs(path, expected, actual))
                    }
                    (expected, actual) if std::mem::discriminant(expected) != std::mem::discriminant(actual) => {
                        Err(another_kind(path))
                    }
                    _ => Ok(()),
                }
            }
            (ComponentTypeRef::Type(TypeBounds::SubResource), Item::Type(TypeItem::Resource(_))) => Ok(()),
            (ComponentTypeRef::Module(_), Item::Module(_)) | (ComponentTypeRef::Component(_), Item::Component(_)) => {
                // What they declare is not kept; the validator's types of both are compared.
                if let Some(composition) = &mut self.composition {
                    composition.definitions.push(path.to_owned());
                }
                Ok(())
            }
            (ComponentTypeRef::Value(_), _) => Err(values()),
            _ => Err(another_kind(path)),
        }
    }

    /// Evaluates the instance type with what `instance` has in the place of what it declares.
    fn instance_must_match(&mut self, ty: InstanceType<'d>, instance: &InstanceItem<'d>, path: &str) -> Result<()> {
        let given = |this: &mut Self, scope, name: &ComponentExternName<'d>, ty| {
            let path = format!("{path}#{}", name.name);
            let item = instance.get(name.name).ok_or_else(|| Error::link(format!("there is no `{path}`")))?;
            this.must_match(scope, ty, item, &path)?;
            Ok(item.clone())
        };
        self.evaluate(ty, given).map(drop)
    }
}

fn differs(path: &str, expected: &impl std::fmt::Display, actual: &impl std::fmt::Display) -> Error {
    Error::link(format!("`{path}` is {actual}, imported is {expected}"))
}

fn another_kind(path: &str) -> Error {
    Error::link(format!("`{path}` is something of another kind"))
}
