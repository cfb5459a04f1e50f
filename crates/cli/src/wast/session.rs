//! Carries out the directives of a script, one after the other.
//!
//! Each component that the script instantiates gets a store of its own: a trap ends what is in its store, and no other
//! component of the script shall notice.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use thalweg::{Choose, Component, ErrorKind, Instance, Module, Store, Val};
use wast::token::Id;
use wast::{QuoteWat, WastDirective, WastExecute, WastInvoke, WastRet, Wat};

use super::cancellable::put_back;
use super::components::Components;
use super::disturb::{Disturb, disturb};
use super::registered::{Definition, Registered};
use super::text::in_the_standards_words;
use super::{Attitude, argument, compare};

/// What went wrong, in words.
type Result<T> = std::result::Result<T, String>;

/// Polls (of many turns each) of a call that is always ready to go on; more than that is an endless loop.
const MAX_POLLS: usize = 1_000;

/// An instance and its store.
struct Running {
    component: Component,
    store: Store<()>,
    instance: Instance,
}

/// A definition of a script.
#[derive(Clone)]
pub(super) enum Defined {
    /// A component; an error says why it cannot be instantiated, though it is right.
    Component(Result<Component>),
    Module(Module),
}

fn is_core_module(wat: &QuoteWat<'_>) -> bool {
    matches!(wat, QuoteWat::Wat(Wat::Module(_)) | QuoteWat::QuoteModule(..))
}

/// The state of a script that runs.
pub struct Session<'a> {
    components: &'a mut Components,
    choose: Choose,
    attitude: Attitude,
    /// Definitions that keep the standard's rules; an error says why one cannot be instantiated nevertheless.
    definitions: HashMap<String, Defined>,
    last_definition: Option<Defined>,
    /// What components of the script can import, by name.
    registered: Registered,
    instances: Vec<Running>,
    /// A call was disturbed.
    pub disturbed: bool,
    /// Which of the built-ins in the text of the directive are `cancellable`.
    pub cancellable: Vec<bool>,
    names: HashMap<String, usize>,
    /// Threads that nobody has waited for.
    pub(super) threads: HashSet<String>,
}

impl<'a> Session<'a> {
    /// Nothing defined yet.
    pub fn new(components: &'a mut Components, choose: Choose, attitude: Attitude) -> Self {
        Session {
            components,
            choose,
            attitude,
            definitions: HashMap::new(),
            last_definition: None,
            registered: Registered::default(),
            instances: Vec::new(),
            disturbed: false,
            cancellable: Vec::new(),
            names: HashMap::new(),
            threads: HashSet::new(),
        }
    }

