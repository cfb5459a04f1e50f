//! Fields of a test file to a [`CommandTest`]: names, number of times, shapes of values.

use super::fields::{self, Field};
use super::{CommandTest, ExitCodes, ParseError, Request, SetupStep, Signal};

const FIELDS: &str =
    "args, env, exit, files-absent, files-equal, request, requires-env, response, setup, signal, stderr, stdin, stdout";

const TAKE_BLOCKS: [&str; 6] = ["request", "response", "setup", "stdin", "stdout", "stderr"];

impl CommandTest {
    /// Reads the text of a test file.
    ///
    /// # Errors
    /// The first line that is not in the format.
    pub fn parse(text: &str) -> Result<CommandTest, ParseError> {
        let (mut args, mut exit) = (None, None);
        let (mut requires_env, mut stdin, mut stdout, mut stderr) = (None, None, None, None);
        let (mut requests, mut signal) = (Vec::<Request>::new(), None);
        let (mut env, mut setup, mut files_equal, mut files_absent) = (vec![], vec![], vec![], vec![]);
        for field in fields::split(text)? {
            if field.block.is_some() && !TAKE_BLOCKS.contains(&field.name.as_str()) {
                return Err(field.error(format!("`{}:` takes no block", field.name)));
            }
            match field.name.as_str() {
                "args" => once(&mut args, words(&field)?, &field)?,
                "env" => env.push(variable(&field)?),
                "exit" => once(&mut exit, exit_codes(&field)?, &field)?,
                "files-absent" => files_absent.extend(some_words::<1>(&field)?),
                "files-equal" => {
                    let [a, b] = some_words(&field)?;
                    files_equal.push((a, b));
                }
                "request" => requests.push(Request::parse(&field)?),
                "requires-env" => {
                    let [name] = some_words(&field)?;
                    once(&mut requires_env, name, &field)?;
                }
                "response" => match requests.last_mut() {
                    Some(request) if request.response.is_empty() => request.response = block_of(&field)?,
                    _ => return Err(field.error("`response:` belongs below its `request:`, once")),
                },
                "signal" => once(&mut signal, Signal::parse(&field)?, &field)?,
                "setup" => setup.push(SetupStep::parse(&field)?),
                "stderr" => once(&mut stderr, block_of(&field)?, &field)?,
                "stdin" => once(&mut stdin, block_of(&field)?, &field)?,
                "stdout" => once(&mut stdout, block_of(&field)?, &field)?,
                name => return Err(field.error(format!("no field `{name}`; the fields are {FIELDS}"))),
            }
        }
        let missing = |name: &str| ParseError { line: text.lines().count(), message: format!("`{name}:` is missing") };
        Ok(CommandTest {
            requires_env,
            args: args.ok_or_else(|| missing("args"))?,
            env,
            stdin: stdin.unwrap_or_default(),
            setup,
            exit: exit.ok_or_else(|| missing("exit"))?,
            stdout: stdout.unwrap_or_default(),
            stderr: stderr.unwrap_or_default(),
            requests,
            signal: signal.unwrap_or_default(),
            files_equal,
            files_absent,
        })
    }
}

fn once<T>(slot: &mut Option<T>, value: T, field: &Field) -> Result<(), ParseError> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(field.error(format!("`{}:` a second time", field.name))),
    }
}

fn block_of(field: &Field) -> Result<String, ParseError> {
    if field.value.is_empty() {
        return Ok(field.block.clone().unwrap_or_default());
    }
    Err(field.error(format!("`{}:` takes its text as `| text` lines below", field.name)))
}

/// Splits at white space; `'...'` and `"..."` keep it, and may be empty.
pub(super) fn words(field: &Field) -> Result<Vec<String>, ParseError> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in field.value.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => word.get_or_insert_default().push(c),
            None if c == '\'' || c == '"' => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            None if c.is_whitespace() => words.extend(word.take()),
            None => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    match quote {
        None => Ok(words),
        Some(open) => Err(field.error(format!("a quote {open} is not closed"))),
    }
}

