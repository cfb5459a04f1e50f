//! One script: read, then run under each of its schedules.

use std::fs;
use std::path::PathBuf;

use thalweg::{Choose, Engine};
use wast::parser::{self, ParseBuffer};
use wast::{Wast, lexer::Lexer};

use super::Attitude;
use super::cancellable::Cancellable;
use super::components::Components;
use super::disturb::MAX_TURNS;
use super::schedules::{Next, Schedules};
use super::session::Session;
use crate::load::io_text;
use crate::report::Failure;
use crate::verdict::{ExpectedFailures, Failed, Outcome};

/// A script in memory.
pub struct Script {
    path: PathBuf,
    text: String,
    cancellable: Cancellable,
    attitude: Attitude,
}

impl Script {
    /// Reads it.
    pub fn read(path: PathBuf, attitude: Attitude) -> Result<Script, Failure> {
        match fs::read_to_string(&path) {
            Ok(mut text) => {
                let cancellable = match attitude.cancellable {
                    true => Cancellable::take_out(&mut text),
                    false => Cancellable::default(),
                };
                Ok(Script { path, text, cancellable, attitude })
            }
            Err(error) => Err(Failure::new(format!("can't read the file: {}", io_text(&error))).at(path.display())),
        }
    }

    /// Runs it under each schedule; it stops at the first that fails otherwise than `expected`.
    pub fn run(&self, engine: &Engine, schedules: &Schedules, expected: &ExpectedFailures) -> Outcome {
        let mut outcome = Outcome::of(self.path.clone());
        let mut components = Components::new(engine);
        let mut schedule = schedules.first();
        loop {
            let choose = if matches!(schedules, Schedules::First) { Choose::first() } else { schedule.choose() };
            let mut run = self.run_disturbed(&mut components, &choose);
            expected.apply(&mut run);
            if let Some(description) = schedules.describe(outcome.schedules, &schedule) {
                self.add_schedule(&mut run, &description);
            }
            outcome.add(run);
            if !outcome.is_fine() {
                return outcome;
            }
            schedule = match schedules.next(outcome.schedules, &schedule) {
                Next::Run(next) => next,
                Next::Done => return outcome,
                Next::TooMany(max) => {
                    let reason = format!(
                        "it has more schedules than {max}, and passes under these: raise the number with \
                         `--schedules exhaustive:MAX`, or try some with `--seeds COUNT`"
                    );
                    outcome.failed.push(Failed { line: None, reason });
                    return outcome;
                }
            };
        }
    }

    /// Says under which schedule it failed, and how to repeat that.
    fn add_schedule(&self, run: &mut Outcome, description: &str) {
        for failed in &mut run.failed {
            failed.reason = format!("({description}) {}", failed.reason);
        }
        if let (Some(last), Some((_, choices))) = (run.failed.last_mut(), description.split_once("choices ")) {
            let disturb = self.attitude.disturb.map_or(String::new(), |(how, _)| format!("--disturb {how} "));
            last.reason += &format!("\nrepeat with: thalweg wast {disturb}--choices={choices} {}", self.path.display());
        }
    }

    /// One run; with disturbed calls, one for each turn after which they can be disturbed.
    fn run_disturbed(&self, components: &mut Components, choose: &Choose) -> Outcome {
        let mut outcome = Outcome::of(self.path.clone());
        let mut attitude = self.attitude;
        for turns in 0..MAX_TURNS {
            attitude.disturb = self.attitude.disturb.map(|(how, _)| (how, turns));
            let disturbed = match self.run_once(components, choose, attitude, &mut outcome) {
                Ok(disturbed) => disturbed,
                Err(error) => {
                    let line = error.span().linecol_in(&self.text).0 + 1;
                    outcome.failed.push(Failed { line: Some(line), reason: error.message() });
                    false
                }
            };
            if !disturbed || !outcome.is_fine() {
                break;
            }
        }
        outcome
    }

    /// Says whether a call was disturbed. An error means that the script itself cannot be read.
    fn run_once(
        &self,
        components: &mut Components,
        choose: &Choose,
        attitude: Attitude,
        outcome: &mut Outcome,
    ) -> Result<bool, wast::Error> {
        let mut lexer = Lexer::new(&self.text);
        // The suite has tests of such names, which other texts must not have.
        lexer.allow_confusing_unicode(true);
        let buffer = ParseBuffer::new_with_lexer(lexer)?;
        let script: Wast<'_> = parser::parse(&buffer)?;
        let mut session = Session::new(components, choose.clone(), attitude);
        let starts: Vec<_> = script.directives.iter().map(|directive| directive.span().offset()).collect();
        let ends = starts.iter().skip(1).copied().chain([self.text.len()]);
        for (directive, range) in script.directives.into_iter().zip(starts.iter().copied().zip(ends)) {
            let line = directive.span().linecol_in(&self.text).0 + 1;
            session.cancellable = self.cancellable.within(range.0..range.1);
            match session.obey(directive) {
                Ok(()) => outcome.passed += 1,
                Err(reason) => outcome.failed.push(Failed { line: Some(line), reason }),
            }
        }
        Ok(session.disturbed)
    }
}
