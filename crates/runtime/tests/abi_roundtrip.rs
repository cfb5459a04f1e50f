//! Values of random types go into a guest that hands them back, through core values and through memory, in each string
//! encoding: what comes back is what went in.

use thalweg::types::ValType;
use thalweg::{Instance, Store, Val};
use thalweg_testkit::abi::{Echo, Random, instantiate, pad};
use thalweg_testkit::polling::wait;

/// How many types one component echoes: enough to share the cost of compiling it.
const TYPES: usize = 32;
/// Values of each type.
const VALUES: u64 = 4;

fn echo(store: &mut Store<()>, instance: Instance, name: &str, arg: Val) -> Val {
    let func = instance.func_dynamic(store, name).expect("an export");
    let result = wait(func.call(store, vec![arg]));
    result.unwrap_or_else(|error| panic!("{name}: {error:?}")).expect("a result")
}

/// The value of `ty` that `seed` makes, which is the same each time.
fn value(ty: &ValType, seed: u64) -> Val {
    Random::new(seed).value(ty)
}

fn round_trip(encoding: &str, seed: u64) {
    let mut random = Random::new(seed);
    let types: Vec<_> = (0..TYPES).map(|_| random.ty(3)).collect();
    let (mut store, instance) = instantiate(&Echo::of(&types, encoding));
    for (i, ty) in types.iter().enumerate() {
        for n in 0..VALUES {
            let seed = seed ^ (i as u64) << 8 ^ n << 32;
            let expected = format!("{:?}", value(ty, seed));
            let wide = pad(value(ty, seed));
            let Val::Tuple(back) = echo(&mut store, instance, &format!("memory{i}"), wide) else { panic!("no tuple") };
            assert_eq!(format!("{:?}", back[0]), expected, "{ty} through memory as {encoding}");
            if ty.flat_count().is_some() {
                let back = echo(&mut store, instance, &format!("flat{i}"), value(ty, seed));
                assert_eq!(format!("{back:?}"), expected, "{ty} through core values as {encoding}");
            }
        }
    }
}

#[test]
fn utf8() {
    (0..4).for_each(|seed| round_trip("utf8", seed));
}

#[test]
fn utf16() {
    (10..14).for_each(|seed| round_trip("utf16", seed));
}

#[test]
fn latin1_or_utf16() {
    (20..24).for_each(|seed| round_trip("latin1+utf16", seed));
}

#[test]
fn maps() {
    let ty = ValType::map(ValType::String, ValType::option(ValType::F64));
    let (mut store, instance) = instantiate(&Echo::of(&[ty], "utf8"));
    let value = || {
        let key = |key: &str| Val::String(key.into());
        Val::Map(vec![(key("a"), Val::Option(Some(Box::new(Val::F64(0.5))))), (key(""), Val::Option(None))])
    };
    assert_eq!(echo(&mut store, instance, "flat0", value()), value());
}

#[test]
fn large_bytes() {
    let (mut store, instance) = instantiate(&Echo::of(&[ValType::list(ValType::U8, None)], "utf8"));
    let bytes = || Val::Bytes((0..1 << 20).map(|i: u32| (i * 7) as u8).collect());
    assert!(echo(&mut store, instance, "flat0", bytes()) == bytes());
}
