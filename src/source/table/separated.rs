//! CSV and TSV, by the `csv` crate.

use csv::{ByteRecord, ReaderBuilder};

use super::{BadRow, Cells, not_utf8};

pub fn rows(bytes: &[u8], tabs: bool, rejected: &mut Vec<BadRow>) -> Vec<Cells> {
    let delimiter = if tabs { b'\t' } else { delimiter(bytes) };
    let mut rows = Vec::new();
    let (mut rest, mut lines_before) = (bytes, 0);
    // Starts again after a quote that is not closed as it should be: it would swallow lines, to the end of the file at worst.
    while let Some((line, skip)) = read(rest, delimiter, lines_before, &mut rows, rejected) {
        rejected.push(BadRow::new(line, "a quote is opened in it and not closed before a comma or the end of a line"));
        (rest, lines_before) = (&rest[skip..], line);
    }
    rows
}

/// → the line with a quote that swallows others, and where the next line begins.
fn read(
    bytes: &[u8],
    delimiter: u8,
    lines_before: usize,
    rows: &mut Vec<Cells>,
    rejected: &mut Vec<BadRow>,
) -> Option<(usize, usize)> {
    let mut reader = ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(bytes);
    let mut record = ByteRecord::new();
    // Reading from memory cannot fail, and `flexible` takes rows of any width.
    while reader.read_byte_record(&mut record).unwrap_or(false) {
        let position = record.position().expect("a record that was read has a position");
        let (start, end) = (position.byte() as usize, reader.position().byte() as usize);
        // A record's position is where the one before it ended: blank lines, and half of a \r\n, come first.
        let blank = bytes[start..end].iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
        let skipped = bytes[start..start + blank].iter().filter(|&&b| b == b'\n').count();
        let line = lines_before + position.line() as usize + skipped;
        let (start, raw) = (start + blank, &bytes[start + blank..end]);
        let first_line = raw.iter().position(|&b| b == b'\n').map(|at| at + 1);
        if let Some(length) = first_line.filter(|&length| length < raw.len() && !well_quoted(raw, delimiter)) {
            return Some((line, start + length));
        }
        let values: Result<Vec<_>, _> =
            record.iter().map(|field| std::str::from_utf8(field).map(|text| Some(text.to_owned()))).collect();
        match values {
            Ok(values) => rows.push(Cells { line, values }),
            Err(error) => rejected.push(not_utf8(line, error)),
        }
    }
    None
}

/// Whether every cell that begins with a quote ends with one: a stray quote at the start of a cell would take the next
/// quote of the file, lines further down, for its own end.
fn well_quoted(record: &[u8], delimiter: u8) -> bool {
    let (mut at, mut cell_begins) = (0, true);
    while at < record.len() {
        if cell_begins && record[at] == b'"' {
            at += 1;
            loop {
                match (record.get(at), record.get(at + 1)) {
                    (Some(b'"'), Some(b'"')) => at += 2,
                    (Some(b'"'), None | Some(b'\r' | b'\n')) => break,
                    (Some(b'"'), Some(&next)) if next == delimiter => break,
                    (Some(b'"'), Some(_)) | (None, _) => return false,
                    (Some(_), _) => at += 1,
                }
            }
        }
        cell_begins = record[at] == delimiter;
        at += 1;
    }
    true
}

/// Whichever the first line has more of, outside quotes.
fn delimiter(bytes: &[u8]) -> u8 {
    let (mut quoted, mut commas, mut semicolons) = (false, 0, 0);
    for &b in bytes {
        match b {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => break,
            b',' if !quoted => commas += 1,
            b';' if !quoted => semicolons += 1,
            _ => {}
        }
    }
    if semicolons > commas { b';' } else { b',' }
}

/// The names of the columns, taken from the first row if it is a header.
pub fn names(rows: &mut Vec<Cells>, header: bool) -> Vec<String> {
    let wide = rows.iter().map(|row| row.values.len()).max().unwrap_or(0);
    let given = if header && !rows.is_empty() { rows.remove(0).values } else { Vec::new() };
    let mut names: Vec<String> = Vec::with_capacity(wide);
    for i in 0..wide.max(1) {
        let name = given.get(i).cloned().flatten().map(|name| name.trim().to_owned());
        // Two columns of one name could not be told apart.
        let name = name.filter(|name| !name.is_empty() && !names.contains(name));
        names.push(name.unwrap_or_else(|| format!("column {}", i + 1)));
    }
    names
}
