//! Organizations and users on the command line. Unlike clap's own errors, these do not repeat what was
//! given: it may be a key, given by mistake.

use std::{ffi::OsStr, marker::PhantomData, str::FromStr};

use clap::{Arg, Command, builder::TypedValueParser, error::ErrorKind};
use domain::InvalidIdentifier;

/// Reads an argument as an identifier of this kind.
pub(crate) fn identifier<T>() -> Identifier<T> {
    Identifier(PhantomData)
}

#[derive(Clone)]
pub(crate) struct Identifier<T>(PhantomData<T>);

impl<T> TypedValueParser for Identifier<T>
where
    T: FromStr<Err = InvalidIdentifier> + Clone + Send + Sync + 'static,
{
    type Value = T;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, value: &OsStr) -> Result<T, clap::Error> {
        value.to_str().ok_or(InvalidIdentifier).and_then(str::parse).map_err(|why| {
            let argument = argument.map(ToString::to_string).unwrap_or_default();
            clap::Error::raw(ErrorKind::ValueValidation, format!("the value of '{argument}' {why}\n")).with_cmd(command)
        })
    }
}
