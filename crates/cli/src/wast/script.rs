//! One script: read, then run under each way of choosing.

use std::fs;
use std::path::PathBuf;

use thalweg::{Choose, Engine};
use wast::parser::{self, ParseBuffer};
use wast::{Wast, lexer::Lexer};

use super::Attitude;
use super::components::Components;
use super::session::Session;
use crate::load::io_text;
use crate::report::Failure;
use crate::verdict::{Failed, Outcome};

/// A script in memory.
pub struct Script {
    path: PathBuf,
    text: String,
    attitude: Attitude,
}

impl Script {
    /// Reads it.
    pub fn read(path: PathBuf, attitude: Attitude) -> Result<Script, Failure> {
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Script { path, text, attitude }),
            Err(error) => Err(Failure::new(format!("can't read the file: {}", io_text(&error))).at(path.display())),
        }
    }

    /// Runs it under each way of choosing; it stops at the first that fails.
    pub fn run(&self, engine: &Engine, choices: &[(String, Choose)]) -> Outcome {
        let mut outcome = Outcome { path: self.path.clone(), passed: 0, known: 0, failed: Vec::new() };
        let mut components = Components::new(engine);
        for (name, choose) in choices {
            let before = outcome.failed.len();
            if let Err(error) = self.run_once(&mut components, choose, &mut outcome) {
                let line = error.span().linecol_in(&self.text).0 + 1;
                outcome.failed.push(Failed { line: Some(line), reason: error.message() });
            }
            if outcome.failed.len() > before {
                let mark = |failed: &mut Failed| failed.reason = format!("({name}) {}", failed.reason);
                if !name.is_empty() {
                    outcome.failed.iter_mut().skip(before).for_each(mark);
                }
                break;
            }
        }
        outcome
    }

    /// An error means that the script itself cannot be read.
    fn run_once(&self, components: &mut Components, choose: &Choose, outcome: &mut Outcome) -> Result<(), wast::Error> {
        let mut lexer = Lexer::new(&self.text);
        // The suite has tests of such names, which other texts must not have.
        lexer.allow_confusing_unicode(true);
        let buffer = ParseBuffer::new_with_lexer(lexer)?;
        let script: Wast<'_> = parser::parse(&buffer)?;
        let mut session = Session::new(components, choose.clone(), self.attitude);
        for directive in script.directives {
            let line = directive.span().linecol_in(&self.text).0 + 1;
            match session.obey(directive) {
                Ok(()) => outcome.passed += 1,
                Err(reason) => outcome.failed.push(Failed { line: Some(line), reason }),
            }
        }
        Ok(())
    }
}
