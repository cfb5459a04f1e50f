//! Random scripts of calls, copies, cancellations, drops and waits in the standard's executable specification, in the
//! runtime and in the model.
//!
//! `differential/oracle.py` makes the scripts and runs them in `definitions.py`, which `THALWEG_DEFINITIONS` names; each
//! step must answer here what it answered there. What the specification leaves open is chosen there, at random; the same is
//! chosen here, and each choice must be among as many. `THALWEG_SCRIPTS` is how many (1,000), `THALWEG_SEED` the first
//! one's seed.

use std::env;
use std::process::Command;

use thalweg_model::script::Step;
use thalweg_model::world::{Pick, Trap, World};
use thalweg_model::{Ran, replay};

/// A script with what the specification answered.
struct Script {
    seed: String,
    count: usize,
    blocking: bool,
    /// What was chosen, among how many.
    choices: Vec<(usize, usize)>,
    steps: Vec<(Step, Result<u32, Trap>)>,
}

impl Script {
    /// Reads a line of `oracle.py`: `seed count blocking choice/among,...|step=answer|...`.
    fn parse(line: &str) -> Option<Self> {
        let (head, steps) = line.split_once('|').unwrap_or((line, ""));
        let mut head = head.split(' ');
        let (seed, count, blocking) = (head.next()?.to_string(), head.next()?.parse().ok()?, head.next()? == "1");
        let choices = head.next()?.split(',').filter(|choice| !choice.is_empty()).map(|choice| {
            let (chosen, count) = choice.split_once('/')?;
            Some((chosen.parse().ok()?, count.parse().ok()?))
        });
        let steps = steps.split('|').filter(|step| !step.is_empty()).map(|step| {
            let (step, answer) = step.split_once('=')?;
            let answer = if answer == "trap" { Err(Trap) } else { Ok(answer.parse().ok()?) };
            Some((Step::parse(step)?, answer))
        });
        Some(Script {
            seed,
            count,
            blocking,
            choices: choices.collect::<Option<_>>()?,
            steps: steps.collect::<Option<_>>()?,
        })
    }

    /// The script in the model.
    fn in_model(&self) -> Result<(), String> {
        let mut world = World::new(self.count);
        let mut picks = Picks { given: &self.choices, wrong: None };
        for (at, (step, expected)) in self.steps.iter().enumerate() {
            let found = world.step(step, &mut picks);
            if found != *expected {
                return Err(format!("the model differs at step {at}, `{step}`: {found:?} instead of {expected:?}"));
            }
            if let Some((expected, found)) = picks.wrong {
                return Err(format!(
                    "the model differs at step {at}, `{step}`: a choice among {found}, not {expected}"
                ));
            }
        }
        if picks.given.is_empty() { Ok(()) } else { Err("the model makes too few choices".into()) }
    }

    /// The script in the runtime.
    fn in_runtime(&self) -> Result<Ran, String> {
        replay(self.count, self.blocking, &self.steps, &self.choices)
    }
}

/// The specification's choices.
struct Picks<'a> {
    given: &'a [(usize, usize)],
    /// The first choice that was among more or fewer: among how many there, and here.
    wrong: Option<(usize, usize)>,
}

impl Pick for Picks<'_> {
    fn among(&mut self, count: usize) -> usize {
        if count < 2 {
            return 0;
        }
        let (chosen, expected) = self.given.split_off_first().copied().unwrap_or((0, 0));
        if expected != count {
            self.wrong.get_or_insert((expected, count));
        }
        chosen.min(count - 1)
    }
}

/// Scripts of one process of the specification: its threads that wait for ever are never freed.
const SCRIPTS_AT_ONCE: u32 = 200;

/// The scripts of `count` seeds from `seed` on, a line each.
fn answers(seed: u32, count: u32) -> Vec<String> {
    let oracle = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/differential/oracle.py");
    let args = [seed, count].map(|number| number.to_string());
    let output = Command::new("python3").arg(oracle).args(args).output().expect("python3 runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(String::from).collect()
}

#[test]
#[ignore = "needs Python, and the standard's definitions.py in THALWEG_DEFINITIONS"]
fn scripts_answer_what_the_specification_answers() {
    let number = |name: &str, default: u32| env::var(name).map_or(default, |text| text.parse().expect("a number"));
    let (first, count) = (number("THALWEG_SEED", 0), number("THALWEG_SCRIPTS", 1000));
    let (mut scripts, mut steps, mut choices, mut different) = (0, 0, 0, 0);
    for from in (first..first + count).step_by(SCRIPTS_AT_ONCE as usize) {
        for line in answers(from, SCRIPTS_AT_ONCE.min(first + count - from)) {
            let script = Script::parse(&line).unwrap_or_else(|| panic!("not a script: {line}"));
            (scripts, steps, choices) = (scripts + 1, steps + script.steps.len(), choices + script.choices.len());
            for result in [script.in_model(), script.in_runtime().map(|_| ())] {
                if let Err(difference) = result {
                    different += 1;
                    println!("seed {}: {difference}\n  {line}", script.seed);
                }
            }
        }
        println!("seeds {first} to {}: {steps} steps, {choices} choices, {different} differences", first + scripts - 1);
    }
    assert!(scripts > 0, "no script was made");
    assert_eq!(different, 0, "differences in {scripts} scripts");
}
