//! Test tools of Thalweg: runs of the command with expected output kept in files.
//!
//! A test is a file one drops in; `tests/cli/README.md` describes the format. Only [`abi`] knows the runtime: it makes
//! components, types and values for those that test its library.

#![forbid(unsafe_code)]

pub mod abi;
pub mod command_test;
pub mod text_match;
pub mod wit;
