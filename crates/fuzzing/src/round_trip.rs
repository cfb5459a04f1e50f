//! Lifting and lowering: a value of any type goes into a guest that hands it back, and comes back as it was.

use std::cell::RefCell;
use std::sync::LazyLock;

use thalweg::types::ValType;
use thalweg::{Component, Config, Engine, ErrorKind, Features, Instance, Linker, Prepared, Store, Val};
use thalweg_testkit::abi::{ENCODINGS, Echo, Random, pad};
use thalweg_testkit::polling::wait;

use crate::no_bug;
use crate::prepared::{Kept, shape};

/// Types of one component.
const TYPES: usize = 3;

static ENGINE: LazyLock<Engine> =
    LazyLock::new(|| Engine::new(Config::new().features(Features::all()).optimize(false)).expect("an engine"));

thread_local! {
    static KEPT: RefCell<Kept<Prepared<()>>> = RefCell::default();
}

/// The first bytes choose types and an encoding of strings, the others values: each goes through core values and through
/// memory. Then a value of one type is passed as one of another, which is an error of the embedder's or happens to fit.
pub fn round_trip(data: &[u8]) {
    let (mut random, values) = shape(data);
    let encoding = ENCODINGS[random.below(3)];
    let types: Vec<_> = (0..TYPES).map(|_| random.ty(3)).collect();
    let text = Echo::in_memory(random.ptr(), &types, encoding);
    let prepared = KEPT.with_borrow_mut(|kept| kept.get(text, prepare));
    let mut store = Store::new(&ENGINE, ());
    let instance = wait(prepared.instantiate(&mut store)).expect("no imports");
    let mut random = Random::of_bytes(values);
    for (i, ty) in types.iter().enumerate() {
        let (value, twin) = two(&mut random, values, ty);
        let expected = format!("{value:?}");
        let wide = call(&mut store, instance, &format!("memory{i}"), pad(value));
        let Some(Val::Tuple(wide)) = &wide else { panic!("no tuple: {wide:?}") };
        assert_eq!(format!("{:?}", wide[0]), expected, "{ty} through memory as {encoding}");
        if ty.flat_count().is_some() {
            let back = call(&mut store, instance, &format!("flat{i}"), twin).expect("a result");
            assert_eq!(format!("{back:?}"), expected, "{ty} through core values as {encoding}");
        }
    }
    of_another_type(&mut store, instance, &types, &mut random);
}

fn prepare(text: &str) -> Prepared<()> {
    let component = Component::from_bytes(&ENGINE, text.as_bytes()).unwrap_or_else(|error| panic!("{error:?}\n{text}"));
    Linker::new(&ENGINE).prepare(&component).expect("no imports")
}

/// The same value twice.
fn two(random: &mut Random, values: &[u8], ty: &ValType) -> (Val, Val) {
    let seed = random.any();
    let make = || match values.len() > 64 {
        true => Random::of_bytes(&values[8 * (seed % 8) as usize..]).value(ty),
        false => Random::new(seed).value(ty),
    };
    (make(), make())
}

fn call(store: &mut Store<()>, instance: Instance, name: &str, arg: Val) -> Option<Val> {
    let func = instance.func_dynamic(store, name).expect("an export");
    let text = format!("{arg:?}");
    wait(func.call(store, vec![arg])).unwrap_or_else(|error| panic!("{name} of {text}: {error:?}"))
}

/// Does what an embedder may do by mistake.
fn of_another_type(store: &mut Store<()>, instance: Instance, types: &[ValType], random: &mut Random) {
    let of = random.below(TYPES);
    let value = random.value(&types[of]);
    let name = format!("memory{}", random.below(TYPES));
    let func = instance.func_dynamic(store, &name).expect("an export");
    if let Err(error) = wait(func.call(store, vec![pad(value)])) {
        no_bug(&error);
        assert_eq!(error.kind(), ErrorKind::Host, "{error:?}");
    }
}
