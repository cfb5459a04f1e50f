//! A small model of the waiting rules, and random scripts that must answer the same in it and in the runtime.
//!
//! The rules are those of tasks and subtasks, backpressure and the exclusive lock, streams and futures, cancellation and
//! waitable sets. [`world`] has them as plain values, without core wasm; [`driver`] has guests that do the same steps;
//! [`script`] makes steps out of bytes. What the standard leaves open is compared in two ways, by the first byte:
//!
//! - The model chooses, by the bytes, and the runtime follows. Each choice must be among as many in both.
//! - The runtime chooses as it does by default, and the model follows every way that the standard allows: at least one must
//!   answer what the runtime answers, from the first step to the last.
//!
//! [`check`] is for fuzzers, [`compare`] says what a script came to.

#![forbid(unsafe_code)]

pub mod driver;
pub mod guests;
pub mod script;
pub mod world;

use std::collections::HashSet;

use guests::Guests;
use script::{Draw, Step};
use thalweg::{Choose, Schedule};
use world::{Pick, Trap, World};

/// Steps of one script.
const STEPS: usize = 250;
/// Ways that the model may follow at once; a script ends when there are more.
const WAYS: usize = 512;
/// Ways that the model may try in one step; a script ends when there are more.
const TRIES: usize = 10_000;

/// What a script came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ran {
    /// The script and its answers, a step a line.
    pub script: String,
    /// How many steps it had.
    pub steps: usize,
    /// How many choices there were.
    pub choices: usize,
    /// Whether it ended with a trap.
    pub trapped: bool,
    /// Whether it ended because there were too many ways.
    pub cut: bool,
}

/// Choices that are given or drawn, and written down. A choice among one is none.
struct Picks<'a, 'b> {
    given: Vec<usize>,
    draw: Option<&'a mut Draw<'b>>,
    made: Vec<(usize, usize)>,
}

impl Pick for Picks<'_, '_> {
    fn among(&mut self, count: usize) -> usize {
        if count < 2 {
            return 0;
        }
        let given = self.given.get(self.made.len()).copied();
        let chosen = match (given, &mut self.draw) {
            (Some(given), _) => given.min(count - 1),
            (None, Some(draw)) => draw.below(count),
            (None, None) => 0,
        };
        self.made.push((chosen, count));
        chosen
    }
}

/// Whom the script is about.
struct Head {
    count: usize,
    blocking: bool,
}

/// For fuzzers: runs the script that `data` makes, here and there.
///
/// # Panics
///
/// When the runtime answers what the model does not allow.
pub fn check(data: &[u8]) {
    if let Err(difference) = compare(data) {
        panic!("{difference}");
    }
}

/// Runs the script that `data` makes in the model and in the runtime.
///
/// # Errors
///
/// What differs, with the script up to there.
pub fn compare(data: &[u8]) -> Result<Ran, String> {
    let mut draw = Draw::new(data);
    let model_chooses = draw.below(4) < 3;
    let head = Head { count: 2 + draw.below(3), blocking: draw.below(2) == 1 };
    if model_chooses { follow_the_model(&mut draw, &head) } else { follow_the_runtime(&mut draw, &head) }
}

/// As many bytes as a script may need, made of `seed`.
#[must_use]
pub fn random_bytes(seed: u64) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let words = 20 + next() % 120;
    (0..words).flat_map(|_| next().to_le_bytes()).collect()
}

/// The next step that is worth taking; none when the bytes are used up.
fn next_step(draw: &mut Draw<'_>, world: &World, head: &Head) -> Option<Step> {
    while !draw.is_over() {
        let step = script::next(draw, world, head.blocking);
        if script::is_sensible(&step, world) || draw.below(256) == 255 {
            return Some(step);
        }
    }
    None
}

fn answer_of(result: thalweg::Result<u32>) -> Result<Result<u32, Trap>, String> {
    match result {
        Ok(number) => Ok(Ok(number)),
        Err(error) if error.as_trap().is_some() => Ok(Err(Trap)),
        Err(error) => Err(format!("{error:?}")),
    }
}

fn written(script: &mut String, step: &Step, answer: Result<u32, Trap>) {
    let answer = answer.map_or_else(|Trap| String::from("trap"), |number| number.to_string());
    *script += &format!("{step}={answer}\n");
}

