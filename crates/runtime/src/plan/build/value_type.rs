//! Evaluating types: type expressions over indices become values that carry their layout.

use std::sync::Arc;

use wasmparser::{ComponentDefinedType, ComponentFuncType, ComponentType, ComponentValType, PrimitiveValType};

use super::Builder;
use super::export::unnamed;
use super::item::{InstanceType, TypeItem};
use super::scope::ScopeIndex;
use crate::Result;
use crate::error::bug;
use crate::plan::PlannedResource;
use crate::types::{FuncType, PtrType, ValType};

impl<'d> Builder<'d> {
    pub fn type_item(&mut self, scope: ScopeIndex, ty: &'d ComponentType<'d>) -> Result<TypeItem<'d>> {
        Ok(match ty {
            ComponentType::Defined(ty) => TypeItem::Value(self.defined_type(scope, ty)?),
            ComponentType::Func(ty) => TypeItem::Func(Arc::new(self.func_type(scope, ty)?)),
            ComponentType::Instance(declarations) => TypeItem::Instance(InstanceType { declarations, scope }),
            ComponentType::Component(_) => TypeItem::Component,
            ComponentType::Resource { rep, dtor } => {
                let dtor = match dtor {
                    None => None,
                    Some(dtor) => {
                        let dtor = self.scope(scope)?.core_func(*dtor)?;
                        Some(self.func_slot(dtor)?)
                    }
                };
                let instance = self.scope(scope)?.instance;
                let rep = PtrType::of_memory(*rep == wasmparser::ValType::I64);
                let name = unnamed("resource", self.plan.resources.len());
                TypeItem::Resource(self.new_resource(PlannedResource::Defined { instance, dtor, rep, name })?)
            }
        })
    }

    fn func_type(&mut self, scope: ScopeIndex, ty: &ComponentFuncType<'d>) -> Result<FuncType> {
        let params = self.named_types(scope, ty.params.iter().copied())?;
        let result = self.optional_type(scope, ty.result)?;
        let ty = FuncType::new(params, result, ty.async_);
        self.budget.params(&ty.params)?;
        Ok(ty)
    }

    pub fn value_type(&self, scope: ScopeIndex, ty: ComponentValType) -> Result<ValType> {
        match ty {
            ComponentValType::Primitive(ty) => Ok(primitive(ty)),
            ComponentValType::Type(index) => match self.scope(scope)?.ty(index)? {
                TypeItem::Value(ty) => Ok(ty.clone()),
                _ => Err(bug!("type {index} is not a value type")),
            },
        }
    }

    pub fn optional_type(&self, scope: ScopeIndex, ty: Option<ComponentValType>) -> Result<Option<ValType>> {
        ty.map(|ty| self.value_type(scope, ty)).transpose()
    }

    fn named_types(
        &mut self,
        scope: ScopeIndex,
        types: impl Iterator<Item = (&'d str, ComponentValType)>,
    ) -> Result<Vec<(Box<str>, ValType)>> {
        types.map(|(name, ty)| Ok((self.label(name)?, self.value_type(scope, ty)?))).collect()
    }

    fn label(&mut self, name: &str) -> Result<Box<str>> {
        self.budget.name(name)?;
        Ok(name.into())
    }

    fn labels(&mut self, names: &[&str]) -> Result<Vec<Box<str>>> {
        names.iter().map(|name| self.label(name)).collect()
    }

    fn defined_type(&mut self, scope: ScopeIndex, ty: &ComponentDefinedType<'d>) -> Result<ValType> {
        Ok(match ty {
            ComponentDefinedType::Primitive(ty) => primitive(*ty),
            ComponentDefinedType::Record(fields) => ValType::record(self.named_types(scope, fields.iter().copied())?),
            ComponentDefinedType::Variant(cases) => {
                let cases = cases.iter().map(|case| Ok((self.label(case.name)?, self.optional_type(scope, case.ty)?)));
                ValType::variant(cases.collect::<Result<Vec<_>>>()?)
            }
            ComponentDefinedType::List(element) => ValType::list(self.value_type(scope, *element)?, None),
            ComponentDefinedType::FixedLengthList(element, length) => {
                ValType::list(self.value_type(scope, *element)?, Some(*length))
            }
            ComponentDefinedType::Map(key, value) => {
                ValType::map(self.value_type(scope, *key)?, self.value_type(scope, *value)?)
            }
            ComponentDefinedType::Tuple(elements) => {
                self.budget.work(elements.len())?;
                let elements = elements.iter().map(|ty| self.value_type(scope, *ty));
                ValType::tuple(elements.collect::<Result<Vec<_>>>()?)
            }
            ComponentDefinedType::Flags(names) => ValType::flags(self.labels(names)?),
            ComponentDefinedType::Enum(names) => ValType::enumeration(self.labels(names)?),
            ComponentDefinedType::Option(some) => ValType::option(self.value_type(scope, *some)?),
            ComponentDefinedType::Result { ok, err } => {
                ValType::result(self.optional_type(scope, *ok)?, self.optional_type(scope, *err)?)
            }
            ComponentDefinedType::Own(resource) => ValType::Own(self.scope(scope)?.resource(*resource)?),
            ComponentDefinedType::Borrow(resource) => ValType::Borrow(self.scope(scope)?.resource(*resource)?),
            ComponentDefinedType::Future(payload) => ValType::future(self.optional_type(scope, *payload)?),
            ComponentDefinedType::Stream(payload) => ValType::stream(self.optional_type(scope, *payload)?),
        })
    }
}

fn primitive(ty: PrimitiveValType) -> ValType {
    match ty {
        PrimitiveValType::Bool => ValType::Bool,
        PrimitiveValType::S8 => ValType::S8,
        PrimitiveValType::U8 => ValType::U8,
        PrimitiveValType::S16 => ValType::S16,
        PrimitiveValType::U16 => ValType::U16,
        PrimitiveValType::S32 => ValType::S32,
        PrimitiveValType::U32 => ValType::U32,
        PrimitiveValType::S64 => ValType::S64,
        PrimitiveValType::U64 => ValType::U64,
        PrimitiveValType::F32 => ValType::F32,
        PrimitiveValType::F64 => ValType::F64,
        PrimitiveValType::Char => ValType::Char,
        PrimitiveValType::String => ValType::String,
        PrimitiveValType::ErrorContext => ValType::ErrorContext,
    }
}
