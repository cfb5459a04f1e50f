//! Components put together out of those that the tests of the Component Model have: one is taken, and some of its parts are
//! replaced by others, left out or repeated.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use thalweg_testkit::abi::Random;

use crate::tree::Node;

/// Changes of one component at most; with more, hardly any is valid.
const CHANGES: usize = 10;

/// Words that stand for others of their kind.
const TYPES: [&str; 16] = [
    "bool",
    "u8",
    "s16",
    "u32",
    "s64",
    "f32",
    "f64",
    "char",
    "string",
    "(list u8)",
    "(list string)",
    "(option u32)",
    "(result u8 (error string))",
    "(tuple u8 string u64)",
    "(stream u8)",
    "(future (list u8))",
];
const NUMBERS: [&str; 12] =
    ["0", "1", "2", "3", "-1", "4", "16", "255", "65536", "0x7fffffff", "0x10000000", "0xffffffff"];

struct Pool {
    components: Vec<Node>,
    /// All lists in them, by their first word.
    parts: BTreeMap<String, Vec<Node>>,
}

static POOL: LazyLock<Pool> = LazyLock::new(|| {
    let mut pool = Pool { components: Vec::new(), parts: BTreeMap::new() };
    for file in texts() {
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        for node in Node::parse(&text) {
            // A component stands alone, or in an assertion about it.
            let nodes = [&node].into_iter().chain(node.children());
            let components = nodes.filter(|node| node.head() == Some("component") && node.children().len() > 1);
            pool.components.extend(components.cloned());
        }
    }
    for component in &pool.components {
        for path in component.paths() {
            if let Some(part) = component.at(&path)
                && let Some(head) = part.head()
            {
                pool.parts.entry(head.to_owned()).or_default().push(part.clone());
            }
        }
    }
    pool
});

/// The scripts of the repository, always in the same order.
fn texts() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/wast");
    let in_folder = |folder: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.extension().is_some()).collect()
    };
    let mut files = [in_folder(&root), in_folder(&root.join("schedules"))].concat();
    files.sort();
    files
}

/// The texts of all components that there are.
pub fn components() -> Vec<String> {
    POOL.components.iter().map(Node::to_string).collect()
}

/// A component in text, of the choices that `random` makes.
pub fn script(random: &mut Random) -> String {
    let pool = &*POOL;
    let mut tree = pool.components[random.below(pool.components.len())].clone();
    for _ in 0..CHANGES {
        if random.has_more() {
            change(&mut tree, random);
        }
    }
    tree.to_string()
}

fn change(tree: &mut Node, random: &mut Random) {
    let paths = tree.paths();
    let is_list = |path: &&Vec<usize>| tree.at(path).is_some_and(|node| node.head().is_some()) && !path.is_empty();
    let lists: Vec<_> = paths.iter().filter(is_list).cloned().collect();
    let atoms: Vec<_> = paths.iter().filter(|path| matches!(tree.at(path), Some(Node::Atom(_)))).cloned().collect();
    let kind = random.below(10);
    let from = if kind < 6 { &lists } else { &atoms };
    if from.is_empty() {
        return;
    }
    let path = &from[random.below(from.len())];
    match kind {
        0..6 => change_list(tree, path, &lists, kind, random),
        _ => change_atom(tree, path, &atoms, kind, random),
    }
}

/// Replaces a list by one of its kind, from here or from anywhere, leaves it out, repeats it or moves it.
fn change_list(tree: &mut Node, path: &[usize], lists: &[Vec<usize>], kind: usize, random: &mut Random) {
    let Some(head) = tree.at(path).and_then(Node::head).map(str::to_owned) else { return };
    let Some((last, parent)) = path.split_last() else { return };
    let other = match kind {
        // A change may have made a head that no list had.
        0 | 1 => POOL.parts.get(&head).map(|parts| parts[random.below(parts.len())].clone()),
        2 | 3 => {
            let same: Vec<_> = lists.iter().filter_map(|path| tree.at(path)).collect();
            let same: Vec<_> = same.into_iter().filter(|node| node.head() == Some(&head)).collect();
            same.get(random.below(same.len())).map(|node| (*node).clone())
        }
        _ => None,
    };
    let Some(Node::List(siblings)) = tree.at_mut(parent) else { return };
    match (kind, other) {
        (0 | 2, Some(other)) => siblings[*last] = other,
        (1 | 3, Some(other)) => siblings.insert(last + 1, other),
        (4, _) => drop(siblings.remove(*last)),
        _ => {
            let to = random.below(siblings.len());
            siblings.swap(*last, to);
        }
    }
}

/// Replaces a word by another of the same component, a type or a number.
fn change_atom(tree: &mut Node, path: &[usize], atoms: &[Vec<usize>], kind: usize, random: &mut Random) {
    let Some(Node::Atom(atom)) = tree.at(path) else { return };
    let other = match kind {
        6 | 7 => {
            let words = atoms.iter().filter_map(|path| match tree.at(path) {
                Some(Node::Atom(other)) if sort(other) == sort(atom) => Some(other),
                _ => None,
            });
            let words: Vec<_> = words.collect();
            words[random.below(words.len())].clone()
        }
        8 => TYPES[random.below(TYPES.len())].to_owned(),
        _ => NUMBERS[random.below(NUMBERS.len())].to_owned(),
    };
    if let Some(node) = tree.at_mut(path) {
        *node = Node::Atom(other);
    }
}

/// Words that may stand for each other begin alike.
fn sort(atom: &str) -> u8 {
    match atom.as_bytes().first() {
        Some(b'0'..=b'9' | b'-') => b'0',
        Some(byte @ (b'$' | b'"')) => *byte,
        _ => b'a',
    }
}