    /// Another one that knows nothing of this one.
    pub(super) fn beside(&mut self) -> Session<'_> {
        Session::new(self.components, self.choose.clone(), self.attitude)
    }

    /// Carries out one directive.
    pub fn obey(&mut self, directive: WastDirective<'_>) -> Result<()> {
        match (directive, self.attitude.disturb) {
            (
                WastDirective::Invoke(invoke)
                | WastDirective::AssertReturn { exec: WastExecute::Invoke(invoke), .. }
                | WastDirective::AssertTrap { exec: WastExecute::Invoke(invoke), .. },
                Some(how),
            ) => self.disturbed(how, &invoke),
            (directive, _) => self.obey_as_planned(directive),
        }
    }

    fn obey_as_planned(&mut self, directive: WastDirective<'_>) -> Result<()> {
        match directive {
            WastDirective::Module(wat) if is_core_module(&wat) => self.define_module(wat),
            WastDirective::ModuleDefinition(wat) if is_core_module(&wat) => self.define_module(wat),
            WastDirective::Module(wat) => {
                let name = wat.name();
                let component = self.component(wat)?;
                self.instantiate(&component, name)
            }
            WastDirective::ModuleDefinition(wat) => self.define(wat),
            WastDirective::ModuleInstance { instance, module, .. } => {
                let Defined::Component(component) = self.defined(module)? else {
                    return Err("a core module can only be imported".into());
                };
                self.instantiate(&component.clone()?, instance)
            }
            WastDirective::AssertMalformed { module, message, .. } => self.refused(module, message),
            WastDirective::AssertInvalid { module, message, .. } => self.refused(module, message),
            WastDirective::AssertUnlinkable { module, message, .. } => {
                let component = self.component(QuoteWat::Wat(module))?;
                match self.start(&component) {
                    Err(error) if error.kind() == ErrorKind::Link => self.says(&error_text(&error), message),
                    Err(error) => Err(format!("it could be linked, but: {}", error_text(&error))),
                    Ok(_) => Err(format!("it could be linked; expected: {message}")),
                }
            }
            WastDirective::Invoke(invoke) => self.invoke(invoke).and_then(|result| result.map(drop).map_err(trapped)),
            WastDirective::AssertTrap { exec, message, .. } => self.assert_trap(exec, message),
            WastDirective::AssertReturn { exec, results, .. } => self.assert_return(exec, &results),
            WastDirective::AssertExhaustion { call, message, .. } => {
                self.assert_trap(WastExecute::Invoke(call), message)
            }
            WastDirective::Register { name, module, .. } => {
                let defined = match self.defined(module)? {
                    Defined::Module(module) => Definition::Module(module.clone()),
                    Defined::Component(component) => Definition::Component(component.clone()?),
                };
                self.registered.add(name, defined);
                Ok(())
            }
            WastDirective::Thread(thread) => self.thread(thread),
            WastDirective::Wait { thread, .. } => self.wait(thread.name()),
            other => Err(format!("not a directive for components: {other:?}").chars().take(80).collect()),
        }
    }

    /// The outer result is about the text, the inner one the runtime's.
    fn load(&mut self, mut wat: QuoteWat<'_>) -> Result<thalweg::Result<Component>> {
        let mut bytes = wat.encode().map_err(|error| in_the_standards_words(error.message()))?;
        put_back(&mut bytes, &self.cancellable)?;
        Ok(self.components.load(bytes))
    }

    fn component(&mut self, wat: QuoteWat<'_>) -> Result<Component> {
        self.load(wat)?.map_err(|error| error_text(&error))
    }

    fn define(&mut self, wat: QuoteWat<'_>) -> Result<()> {
        let name = wat.name();
        let component = match self.load(wat)? {
            Ok(component) => Ok(component),
            // What it imports, nobody can give; but it is right.
            Err(error) if error.kind() == ErrorKind::Link => Err(error_text(&error)),
            Err(error) => return Err(error_text(&error)),
        };
        self.remember(name, Defined::Component(component));
        Ok(())
    }

    fn define_module(&mut self, mut wat: QuoteWat<'_>) -> Result<()> {
        let name = wat.name();
        let bytes = wat.encode().map_err(|error| in_the_standards_words(error.message()))?;
        let module = Module::from_bytes(self.components.engine(), &bytes).map_err(|error| error_text(&error))?;
        self.remember(name, Defined::Module(module));
        Ok(())
    }

    pub(super) fn remember(&mut self, name: Option<Id<'_>>, defined: Defined) {
        if let Some(id) = name {
            self.definitions.insert(id.name().to_string(), defined.clone());
        }
        self.last_definition = Some(defined);
    }

    pub(super) fn defined(&self, name: Option<Id<'_>>) -> Result<&Defined> {
        let defined = match name {
            Some(id) => self.definitions.get(id.name()),
            None => self.last_definition.as_ref(),
        };
        defined.ok_or_else(|| "there is no such definition; instances of a script can't import each other".into())
    }

    fn start(&mut self, component: &Component) -> thalweg::Result<Running> {
        let prepared = self.registered.prepare(self.components, component)?;
        let mut store = Store::new(self.components.engine(), ());
        store.set_choose(self.choose.clone());
        let instance = finish(prepared.instantiate(&mut store))?;
        Ok(Running { component: component.clone(), store, instance })
    }

    fn instantiate(&mut self, component: &Component, name: Option<Id<'_>>) -> Result<()> {
        let running = self.start(component).map_err(|error| error_text(&error))?;
        if let Some(id) = name {
            self.names.insert(id.name().to_string(), self.instances.len());
        }
        self.instances.push(running);
        Ok(())
    }

    /// A component that must not be accepted.
    fn refused(&mut self, module: QuoteWat<'_>, message: &str) -> Result<()> {
        match self.load(module) {
            Err(error) => self.says(&error, message),
            Ok(Err(error)) => match error.kind() {
                ErrorKind::Malformed | ErrorKind::Invalid => self.says(&error_text(&error), message),
                _ => Err(format!("it was accepted, but: {}", error_text(&error))),
            },
            Ok(Ok(_)) => Err(format!("it was accepted; expected: {message}")),
        }
    }

    fn running(&mut self, name: Option<Id<'_>>) -> Result<&mut Running> {
        let running = match name {
            Some(id) => self.names.get(id.name()).and_then(|&index| self.instances.get_mut(index)),
            None => self.instances.last_mut(),
        };
        running.ok_or_else(|| "there is no such instance".into())
    }

    /// A call that is disturbed; when its store is dropped, the script goes on with a fresh one.
    fn disturbed(&mut self, (how, turns): (Disturb, usize), invoke: &WastInvoke<'_>) -> Result<()> {
        let Running { component, store, instance } = self.running(invoke.module)?;
        let func = instance.func_dynamic(store, invoke.name).map_err(|error| error_text(&error))?;
        let args = argument::arguments(func.ty(), &invoke.args)?;
        let came = disturb(how, turns, store, &func, args)?;
        let component = component.clone();
        self.disturbed |= came.met;
        if came.over {
            let fresh = self.start(&component).map_err(|error| error_text(&error))?;
            *self.running(invoke.module)? = fresh;
        }
        Ok(())
    }

    /// The outer result is about the script, the inner one is the call's.
    fn invoke(&mut self, invoke: WastInvoke<'_>) -> Result<thalweg::Result<(thalweg::Func, Option<Val>)>> {
        let Running { store, instance, .. } = self.running(invoke.module)?;
        let func = instance.func_dynamic(store, invoke.name).map_err(|error| error_text(&error))?;
        let args = argument::arguments(func.ty(), &invoke.args)?;
        let result = finish(func.call(store, args));
        Ok(result.map(|value| (func, value)))
    }

    fn assert_trap(&mut self, exec: WastExecute<'_>, message: &str) -> Result<()> {
        let error = match exec {
            WastExecute::Invoke(invoke) => self.invoke(invoke)?.map(drop).err(),
            WastExecute::Wat(wat) => {
                let component = self.component(QuoteWat::Wat(wat))?;
                self.start(&component).map(drop).err()
            }
            WastExecute::Get { .. } => return Err("components have no globals to get".into()),
        };
        match error {
            None => Err(format!("it did not trap; expected: {message}")),
            Some(error) if error.as_trap().is_none() => Err(format!("not a trap: {}", error_text(&error))),
            Some(error) => self.says(&error_text(&error), message.strip_prefix("wasm trap: ").unwrap_or(message)),
        }
    }

    fn assert_return(&mut self, exec: WastExecute<'_>, results: &[WastRet<'_>]) -> Result<()> {
        let (func, value) = match exec {
            WastExecute::Invoke(invoke) => self.invoke(invoke)?.map_err(trapped)?,
            WastExecute::Wat(wat) => {
                let component = self.component(QuoteWat::Wat(wat))?;
                return self.instantiate(&component, None);
            }
            WastExecute::Get { .. } => return Err("components have no globals to get".into()),
        };
        compare::results(func.ty().result.as_ref(), value.as_ref(), results)
    }

    fn says(&self, error: &str, expected: &str) -> Result<()> {
        if self.attitude.ignore_error_messages || error.contains(expected) {
            return Ok(());
        }
        Err(format!("it failed as it should, but with another text\nexpected: {expected}\nfound:    {error}"))
    }
}

/// A trap where there should be none: with the guest's stack.
fn trapped(error: thalweg::Error) -> String {
    let frames: Vec<_> = error.guest_backtrace().iter().map(|frame| format!("\nat {frame}")).collect();
    error_text(&error) + &frames.concat()
}

/// The message of an error, and what there is instead.
pub fn error_text(error: &thalweg::Error) -> String {
    match error.have() {
        Some(have) => format!("{}\n{have}", error.message()),
        None => error.message().to_string(),
    }
}

/// Runs a future to its end. Nothing of the host can wake it later: a script has no host functions.
pub fn finish<T>(future: impl Future<Output = thalweg::Result<T>>) -> thalweg::Result<T> {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..MAX_POLLS {
        if let Poll::Ready(result) = future.as_mut().poll(&mut context) {
            return result;
        }
    }
    Err(thalweg::Error::host("it does not end"))
}
