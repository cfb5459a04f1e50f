//! The types of a plan. They share nodes, so each node is written once, before what names it by its number; read, they share
//! them again. Layouts are not written: they follow from what is.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Kept, Reader, Writer};
use crate::types::{FuncType, ResourceIndex, ValType};

/// What was written of types: nodes by their addresses, which nothing moves while a plan is written.
#[derive(Default)]
pub(super) struct TypeWriter {
    types: Nodes,
    funcs: Nodes,
}

#[derive(Default)]
struct Nodes {
    numbers: HashMap<usize, u32>,
    bytes: Vec<u8>,
}

impl Nodes {
    fn finish(self) -> Vec<u8> {
        [&(self.numbers.len() as u32).to_le_bytes()[..], &self.bytes].concat()
    }
}

impl TypeWriter {
    /// What is to stand in front of a plan.
    pub(super) fn finish(self) -> Vec<u8> {
        [self.types.finish(), self.funcs.finish()].concat()
    }
}

/// Types that were read, by their numbers.
#[derive(Default)]
pub(super) struct TypeReader {
    types: Vec<ValType>,
    funcs: Vec<Arc<FuncType>>,
}

impl Reader<'_> {
    /// Reads what [`TypeWriter::finish`] gave.
    pub(super) fn read_types(&mut self) -> Option<()> {
        for _ in 0..self.count()? {
            let ty = read_node(self)?;
            self.types.types.push(ty);
        }
        for _ in 0..self.count()? {
            let (params, result, async_) =
                (Vec::<(Box<str>, ValType)>::read(self)?, Kept::read(self)?, bool::read(self)?);
            self.types.funcs.push(Arc::new(FuncType::new(params, result, async_)));
        }
        Some(())
    }
}

impl Writer {
    /// The number of a node, among the `nodes` of its kind; it is written by `write` when it comes up first.
    fn number(
        &mut self,
        nodes: fn(&mut TypeWriter) -> &mut Nodes,
        address: usize,
        write: impl FnOnce(&mut Self),
    ) -> u32 {
        if let Some(number) = nodes(&mut self.types).numbers.get(&address) {
            return *number;
        }
        let outer = std::mem::take(&mut self.bytes);
        write(self);
        let node = std::mem::replace(&mut self.bytes, outer);
        let nodes = nodes(&mut self.types);
        let number = nodes.numbers.len() as u32;
        nodes.numbers.insert(address, number);
        nodes.bytes.extend(node);
        number
    }
}

impl Kept for Arc<FuncType> {
    fn write(&self, to: &mut Writer) {
        let number = to.number(
            |types| &mut types.funcs,
            Arc::as_ptr(self).addr(),
            |to| {
                let FuncType { names, params, result, async_ } = &**self;
                (names.len() as u32).write(to);
                for (name, param) in names.iter().zip(&params.elements) {
                    name.write(to);
                    param.ty.write(to);
                }
                result.write(to);
                async_.write(to);
            },
        );
        number.write(to);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let number = u32::read(from)?;
        from.types.funcs.get(number as usize).cloned()
    }
}

/// Types that are a byte.
const SCALARS: [ValType; 14] = [
    ValType::Bool,
    ValType::S8,
    ValType::U8,
    ValType::S16,
    ValType::U16,
    ValType::S32,
    ValType::U32,
    ValType::S64,
    ValType::U64,
    ValType::F32,
    ValType::F64,
    ValType::Char,
    ValType::String,
    ValType::ErrorContext,
];
/// What is said of others, with a number behind it.
const OWN: u8 = 14;
const BORROW: u8 = 15;
const NODE: u8 = 16;

impl Kept for ValType {
    fn write(&self, to: &mut Writer) {
        let (tag, number) = match self {
            ValType::Own(resource) => (OWN, resource.0),
            ValType::Borrow(resource) => (BORROW, resource.0),
            _ => match address(self) {
                Some(address) => (NODE, to.number(|types| &mut types.types, address, |to| write_node(self, to))),
                None => return to.bytes.extend(SCALARS.iter().position(|ty| ty == self).map(|at| at as u8)),
            },
        };
        to.bytes.push(tag);
        number.write(to);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        match from.take(1)? {
            [OWN] => u32::read(from).map(|number| ValType::Own(ResourceIndex(number))),
            [BORROW] => u32::read(from).map(|number| ValType::Borrow(ResourceIndex(number))),
            [NODE] => {
                let number = u32::read(from)?;
                from.types.types.get(number as usize).cloned()
            }
            [scalar] => SCALARS.get(usize::from(*scalar)).cloned(),
            _ => None,
        }
    }
}

