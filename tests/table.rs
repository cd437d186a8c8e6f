//! Tables of texts as people have them, and what becomes of their broken lines.

use headstart::source::table::{Format, Options, Table, read};

fn table(file: impl AsRef<[u8]>) -> Table {
    read(file.as_ref(), &Options::default()).unwrap()
}

fn pairs(table: &Table) -> Vec<(&str, &str)> {
    table.samples.iter().map(|row| (row.text.as_str(), row.label.as_deref().unwrap_or("-"))).collect()
}

fn lines(table: &Table) -> Vec<usize> {
    table.rejected.iter().map(|bad| bad.line).collect()
}

#[test]
fn csv_with_a_mark_quotes_and_newlines_in_them() {
    let found = table("\u{feff}id,text,label\r\n1,\"Good, really\nvery \"\"good\"\"\",yes\r\n\r\n2,bad,no\r\n");
    assert_eq!((found.format, found.header), (Format::Csv, true));
    assert_eq!(found.columns, ["id", "text", "label"]);
    assert_eq!((found.text.as_str(), found.label.as_deref()), ("text", Some("label")));
    assert_eq!(pairs(&found), [("Good, really\nvery \"good\"", "yes"), ("bad", "no")]);
    assert_eq!(found.samples.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 5]);
    assert!(found.rejected.is_empty());
}

#[test]
fn semicolons_tabs_and_no_header() {
    assert_eq!(pairs(&table("text;label\neins, zwei;a\ndrei;b\n")), [("eins, zwei", "a"), ("drei", "b")]);
    let tabs = table("what a day\tgood\nso sad\tbad\nI am happy\tgood\nno\tbad\n");
    assert_eq!((tabs.format, tabs.header), (Format::Tsv, false));
    assert_eq!(tabs.columns, ["column 1", "column 2"]);
    assert_eq!(pairs(&tabs)[0], ("what a day", "good"));
    // Unknown names over long cells are a header all the same.
    let long = "a sentence that is far too long to be the name of any column, ever";
    let named = table(format!("Wort,Art\n\"{long}\",x\n\"{long}!\",x\n\"{long}?\",y\n\"{long}.\",y\n"));
    assert_eq!((named.header, named.text.as_str(), named.label.as_deref()), (true, "Wort", Some("Art")));
}

#[test]
fn json_lines_and_plain_lines() {
    let json = "{\"label\": 3, \"text\": \"three\"}\n{\"text\": \"ünï\", \"label\": null, \"x\": [1]}\n";
    let found = table(json);
    assert_eq!(found.format, Format::Jsonl);
    assert_eq!(pairs(&found), [("three", "3"), ("ünï", "-")]);
    let found = table("First, a sentence.\n\nSecond, another one.\r\nThird\n");
    assert_eq!(found.format, Format::Lines);
    assert_eq!(pairs(&found), [("First, a sentence.", "-"), ("Second, another one.", "-"), ("Third", "-")]);
    assert_eq!(found.samples[1].line, 3);
}

