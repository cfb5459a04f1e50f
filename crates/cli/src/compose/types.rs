//! Types of the plan, written into an index space of a component.

use std::collections::HashMap;

use thalweg::types::{FuncType, ResourceIndex, ValType};
use wasm_encoder::{
    Alias, ComponentBuilder, ComponentOuterAliasKind, ComponentTypeEncoder, ComponentValType, InstanceType,
    PrimitiveValType,
};

/// An index space of types that grows.
pub trait Space {
    /// The encoder of the next type, and its index.
    fn next(&mut self) -> (u32, ComponentTypeEncoder<'_>);
    /// A resource that only the space around this one has.
    fn outer(&mut self, outer: u32) -> u32;
}

impl Space for ComponentBuilder {
    fn next(&mut self) -> (u32, ComponentTypeEncoder<'_>) {
        self.ty(None)
    }

    fn outer(&mut self, outer: u32) -> u32 {
        outer
    }
}

impl Space for InstanceType {
    fn next(&mut self) -> (u32, ComponentTypeEncoder<'_>) {
        (self.type_count(), self.ty())
    }

    fn outer(&mut self, outer: u32) -> u32 {
        let index = self.type_count();
        self.alias(Alias::Outer { kind: ComponentOuterAliasKind::Type, count: 1, index: outer });
        index
    }
}

/// What an index space has already.
#[derive(Default)]
pub struct Types {
    values: HashMap<ValType, u32>,
    resources: HashMap<ResourceIndex, u32>,
    /// Resources of the space around it.
    outer: HashMap<ResourceIndex, u32>,
}

impl Types {
    /// Nothing yet, inside of a space with `self`.
    pub fn inner(&self) -> Types {
        Types { outer: self.resources.clone(), ..Types::default() }
    }

    /// From now on, `ty` is at `index`: what has a name is to be used by it.
    pub fn name(&mut self, ty: &ValType, index: u32) {
        self.values.insert(ty.clone(), index);
    }

    /// From now on, `resource` is at `index`.
    pub fn name_resource(&mut self, resource: ResourceIndex, index: u32) {
        self.resources.insert(resource, index);
    }

    /// The index of a resource that was there before; none when it is new.
    pub fn resource(&mut self, space: &mut impl Space, resource: ResourceIndex) -> Option<u32> {
        if let Some(index) = self.resources.get(&resource) {
            return Some(*index);
        }
        let index = space.outer(*self.outer.get(&resource)?);
        self.resources.insert(resource, index);
        Some(index)
    }

    /// The index of a definition of `ty`, made if there is none.
    pub fn defined(&mut self, space: &mut impl Space, ty: &ValType) -> u32 {
        if let Some(index) = self.values.get(ty) {
            return *index;
        }
        let index = self.define(space, ty);
        self.values.insert(ty.clone(), index);
        index
    }

    /// The index of a function type.
    pub fn func(&mut self, space: &mut impl Space, ty: &FuncType) -> u32 {
        let params: Vec<_> = ty.params.elements.iter().map(|param| self.value(space, &param.ty)).collect();
        let result = self.optional(space, ty.result.as_ref());
        let (index, encoder) = space.next();
        let mut encoder = encoder.function();
        encoder.async_(ty.async_).params(ty.names.iter().map(|name| &**name).zip(params)).result(result);
        index
    }

    fn optional(&mut self, space: &mut impl Space, ty: Option<&ValType>) -> Option<ComponentValType> {
        ty.map(|ty| self.value(space, ty))
    }

    fn value(&mut self, space: &mut impl Space, ty: &ValType) -> ComponentValType {
        match primitive(ty) {
            Some(primitive) => ComponentValType::Primitive(primitive),
            None => ComponentValType::Type(self.defined(space, ty)),
        }
    }

    /// A handle's resource. The plan lists a resource before what uses it.
    fn handle(&mut self, space: &mut impl Space, resource: ResourceIndex) -> u32 {
        self.resource(space, resource).unwrap_or(u32::MAX)
    }