fn some_words<const N: usize>(field: &Field) -> Result<[String; N], ParseError> {
    let found = words(field)?;
    let count = found.len();
    found.try_into().map_err(|_| field.error(format!("`{}:` takes {N} words, here are {count}", field.name)))
}

fn variable(field: &Field) -> Result<(String, String), ParseError> {
    match field.value.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_string(), value.to_string())),
        _ => Err(field.error("write `env: NAME=VALUE`")),
    }
}

fn exit_codes(field: &Field) -> Result<ExitCodes, ParseError> {
    let codes: Result<Vec<u8>, _> = field.value.split(" or ").map(|code| code.trim().parse()).collect();
    codes.map(ExitCodes).map_err(|_| field.error("write `exit: 0`, or `exit: 0 or 1`, with codes from 0 to 255"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_test() {
        let test = CommandTest::parse(
            "# story\nrequires-env: BIG\nargs: run 'a b' \"\" c'd e'\nenv: A=b=c\nstdin:\n| in\nsetup: file n.txt\n| x\n\
             request:\n| GET\n|\nresponse:\n| 200\nsignal: INT\n\
             files-equal: a b\nfiles-absent: c\nexit: 0 or 134\nstdout:\n| out\nstderr:\n| ...\n",
        )
        .expect("well formed");
        assert_eq!(test.requires_env.as_deref(), Some("BIG"));
        assert_eq!(test.args, ["run", "a b", "", "cd e"]);
        assert_eq!(test.env, [("A".to_string(), "b=c".to_string())]);
        assert_eq!(test.stdin, "in\n");
        assert_eq!(test.setup, [SetupStep::File { name: "n.txt".into(), text: "x\n".into() }]);
        let request = Request { admin: false, text: "GET\n\n".into(), response: "200\n".into() };
        assert_eq!((test.requests, test.signal), (vec![request], Signal::Interrupt));
        assert_eq!(test.files_equal, [("a".to_string(), "b".to_string())]);
        assert_eq!(test.files_absent, ["c"]);
        assert_eq!(test.exit, ExitCodes(vec![0, 134]));
        assert_eq!((test.stdout.as_str(), test.stderr.as_str()), ("out\n", "...\n"));
    }

    #[test]
    fn faults_are_placed_and_say_what_to_write() {
        for (text, expected) in [
            ("exit: 0\n", "line 1: `args:` is missing"),
            ("args: x\n", "line 1: `exit:` is missing"),
            ("args: x\nsdtout:\n", "line 2: no field `sdtout`; the fields are "),
            ("args: x\nargs: y\n", "line 2: `args:` a second time"),
            ("args: 'x\n", "line 1: a quote ' is not closed"),
            ("args: x\n| y\n", "line 1: `args:` takes no block"),
            ("stdout: x\n", "line 1: `stdout:` takes its text as `| text` lines below"),
            ("exit: 256\n", "line 1: write `exit: 0`"),
            ("env: =x\n", "line 1: write `env: NAME=VALUE`"),
            ("request: x\n", "line 1: write `request:` or `request: admin`"),
            ("response:\n| x\n", "line 1: `response:` belongs below its `request:`"),
            ("signal: HUP\n", "line 1: write `signal: TERM` or `signal: INT`"),
            ("files-equal: a\n", "line 1: `files-equal:` takes 2 words, here are 1"),
        ] {
            let error = CommandTest::parse(text).expect_err(text).to_string();
            assert!(error.starts_with(expected), "{text:?} gives {error:?}");
        }
    }

    #[test]
    fn the_examples_of_the_description_are_in_the_format() {
        let description = include_str!("../../../../tests/cli/README.md");
        let examples: Vec<&str> =
            description.split("```test\n").skip(1).map(|rest| rest.split("```").next().unwrap_or_default()).collect();
        assert!(!examples.is_empty(), "tests/cli/README.md has no ```test block");
        for example in examples {
            if let Err(error) = CommandTest::parse(example) {
                panic!("{error} of this example in tests/cli/README.md:\n{example}");
            }
        }
    }
}
