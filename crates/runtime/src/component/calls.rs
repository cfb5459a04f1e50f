//! What was found out about the calls of a component, for who inspects it.

use std::fmt;

use super::Component;
use crate::adapter::adapted_calls;
use crate::plan::{LiftIndex, Reached, TrampolineIndex};

/// What the code of a component was found to call. Numbers are those of the component's [plan](Component::plan). Printed, it
/// goes on where that ends.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CallReport {
    /// For each lifted function, the trampolines that its code, or its callback's, may call within its component
    /// instance. None if the code was not looked at: then each may call what its component instance can.
    pub reached: Option<Vec<Vec<TrampolineIndex>>>,
    /// The calls between components for which there is compiled code, which is used unless the callee may have to wait for a
    /// function of the host.
    pub adapters: Vec<TrampolineIndex>,
}

impl Component {
    /// Finds out what its code calls; it need not be compiled.
    #[must_use]
    pub fn call_report(&self) -> CallReport {
        let plan = self.plan();
        let found;
        let reached = match self.compiled() {
            Some(code) => code.reached.as_ref(),
            None => {
                // What is not compiled yet was not read from a precompiled file either: its bytes are here.
                found = self.bytes().ok().and_then(|bytes| Reached::of(plan, bytes));
                found.as_ref()
            }
        };
        let lifts = (0..).map(LiftIndex).take(plan.lifts.len());
        CallReport {
            reached: reached.map(|reached| lifts.map(|lift| reached.by_lift(lift).collect()).collect()),
            adapters: adapted_calls(plan, reached),
        }
    }
}

impl fmt::Display for CallReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reached {
            Some(lifts) => {
                writeln!(f, "reached trampolines ({} lifts)", lifts.len())?;
                for (lift, reached) in lifts.iter().enumerate() {
                    write!(f, "  {lift}:")?;
                    reached.iter().try_for_each(|trampoline| write!(f, " {}", trampoline.0))?;
                    writeln!(f)?;
                }
            }
            None => writeln!(f, "reached trampolines: not told apart")?,
        }
        write!(f, "adapters ({}):", self.adapters.len())?;
        self.adapters.iter().try_for_each(|trampoline| write!(f, " {}", trampoline.0))
    }
}
