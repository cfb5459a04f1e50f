//! Calls from one component to another against the standard's own definitions: memory, core values and the calls of
//! `realloc` are the same, by compiled adapters and without them.
//!
//! The definitions are not part of this repository. `THALWEG_ORACLE` is the path of the standard's `definitions.py`, which
//! needs `python3`; without it nothing is compared. `THALWEG_ORACLE_CASES` says how many calls are.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use thalweg::Val;
use thalweg::types::ValType;
use thalweg_testkit::abi::{ENCODINGS, Pair, Random, Twins, image, ptr_name};

/// Types of one pair of components.
const TYPES: usize = 8;
/// Calls of each function.
const CALLS: usize = 10;

/// The standard's definitions, running.
struct Oracle {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Oracle {
    fn new(definitions: &str) -> Oracle {
        let driver = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/abi/oracle.py");
        let mut command = Command::new("python3");
        command.args([driver, definitions]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("python3");
        let input = process.stdin.take().expect("its input");
        let output = BufReader::new(process.stdout.take().expect("its output"));
        Oracle { process, input, output }
    }

    /// What the page holds, in hex, or `trap`.
    fn ask(&mut self, case: &str) -> String {
        writeln!(self.input, "{case}").expect("the oracle listens");
        let mut answer = String::new();
        self.output.read_line(&mut answer).expect("the oracle answers");
        answer.trim_end().to_owned()
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn page(outcome: &Result<Val, Option<thalweg::Trap>>) -> String {
    let Ok(Val::Bytes(bytes)) = outcome else { return "trap".to_owned() };
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    hex(&bytes[..end])
}

/// The type as the definitions write it.
fn expression(ty: &ValType) -> String {
    let maybe = |ty: &Option<ValType>| ty.as_ref().map_or_else(|| "None".to_owned(), expression);
    let join = |parts: Vec<String>| parts.join(", ");
    match ty {
        ValType::List(list) => {
            let length = list.length.map_or_else(|| "None".to_owned(), |length| length.to_string());
            format!("ListType({}, {length})", expression(&list.element))
        }
        ValType::Record(record) => {
            let field = |name: &str, ty: &ValType| format!("FieldType({name:?}, {})", expression(ty));
            format!("RecordType([{}])", join(record.fields.iter().map(|f| field(&f.name, &f.ty)).collect()))
        }
        ValType::Tuple(tuple) => {
            format!("TupleType([{}])", join(tuple.elements.iter().map(|element| expression(&element.ty)).collect()))
        }
        ValType::Variant(variant) => {
            let cases = variant.cases.iter().map(|case| format!("CaseType({:?}, {})", case.name, maybe(&case.ty)));
            format!("VariantType([{}])", join(cases.collect()))
        }
        ValType::Option(option) => format!("OptionType({})", expression(&option.some)),
        ValType::Result(result) => format!("ResultType({}, {})", maybe(&result.ok), maybe(&result.err)),
        ValType::Enum(labels) => format!("EnumType({:?})", labels.names),
        ValType::Flags(flags) => format!("FlagsType({:?})", flags.names),
        scalar => {
            let name = scalar.to_string();
            let (first, rest) = name.split_at(1);
            format!("{}{rest}Type()", first.to_uppercase())
        }
    }
}

#[test]
fn calls_do_what_the_definitions_say() {
    let Ok(definitions) = std::env::var("THALWEG_ORACLE") else { return };
    let wanted = std::env::var("THALWEG_ORACLE_CASES").map_or(1_000, |count| count.parse().expect("a count of calls"));
    let mut oracle = Oracle::new(&definitions);
    let (mut cases, mut traps) = (0, 0);
    for seed in 0.. {
        let mut random = Random::new(seed);
        let types: Vec<_> = (0..TYPES).map(|_| random.ty(seed as usize % 4)).collect();
        let encodings = [0; 2].map(|_| ENCODINGS[random.below(3)]);
        let ptrs = [0; 2].map(|_| random.ptr());
        let twins = Twins::of(&Pair::of(&types, encodings, ptrs));
        for (i, ty) in types.iter().enumerate() {
            for kind in ["flat", "memory", "back"].repeat(CALLS) {
                let fits = ty.flat_count().is_some_and(|count| count <= thalweg::types::MAX_FLAT_PARAMS);
                if kind == "flat" && !fits {
                    continue;
                }
                let image = image(&mut random, ptrs[usize::from(kind == "back")]);
                let found = page(&twins.call(&format!("{kind}{i}"), &image));
                let [source, target] = encodings;
                let [from, to] = ptrs.map(ptr_name);
                let case = format!("{kind}|{source} {from}|{target} {to}|{}|{}", expression(ty), hex(&image));
                assert_eq!(found, oracle.ask(&case), "{case}");
                cases += 1;
                traps += usize::from(found == "trap");
            }
        }
        if cases >= wanted {
            break;
        }
    }
    println!("calls that are the definitions': {cases}, {traps} of them traps");
    assert!(traps > 20 && traps < cases - 20);
}