#[test]
fn the_mapping_can_be_given() {
    let csv = "a,b,who,lang\nx y z,p,ann,en\nu v w,q,bob,de\n";
    let options: Options =
        serde_json::from_str(r#"{"text": "b", "label": "a", "group": "who", "slices": ["lang"], "header": true}"#)
            .unwrap();
    let found = read(csv.as_bytes(), &options).unwrap();
    assert_eq!(pairs(&found), [("p", "x y z"), ("q", "u v w")]);
    assert_eq!(found.samples[1].group.as_deref(), Some("bob"));
    assert_eq!(found.samples[1].slice["lang"], "de");
    let none = read(csv.as_bytes(), &Options { label: Some(String::new()), ..Options::default() }).unwrap();
    assert_eq!(none.label, None);
    let error = read(csv.as_bytes(), &Options { text: Some("zz".into()), ..options }).unwrap_err();
    assert_eq!((error.code(), error.item()), ("bad-option", Some("text")));
    assert!(error.to_string().contains("a, b, who, lang"), "{error}");
}

#[test]
fn broken_lines_are_listed_and_the_others_are_in() {
    let mut csv = "text,label\ngrüße,a\n,b\nshort\n".as_bytes().to_vec();
    csv.extend(b"br\xFCken,a\n\"never closed,b\nafter it,a\n");
    let found = table(&csv);
    assert_eq!(pairs(&found), [("grüße", "a"), ("short", "-"), ("after it", "a")]);
    assert_eq!(lines(&found), [3, 5, 6]);
    assert!(found.rejected.iter().all(|bad| bad.code == "bad-line"));
    let found = table("{\"text\": \"one\"}\n{\"text\": oops}\n[1]\n{\"other\": 1}\n{\"text\": \"two\"}");
    assert_eq!(pairs(&found), [("one", "-"), ("two", "-")]);
    assert_eq!(lines(&found), [2, 3, 4]);
}

/// A quote at the start of a cell takes the next quote of the file for its end, lines further down.
#[test]
fn a_stray_quote_takes_no_other_line_along() {
    let found = table("text,label\n\"never closed,b\nfine,a\n\"quoted, text\",c\nlast,d\n");
    assert_eq!(pairs(&found), [("fine", "a"), ("quoted, text", "c"), ("last", "d")]);
    assert_eq!(lines(&found), [2]);
    let found = table("text,label\n5\" tv,\"shop\nfine,a\n");
    assert_eq!(pairs(&found), [("fine", "a")]);
    let found = table("text\tlabel\n\"so he said\tbad\nand \"she\" said\tgood\n\"oh\" no\tbad\n");
    assert_eq!(lines(&found), [2]);
    assert_eq!(pairs(&found)[0], ("and \"she\" said", "good"));
}

#[test]
fn no_column_is_taken_for_two_things_by_guessing() {
    let csv = "label,phrase\na very long name of a class,hi\nanother long name of a class,ho\n";
    assert_eq!(pairs(&table(csv))[0], ("hi", "a very long name of a class"));
    let options = Options { label: Some("phrase".into()), slices: vec!["phrase".into()], ..Options::default() };
    let found = read(csv.as_bytes(), &options).unwrap();
    assert_eq!(pairs(&found)[0], ("a very long name of a class", "hi"));
    assert_eq!(found.samples[0].slice["phrase"], "hi");
    let options = Options { label: Some("phrase".into()), text: Some("phrase".into()), ..Options::default() };
    assert_eq!(read(csv.as_bytes(), &options).unwrap_err().item(), Some("label"));
}

#[test]
fn a_spreadsheets_clipboard_may_have_empty_and_quoted_cells() {
    let found = table("one\ta\ntwo\t\n\"three\nlines\"\tb\n");
    assert_eq!(found.format, Format::Tsv);
    assert_eq!(pairs(&found), [("one", "a"), ("two", "-"), ("three\nlines", "b")]);
}

#[test]
fn other_encodings_are_refused_by_name() {
    let utf16 = |big: bool| {
        "text,label\nhi,a\n".encode_utf16().flat_map(move |u| if big { u.to_be_bytes() } else { u.to_le_bytes() })
    };
    let with_mark: Vec<u8> = [0xFF, 0xFE].into_iter().chain(utf16(false)).collect();
    for (bytes, name) in [
        (with_mark, "UTF-16 (little-endian)"),
        (utf16(false).collect(), "UTF-16 (little-endian)"),
        (utf16(true).collect(), "UTF-16 (big-endian)"),
        (b"text,label\ngr\xFC\xDFe,a\nsch\xF6n,b\n".to_vec(), "Windows-1252"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(), "binary"),
    ] {
        let error = read(&bytes, &Options::default()).unwrap_err();
        assert_eq!(error.code(), "unsupported-encoding");
        assert!(error.to_string().contains(name), "{error}");
    }
    assert_eq!(read(b" \n\n", &Options::default()).unwrap_err().code(), "empty");
}

#[test]
fn ten_thousand_rows_are_quick_and_whole() {
    let csv: String = (0..10_000).map(|i| format!("\"sentence, number {i}\",class {}\n", i % 7)).collect();
    let found = table(&csv);
    assert_eq!((found.header, found.samples.len(), found.label.as_deref()), (false, 10_000, Some("column 2")));
}