/// The model runs first; its choices are the runtime's schedule.
fn follow_the_model(draw: &mut Draw<'_>, head: &Head) -> Result<Ran, String> {
    let mut world = World::new(head.count);
    let (mut steps, mut made) = (Vec::new(), Vec::new());
    while steps.len() < STEPS {
        let Some(step) = next_step(draw, &world, head) else { break };
        let mut picks = Picks { given: Vec::new(), draw: Some(draw), made: Vec::new() };
        let answer = world.step(&step, &mut picks);
        made.extend(picks.made);
        steps.push((step, answer));
        if answer.is_err() {
            break;
        }
    }
    replay(head.count, head.blocking, &steps, &made)
}

/// Takes `steps` in the runtime, which makes the choices `made`, each among as many as the second number says; each step
/// must answer what stands with it.
///
/// # Errors
///
/// What differs.
pub fn replay(
    count: usize,
    blocking: bool,
    steps: &[(Step, Result<u32, Trap>)],
    made: &[(usize, usize)],
) -> Result<Ran, String> {
    let schedule = Schedule::of(made.iter().map(|(chosen, _)| *chosen).collect());
    let mut guests = Guests::new(count, blocking, schedule.choose()).map_err(|error| format!("{error:?}"))?;
    let mut ran = Ran { choices: made.len(), ..Ran::default() };
    for (step, expected) in steps {
        ran.steps += 1;
        let found = answer_of(guests.step(step))?;
        written(&mut ran.script, step, found);
        let counts = schedule.counts();
        let expected_counts = made.iter().map(|(_, count)| count).take(counts.len());
        if found != *expected || !counts.iter().eq(expected_counts) {
            let expected = expected.map_or_else(|Trap| String::from("trap"), |number| number.to_string());
            let script = &ran.script;
            return Err(format!(
                "{count} drivers, blocking: {blocking}\n{script}it should answer {expected}; \
                 choices were among {counts:?}, they should be {made:?} (chosen, among)"
            ));
        }
        ran.trapped = found.is_err();
    }
    if schedule.counts().len() != made.len() {
        return Err(format!("{}too few choices: {:?} of {made:?}", ran.script, schedule.counts()));
    }
    Ok(ran)
}

/// The runtime chooses; the model follows every way there is.
fn follow_the_runtime(draw: &mut Draw<'_>, head: &Head) -> Result<Ran, String> {
    let mut guests = Guests::new(head.count, head.blocking, Choose::first()).map_err(|error| format!("{error:?}"))?;
    let mut worlds = vec![World::new(head.count)];
    let mut ran = Ran::default();
    while ran.steps < STEPS {
        let Some(step) = next_step(draw, &worlds[0], head) else { break };
        let found = answer_of(guests.step(&step))?;
        ran.steps += 1;
        written(&mut ran.script, &step, found);
        let mut allowed = HashSet::new();
        let (mut next, mut tries) = (Vec::new(), 0);
        for world in &worlds {
            each_way(world, &step, |answer, after, open| {
                ran.choices += usize::from(open);
                if answer == found && allowed.insert(after.clone()) {
                    next.push(after);
                }
                tries += 1;
                tries < TRIES && next.len() <= WAYS
            });
        }
        if tries >= TRIES || next.len() > WAYS {
            ran.cut = true;
            break;
        }
        if next.is_empty() {
            let Ran { script, .. } = &ran;
            return Err(format!(
                "{} drivers, blocking: {}\n{script}none of {} ways answers this",
                head.count,
                head.blocking,
                worlds.len()
            ));
        }
        worlds = next;
        if found.is_err() {
            ran.trapped = true;
            break;
        }
    }
    Ok(ran)
}

/// Takes `step` in `world` in every way that the standard allows, until `each` has enough; says of each whether there was a
/// choice.
fn each_way(world: &World, step: &Step, mut each: impl FnMut(Result<u32, Trap>, World, bool) -> bool) {
    let mut given = Some(Vec::new());
    while let Some(choices) = given.take() {
        let mut picks = Picks { given: choices, draw: None, made: Vec::new() };
        let mut after = world.clone();
        let answer = after.step(step, &mut picks);
        after.forget_order();
        if !each(answer, after, !picks.made.is_empty()) {
            return;
        }
        // The last choice that can be made otherwise.
        while let Some((chosen, count)) = picks.made.pop() {
            if chosen + 1 < count {
                given = Some(picks.made.iter().map(|(chosen, _)| *chosen).chain([chosen + 1]).collect());
                break;
            }
        }
    }
}
