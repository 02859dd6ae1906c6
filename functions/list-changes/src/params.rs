//! The query parameters.

use domain::{Invalid, limits::MAX_PAGE};
use shared::http::{ApiError, Parameter, Query, whole_number};

use crate::cursor::{Cursor, Refused, Scope};

/// The parameters.
pub(crate) const PARAMETERS: &[Parameter] = &[Parameter::single("cursor"), Parameter::single("limit")];

/// Reads the cursor, if there is one, and the limit.
///
/// # Errors
/// Fails with the error of every parameter that is unknown, repeated or illegal, and if the cursor is one that cannot
/// be continued.
pub(crate) fn read(query: &Query, scope: &Scope<'_>) -> Result<(Option<Cursor>, usize), ApiError> {
    let mut errors = query.errors().to_vec();
    let cursor = |text: &str| match Cursor::decode(text, scope) {
        Err(Refused::Invalid) => Err("must be the `nextCursor` of an earlier answer, as it was given".to_owned()),
        decoded => Ok(decoded),
    };
    let cursor = query.value("cursor", cursor, &mut errors);
    let limit = query.value("limit", |text| whole_number(text, 1, MAX_PAGE), &mut errors);
    Invalid::unless_empty(errors)?;
    let cursor = cursor.transpose().map_err(|_| ApiError::CursorExpired)?;
    Ok((cursor, limit.unwrap_or(MAX_PAGE)))
}
