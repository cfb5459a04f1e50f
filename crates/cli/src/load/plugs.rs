//! `--plug` and `--define`: what serves imports of the component on the command line.

use std::borrow::Cow;
use std::ffi::OsString;

use clap::Args;
use thalweg::{Component, Engine, Linker, Module};

use super::{Source, binary};
use crate::module::is_module;
use crate::report::Failure;

/// The options, for every command that loads a component.
#[derive(Args, Clone)]
pub struct Plugs {
    /// Serves imports of FILE, and of other plugs, with the exports of this component
    #[arg(long = "plug", value_name = "COMPONENT")]
    files: Vec<OsString>,
    /// Gives a core module or a component to components that import one, as a definition, by this name
    #[arg(long = "define", value_name = "NAME=FILE", value_parser = Define::parse)]
    definitions: Vec<Define>,
}

/// A definition by the name of its import; within an instance it is `instance#name`.
#[derive(Debug, Clone)]
struct Define {
    name: String,
    file: OsString,
}

impl Define {
    fn parse(text: &str) -> Result<Define, String> {
        match text.split_once('=') {
            Some((name, file)) if !name.is_empty() && !file.is_empty() => {
                Ok(Define { name: name.into(), file: file.into() })
            }
            _ => Err("expected `NAME=FILE`".into()),
        }
    }
}

/// A core module or a component that is imported as a definition.
pub struct Definition {
    /// The name of its import.
    pub name: String,
    /// What it is.
    pub source: Source,
}

impl Definition {
    /// Puts it into `linker`.
    pub fn define(&self, engine: &Engine, linker: &mut Linker<()>) -> thalweg::Result<()> {
        let (interface, name) = self.name.rsplit_once('#').unwrap_or(("", &self.name));
        let mut instance = linker.instance(interface)?;
        let bytes = binary(Cow::Borrowed(&self.source.bytes));
        if is_module(&bytes) {
            instance.module(name, &Module::from_bytes(engine, &bytes)?)?;
        } else {
            instance.component(name, &Component::from_bytes(engine, &bytes)?)?;
        }
        Ok(())
    }
}

impl Plugs {
    /// Reads the files.
    pub fn read(&self) -> Result<Vec<Source>, Failure> {
        self.files.iter().map(|file| Source::read(file)).collect()
    }

    /// Reads the files of definitions.
    pub fn read_definitions(&self) -> Result<Vec<Definition>, Failure> {
        let read = |define: &Define| Ok(Definition { name: define.name.clone(), source: Source::read(&define.file)? });
        self.definitions.iter().map(read).collect()
    }

    /// The names of all files, as they were given.
    pub fn files(&self) -> impl Iterator<Item = &OsString> {
        self.files.iter().chain(self.definitions.iter().map(|define| &define.file))
    }

    /// Whether there are definitions.
    pub fn define(&self) -> bool {
        !self.definitions.is_empty()
    }

    /// Whether there are no plugs.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}
