//! Phone numbers as spreadsheets and address books leave them. One is mended only if all of its digits are there.

use domain::is_ignorable;

/// A number with fewer digits is not taken for a phone number that a spreadsheet has made a decimal number of.
const LEAST_DIGITS: usize = 5;

const SHORTENED: &str = "was damaged by a spreadsheet: it has an exponent (E+), and digits are missing; format the column as text and \
     export it again";
const FORMULA: &str = "was damaged by a spreadsheet: it is a formula or the error of one";

/// The phone number in a field; `None` if it is empty.
///
/// # Errors
/// Fails if a spreadsheet has lost a part of the number.
pub(super) fn mended(field: &str) -> Result<Option<String>, &'static str> {
    let mut text = trimmed(field);
    // `="0123"` keeps a spreadsheet from dropping the zero, and so does an apostrophe.
    if let Some(inner) = text.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')) {
        text = trimmed(inner);
    }
    if let Some(rest) = text.strip_prefix(['\'', '’', '`'])
        && rest.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '(' | '='))
    {
        text = trimmed(rest);
    }
    if let Some(rest) = text.strip_prefix('=')
        && is_number(rest.strip_prefix('+').unwrap_or(rest))
    {
        text = rest;
    }
    if text.starts_with('=') || is_error(text) {
        return Err(FORMULA);
    }
    let text = match text.get(..4) {
        Some(scheme) if scheme.eq_ignore_ascii_case("tel:") => of_uri(&text[4..]),
        _ => text.to_owned(),
    };
    if let Some(whole) = with_exponent(&text) {
        return whole.map(Some);
    }
    // `447911123456.0`: a number that was written as a decimal one.
    if let Some(digits) = text.strip_suffix(".0").or_else(|| text.strip_suffix(",0"))
        && digits.len() >= LEAST_DIGITS
        && is_number(digits)
    {
        return Ok(Some(digits.to_owned()));
    }
    Ok(if text.is_empty() { None } else { Some(text) })
}

/// The text without spaces, and without the marks of direction that phones copy with a number.
pub(super) fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || is_ignorable(c))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `#NAME?`, `#VALUE!`, `#N/A`, `#ERROR!`, `########`
fn is_error(text: &str) -> bool {
    let rest = text.strip_prefix('#').unwrap_or_default();
    !rest.is_empty()
        && (rest.bytes().all(|byte| byte == b'#')
            || rest.ends_with(['!', '?']) && !rest.contains(|c: char| c.is_ascii_digit() && c != '0')
            || rest == "N/A")
}

/// The number in `4.47911123456E+11`, if the text is of that kind: its digits if all are there.
fn with_exponent(text: &str) -> Option<Result<String, &'static str>> {
    let (mantissa, exponent) = text.split_once(['E', 'e'])?;
    let (sign, mantissa) = match mantissa.strip_prefix('+') {
        Some(rest) => ("+", rest),
        None => ("", mantissa),
    };
    let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, ""));
    let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
    if whole.len() != 1 || !is_number(whole) || !(fraction.is_empty() || is_number(fraction)) || !is_number(exponent) {
        return None;
    }
    let is_whole = exponent.parse() == Ok(fraction.len()) && fraction.len() + 1 >= LEAST_DIGITS;
    Some(if is_whole { Ok(format!("{sign}{whole}{fraction}")) } else { Err(SHORTENED) })
}

/// The number in a `tel:` URI (RFC 3966).
fn of_uri(rest: &str) -> String {
    let mut parts = rest.split(';');
    let number = trimmed(parts.next().unwrap_or_default()).replace("%20", " ").replace("%2B", "+");
    let extension = parts.find_map(|part| part.strip_prefix("ext="));
    match extension {
        Some(extension) => format!("{number} ext. {extension}"),
        None => number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Cases {
        mended: Vec<(String, Option<String>)>,
        shortened: Vec<String>,
        formulas: Vec<String>,
    }

    #[test]
    fn damage_is_mended_where_every_digit_is_there_and_else_reported() {
        let cases: Cases = serde_json::from_str(include_str!("../../../tests/cases/phones.json")).unwrap();
        for (field, phone) in cases.mended {
            assert_eq!(mended(&field), Ok(phone), "{field}");
        }
        for field in &cases.shortened {
            assert_eq!(mended(field), Err(SHORTENED), "{field}");
        }
        for field in &cases.formulas {
            assert_eq!(mended(field), Err(FORMULA), "{field}");
        }
    }
}
