//! Random scripts in the model and in the runtime.
//!
//! `THALWEG_SCRIPTS` is how many (400), `THALWEG_SEED` the first one's seed.

use std::env;

#[test]
fn scripts_answer_what_the_model_allows() {
    let number = |name: &str, default: u64| env::var(name).map_or(default, |text| text.parse().expect("a number"));
    let (first, count) = (number("THALWEG_SEED", 0), number("THALWEG_SCRIPTS", 400));
    let (mut steps, mut choices, mut trapped, mut cut, mut different) = (0, 0, 0, 0, Vec::new());
    for seed in first..first + count {
        match thalweg_model::compare(&thalweg_model::random_bytes(seed)) {
            Ok(ran) => {
                (steps, choices, trapped) =
                    (steps + ran.steps, choices + ran.choices, trapped + usize::from(ran.trapped));
                cut += u64::from(ran.cut);
            }
            Err(difference) => different.push(format!("seed {seed}: {difference}")),
        }
    }
    println!(
        "{count} scripts, {steps} steps, {choices} choices, {trapped} traps, {cut} cut, {} differ",
        different.len()
    );
    assert!(different.is_empty(), "{}", different[..different.len().min(4)].join("\n"));
    assert!(cut * 10 <= count, "too few scripts are compared to their end");
    assert!(count < 100 || choices as u64 > count, "scripts without choices say little");
}