    fn define(&mut self, space: &mut impl Space, ty: &ValType) -> u32 {
        if let Some(primitive) = primitive(ty) {
            let (index, encoder) = space.next();
            encoder.defined_type().primitive(primitive);
            return index;
        }
        match ty {
            ValType::Own(resource) => {
                let resource = self.handle(space, *resource);
                let (index, encoder) = space.next();
                encoder.defined_type().own(resource);
                index
            }
            ValType::Borrow(resource) => {
                let resource = self.handle(space, *resource);
                let (index, encoder) = space.next();
                encoder.defined_type().borrow(resource);
                index
            }
            ValType::Stream(ty) => {
                let payload = self.optional(space, ty.payload.as_ref());
                let (index, encoder) = space.next();
                encoder.defined_type().stream(payload);
                index
            }
            ValType::Future(ty) => {
                let payload = self.optional(space, ty.payload.as_ref());
                let (index, encoder) = space.next();
                encoder.defined_type().future(payload);
                index
            }
            _ => self.compound(space, ty),
        }
    }

    fn compound(&mut self, space: &mut impl Space, ty: &ValType) -> u32 {
        match ty {
            ValType::Record(record) => {
                let fields: Vec<_> = record.fields.iter().map(|f| (&*f.name, self.value(space, &f.ty))).collect();
                let (index, encoder) = space.next();
                encoder.defined_type().record(fields);
                index
            }
            ValType::Variant(variant) => {
                let cases = variant.cases.iter().map(|case| (&*case.name, self.optional(space, case.ty.as_ref())));
                let cases: Vec<_> = cases.collect();
                let (index, encoder) = space.next();
                encoder.defined_type().variant(cases);
                index
            }
            ValType::Tuple(tuple) => {
                let types: Vec<_> = tuple.elements.iter().map(|element| self.value(space, &element.ty)).collect();
                let (index, encoder) = space.next();
                encoder.defined_type().tuple(types);
                index
            }
            ValType::List(list) => {
                let element = self.value(space, &list.element);
                let (index, encoder) = space.next();
                match list.length {
                    None => encoder.defined_type().list(element),
                    Some(length) => encoder.defined_type().fixed_length_list(element, length),
                }
                index
            }
            ValType::Option(option) => {
                let some = self.value(space, &option.some);
                let (index, encoder) = space.next();
                encoder.defined_type().option(some);
                index
            }
            ValType::Result(result) => {
                let (ok, err) = (self.optional(space, result.ok.as_ref()), self.optional(space, result.err.as_ref()));
                let (index, encoder) = space.next();
                encoder.defined_type().result(ok, err);
                index
            }
            ValType::Map(map) => {
                let mut entry = map.entry.elements.iter().map(|element| self.value(space, &element.ty));
                let unit = ComponentValType::Primitive(PrimitiveValType::Bool);
                let (key, value) = (entry.next().unwrap_or(unit), entry.next().unwrap_or(unit));
                drop(entry);
                let (index, encoder) = space.next();
                encoder.defined_type().map(key, value);
                index
            }
            ValType::Flags(flags) => {
                let (index, encoder) = space.next();
                encoder.defined_type().flags(flags.names.iter().map(|name| &**name));
                index
            }
            ValType::Enum(names) => {
                let (index, encoder) = space.next();
                encoder.defined_type().enum_type(names.names.iter().map(|name| &**name));
                index
            }
            _ => self.define(space, ty),
        }
    }
}

fn primitive(ty: &ValType) -> Option<PrimitiveValType> {
    Some(match ty {
        ValType::Bool => PrimitiveValType::Bool,
        ValType::S8 => PrimitiveValType::S8,
        ValType::U8 => PrimitiveValType::U8,
        ValType::S16 => PrimitiveValType::S16,
        ValType::U16 => PrimitiveValType::U16,
        ValType::S32 => PrimitiveValType::S32,
        ValType::U32 => PrimitiveValType::U32,
        ValType::S64 => PrimitiveValType::S64,
        ValType::U64 => PrimitiveValType::U64,
        ValType::F32 => PrimitiveValType::F32,
        ValType::F64 => PrimitiveValType::F64,
        ValType::Char => PrimitiveValType::Char,
        ValType::String => PrimitiveValType::String,
        ValType::ErrorContext => PrimitiveValType::ErrorContext,
        _ => return None,
    })
}
