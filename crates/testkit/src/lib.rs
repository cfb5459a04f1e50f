//! Test tools of Thalweg: runs of the command with expected output kept in files.
//!
//! A test is a file one drops in; `tests/cli/README.md` describes the format. Nothing here knows the runtime.

#![forbid(unsafe_code)]

pub mod command_test;
pub mod text_match;
