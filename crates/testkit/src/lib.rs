//! Test tools of Thalweg: runs of the command with expected output kept in files.
//!
//! A test is a file one drops in; `tests/cli/README.md` describes the format. [`abi`] makes components, types and values for
//! those that test the library, [`guest`] has the built guests, [`polling`] runs futures by hand.

#![forbid(unsafe_code)]

pub mod abi;
pub mod command_test;
pub mod guest;
pub mod polling;
pub mod text_match;
pub mod wit;
