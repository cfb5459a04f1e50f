//! Types of imports in WIT, as the exports have them: with numbers in the place of handles.

use std::collections::BTreeMap;
use std::fmt::Write;

use wit_parser::{Handle, Resolve, Type, TypeDefKind, TypeId};

/// Types that need a name, defined.
#[derive(Default)]
pub struct Words {
    names: BTreeMap<TypeId, String>,
    definitions: String,
}

impl Words {
    /// Every definition so far.
    pub fn definitions(&self) -> &str {
        &self.definitions
    }

    /// How the type is written; what it needs is defined.
    pub fn ty(&mut self, resolve: &Resolve, ty: &Type) -> String {
        let id = match ty {
            Type::Id(id) => *id,
            Type::ErrorContext => return "u32".into(),
            other => return primitive(other).into(),
        };
        let mut maybe = |ty: &Option<Type>| ty.as_ref().map(|ty| self.ty(resolve, ty));
        match &resolve.types[id].kind {
            TypeDefKind::Handle(_) | TypeDefKind::Resource | TypeDefKind::Stream(_) | TypeDefKind::Future(_) => {
                "u32".into()
            }
            TypeDefKind::Type(ty) => self.ty(resolve, ty),
            TypeDefKind::List(ty) => format!("list<{}>", self.ty(resolve, ty)),
            TypeDefKind::Option(ty) => format!("option<{}>", self.ty(resolve, ty)),
            TypeDefKind::Tuple(tuple) => {
                let types: Vec<_> = tuple.types.iter().map(|ty| self.ty(resolve, ty)).collect();
                format!("tuple<{}>", types.join(", "))
            }
            TypeDefKind::Result(result) => match (maybe(&result.ok), maybe(&result.err)) {
                (None, None) => "result".into(),
                (Some(ok), None) => format!("result<{ok}>"),
                (ok, Some(err)) => format!("result<{}, {err}>", ok.as_deref().unwrap_or("_")),
            },
            _ => self.named(resolve, id),
        }
    }

    /// The name of a type that has one, which is defined first.
    fn named(&mut self, resolve: &Resolve, id: TypeId) -> String {
        if let Some(name) = self.names.get(&id) {
            return name.clone();
        }
        let (kind, items) = match &resolve.types[id].kind {
            TypeDefKind::Record(record) => {
                let field = |field: &wit_parser::Field| format!("%{}: {}", field.name, self.ty(resolve, &field.ty));
                ("record", record.fields.iter().map(field).collect::<Vec<_>>())
            }
            TypeDefKind::Variant(variant) => {
                let case = |case: &wit_parser::Case| match &case.ty {
                    Some(ty) => format!("%{}({})", case.name, self.ty(resolve, ty)),
                    None => format!("%{}", case.name),
                };
                ("variant", variant.cases.iter().map(case).collect())
            }
            TypeDefKind::Enum(labels) => ("enum", labels.cases.iter().map(|case| format!("%{}", case.name)).collect()),
            TypeDefKind::Flags(flags) => ("flags", flags.flags.iter().map(|flag| format!("%{}", flag.name)).collect()),
            other => panic!("a {} has no words", other.as_str()),
        };
        let name = format!("t{}", self.names.len());
        let _ = writeln!(self.definitions, "    {kind} {name} {{ {} }}", items.join(", "));
        self.names.insert(id, name.clone());
        name
    }
}

fn primitive(ty: &Type) -> &'static str {
    match ty {
        Type::Bool => "bool",
        Type::U8 => "u8",
        Type::U16 => "u16",
        Type::U32 => "u32",
        Type::U64 => "u64",
        Type::S8 => "s8",
        Type::S16 => "s16",
        Type::S32 => "s32",
        Type::S64 => "s64",
        Type::F32 => "f32",
        Type::F64 => "f64",
        Type::Char => "char",
        _ => "string",
    }
}

/// What two handles have in common that can stand for each other: their resource, or the type of what is copied.
pub fn kind_of(resolve: &Resolve, id: TypeId) -> String {
    let ty = &resolve.types[id];
    let payload = |ty: &Option<Type>| ty.as_ref().map(|ty| Words::default().ty(resolve, ty)).unwrap_or_default();
    match &ty.kind {
        TypeDefKind::Handle(Handle::Own(id) | Handle::Borrow(id)) => kind_of(resolve, *id),
        TypeDefKind::Type(Type::Id(id)) => kind_of(resolve, *id),
        TypeDefKind::Stream(of) => format!("stream {} {}", payload(of), payload_kinds(resolve, of)),
        TypeDefKind::Future(of) => format!("future {} {}", payload(of), payload_kinds(resolve, of)),
        _ => format!("{} {}", ty.name.as_deref().unwrap_or_default(), id.index()),
    }
}

/// The named types that a payload has in it, which its words do not tell apart.
fn payload_kinds(resolve: &Resolve, ty: &Option<Type>) -> String {
    let Some(Type::Id(id)) = ty else { return String::new() };
    match &resolve.types[*id].kind {
        TypeDefKind::Type(ty) | TypeDefKind::List(ty) | TypeDefKind::Option(ty) => payload_kinds(resolve, &Some(*ty)),
        TypeDefKind::Result(result) => {
            format!("{} {}", payload_kinds(resolve, &result.ok), payload_kinds(resolve, &result.err))
        }
        TypeDefKind::Handle(_) => kind_of(resolve, *id),
        _ => id.index().to_string(),
    }
}
