//! UTF-8, or the name of what it is instead.

use crate::error::{Error, Result};

/// The bytes after a mark of UTF-8, if there is one. Single broken characters pass: whoever reads them names the line.
///
/// Errors: `unsupported-encoding` for what is not UTF-8 as a whole.
pub fn utf8(bytes: &[u8]) -> Result<&[u8]> {
    let refuse = |encoding: &str| Err(Error::UnsupportedEncoding { encoding: encoding.to_owned() });
    match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => return Ok(rest),
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => return refuse("UTF-32"),
        [0xFF, 0xFE, ..] => return refuse("UTF-16 (little-endian)"),
        [0xFE, 0xFF, ..] => return refuse("UTF-16 (big-endian)"),
        _ => {}
    }
    // Text has no zero bytes, unless every character takes two.
    let start = &bytes[..bytes.len().min(1024)];
    if start.contains(&0) {
        let odd = start.iter().skip(1).step_by(2).filter(|b| **b == 0).count();
        let even = start.iter().step_by(2).filter(|b| **b == 0).count();
        return match (even * 4 > start.len(), odd * 4 > start.len()) {
            (false, true) => refuse("UTF-16 (little-endian)"),
            (true, false) => refuse("UTF-16 (big-endian)"),
            _ => refuse("binary data, no text"),
        };
    }
    let (mut broken, mut whole) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        whole += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    // Of real UTF-8 with a few broken characters most are whole; of a single-byte encoding hardly one is, by chance.
    if broken > whole { refuse("a single-byte encoding such as Windows-1252 or ISO 8859-1") } else { Ok(bytes) }
}