/// Where the node of a type is, if it has one.
fn address(ty: &ValType) -> Option<usize> {
    Some(match ty {
        ValType::List(node) => Arc::as_ptr(node).addr(),
        ValType::Record(node) => Arc::as_ptr(node).addr(),
        ValType::Tuple(node) => Arc::as_ptr(node).addr(),
        ValType::Variant(node) => Arc::as_ptr(node).addr(),
        ValType::Enum(node) => Arc::as_ptr(node).addr(),
        ValType::Option(node) => Arc::as_ptr(node).addr(),
        ValType::Result(node) => Arc::as_ptr(node).addr(),
        ValType::Flags(node) => Arc::as_ptr(node).addr(),
        ValType::Map(node) => Arc::as_ptr(node).addr(),
        ValType::Stream(node) | ValType::Future(node) => Arc::as_ptr(node).addr(),
        _ => return None,
    })
}

/// A node's kind, and what is in it; see [`read_node`].
fn write_node(ty: &ValType, to: &mut Writer) {
    let count = |kind: u8, count: usize, to: &mut Writer| {
        to.bytes.push(kind);
        (count as u32).write(to);
    };
    match ty {
        ValType::List(list) => {
            to.bytes.push(0);
            list.element.write(to);
            list.length.write(to);
        }
        ValType::Record(record) => {
            count(1, record.fields.len(), to);
            for field in &record.fields {
                field.name.write(to);
                field.ty.write(to);
            }
        }
        ValType::Tuple(tuple) => {
            count(2, tuple.elements.len(), to);
            tuple.elements.iter().for_each(|element| element.ty.write(to));
        }
        ValType::Variant(variant) => {
            count(3, variant.cases.len(), to);
            for case in &variant.cases {
                case.name.write(to);
                case.ty.write(to);
            }
        }
        ValType::Enum(labels) => {
            count(4, labels.names.len(), to);
            labels.names.iter().for_each(|name| name.write(to));
        }
        ValType::Option(option) => {
            to.bytes.push(5);
            option.some.write(to);
        }
        ValType::Result(result) => {
            to.bytes.push(6);
            result.ok.write(to);
            result.err.write(to);
        }
        ValType::Flags(labels) => {
            count(7, labels.names.len(), to);
            labels.names.iter().for_each(|name| name.write(to));
        }
        ValType::Map(map) => {
            count(8, map.entry.elements.len(), to);
            map.entry.elements.iter().for_each(|element| element.ty.write(to));
        }
        ValType::Stream(stream) => {
            to.bytes.push(9);
            stream.payload.write(to);
        }
        ValType::Future(future) => {
            to.bytes.push(10);
            future.payload.write(to);
        }
        // The others have no node.
        _ => {}
    }
}

/// A type with a node, made of its parts as when it was planned.
fn read_node(from: &mut Reader<'_>) -> Option<ValType> {
    Some(match from.take(1)? {
        [0] => ValType::list(Kept::read(from)?, Kept::read(from)?),
        [1] => ValType::record(Vec::read(from)?),
        [2] => ValType::tuple(Vec::read(from)?),
        [3] => ValType::variant(Vec::read(from)?),
        [4] => ValType::enumeration(Vec::read(from)?),
        [5] => ValType::option(Kept::read(from)?),
        [6] => ValType::result(Kept::read(from)?, Kept::read(from)?),
        [7] => ValType::flags(Vec::read(from)?),
        [8] => {
            let [key, value] = Vec::read(from)?.try_into().ok()?;
            ValType::map(key, value)
        }
        [9] => ValType::stream(Kept::read(from)?),
        [10] => ValType::future(Kept::read(from)?),
        _ => return None,
    })
}
