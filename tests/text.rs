//! all-MiniLM-L6-v2 against sentence-transformers, natively on the CPU. Tolerance: cosine 0.9999 for f32 weights, 0.999
//! for the shipped pack with its 8 bits.

mod fixtures;

use fixtures::*;
use headstart::backbone::Backbone;
use headstart::device::Computer;
use headstart::encode::text::Encoder;
use headstart::features::{Matrix, cosine, extract, extract_texts};

fn encoder() -> Encoder {
    let (manifest, _) = pack_files("all-minilm-l6-v2");
    Encoder::new(&pack_file("all-minilm-l6-v2", "tokenizer.json"), manifest.text().unwrap()).unwrap()
}

fn embed(pack: &str, texts: &[Vec<u32>]) -> Matrix {
    let (backbone, computer) = backbone(pack);
    pollster::block_on(extract_texts(&backbone, &computer, texts)).unwrap()
}

#[test]
fn well_known_ids() {
    let encoder = encoder();
    let ids = |text| encoder.encode(text).unwrap().ids;
    assert_eq!(ids("Hello,   world!!!  "), [101, 7592, 1010, 2088, 999, 999, 999, 102]);
    assert_eq!(ids("HELLO WORLD"), ids("hello world"));
    assert_eq!(ids(""), [101, 102]);
}

/// The same file read by the whole of `tokenizers`, over anything a text can have in it.
#[test]
fn the_ids_are_those_of_the_tokenizer_that_can_be_any() {
    let file = pack_file("all-minilm-l6-v2", "tokenizer.json");
    let mut reference = tokenizers::Tokenizer::from_bytes(&file).unwrap();
    reference.with_padding(None).with_truncation(None).unwrap();
    let encoder = encoder();
    let pieces = [
        "Hello",
        " ",
        "world",
        "[MASK]",
        "[SEP",
        "]",
        "[CLS]",
        "[UNK][PAD]",
        "[mask]",
        "\u{e9}",
        "e\u{301}",
        "\u{df}",
        "日本",
        "한국",
        "😀",
        "👩‍👩‍👧",
        "\u{0}",
        "\t",
        "\n",
        "\u{200b}",
        "\u{fffd}",
        "don't",
        "...",
        "¿",
        "x²",
        "İ",
        "unaffable",
        "1,000.5",
        "\u{ad}",
        "ﬁ",
        "__",
        "##ing",
        "\u{202e}",
        "क्षि",
        "ا لْ",
    ];
    let mut state = 1u64;
    let mut next = |n: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % n
    };
    for _ in 0..3000 {
        let text: String = (0..next(9)).map(|_| pieces[next(pieces.len())]).collect();
        let want = reference.encode(text.as_str(), true).unwrap();
        assert_eq!(encoder.encode(&text).unwrap().ids, want.get_ids(), "{text:?}");
    }
    // A megabyte of marks: not a quadratic time of it.
    assert_eq!(encoder.encode(&"[MASK]".repeat(170_000)).unwrap().tokens, 170_002);
    let long = "pneumonoultramicroscopicsilicovolcanoconiosis".repeat(4);
    assert_eq!(encoder.encode(&long).unwrap().ids, reference.encode(long.as_str(), true).unwrap().get_ids());
}

#[test]
fn a_tokenizer_of_another_kind_is_refused() {
    let (manifest, _) = pack_files("all-minilm-l6-v2");
    let file: serde_json::Value = serde_json::from_slice(&pack_file("all-minilm-l6-v2", "tokenizer.json")).unwrap();
    for (at, value) in [
        ("/model/type", "BPE".into()),
        ("/normalizer/type", "NFC".into()),
        ("/pre_tokenizer/type", "Whitespace".into()),
        ("/added_tokens/2/single_word", true.into()),
        ("/added_tokens/2/content", "<s>".into()),
        ("/post_processor/single", serde_json::json!([])),
    ] {
        let mut other = file.clone();
        *other.pointer_mut(at).unwrap() = value;
        let result = Encoder::new(other.to_string().as_bytes(), manifest.text().unwrap());
        let error = result.map(|_| ()).expect_err(at);
        assert_eq!((error.code(), error.item()), ("bad-pack", Some("tokenizer.json")), "{at}");
    }
}

#[test]
fn the_ids_are_the_originals() {
    let Some(items) = golden_texts() else { return };
    let encoder = encoder();
    assert_eq!(items.len(), 40);
    for item in items {
        let encoded = encoder.encode(&item.text).unwrap();
        assert_eq!(encoded.ids, item.ids, "{:?}", item.text);
        assert_eq!(encoded.tokens, item.n_ids_untruncated, "{:?}", item.text);
    }
}

#[test]
fn the_embeddings_are_the_originals() {
    let (Some(items), Some(path)) = (golden_texts(), shared("golden/text_golden.safetensors")) else { return };
    let want = Matrix::new(384, floats(&std::fs::read(path).unwrap(), "embedding"));
    let texts: Vec<Vec<u32>> = items.into_iter().map(|item| item.ids).collect();
    for (pack, least) in [("all-minilm-l6-v2-f32", 0.9999), ("all-minilm-l6-v2", 0.999)] {
        let got = embed(pack, &texts);
        for (i, (got, want)) in got.iter().zip(want.iter()).enumerate() {
            let same = cosine(got, want);
            assert!(same >= least, "{pack}, text {i}: cosine {same}");
            let length = got.iter().map(|v| v * v).sum::<f32>().sqrt();
            assert!((length - 1.0).abs() < 1e-5, "{pack}, text {i}: length {length}");
        }
    }
}

#[test]
fn an_embedding_does_not_depend_on_its_batch() {
    let encoder = encoder();
    let text = |words: usize| encoder.encode(&"a word and another ".repeat(words)).unwrap().ids;
    let texts: Vec<Vec<u32>> = [4, 1, 20, 5, 4, 19, 1].map(text).into();
    let together = embed("all-minilm-l6-v2", &texts);
    for (i, ids) in texts.iter().enumerate() {
        let alone = embed("all-minilm-l6-v2", std::slice::from_ref(ids));
        let difference = largest_difference(alone.row(0), together.row(i));
        assert!(difference < 1e-5, "text {i}: {difference}");
    }
}

#[test]
fn a_long_text_is_cut_or_taken_in_windows() {
    let encoder = encoder();
    let long = "seven ".repeat(600);
    let encoded = encoder.encode(&long).unwrap();
    assert_eq!((encoded.ids.len(), encoded.tokens), (256, 602));
    let windows = encoder.windows(&long).unwrap();
    assert!(windows.iter().all(|w| w.len() <= 256 && w[0] == 101 && *w.last().unwrap() == 102));
    let covered: usize = windows.iter().map(|w| w.len() - 2).sum();
    assert!(windows.len() == 3 && covered >= 600, "{} windows, {covered} tokens", windows.len());
    assert_eq!(encoder.windows("short").unwrap(), [encoder.encode("short").unwrap().ids]);
    assert_eq!(encoder.windows("").unwrap(), [[101, 102]]);
    let error = encoder.encode(&"a ".repeat(600_000)).unwrap_err();
    assert_eq!(error.code(), "bad-text");
    assert!(error.to_string().contains("1200000 bytes"), "{error}");
}

#[test]
fn pictures_and_texts_are_not_taken_for_each_other() {
    let (text, computer) = backbone("all-minilm-l6-v2");
    let error = pollster::block_on(extract(&text, &computer, &[0; 224 * 224 * 3], 1)).unwrap_err();
    assert_eq!(error.code(), "bad-pack");
    let (image, computer) = backbone("efficientnet-lite0");
    let error = pollster::block_on(extract_texts(&image, &computer, &[vec![101, 102]])).unwrap_err();
    assert_eq!(error.code(), "bad-pack");
    let (mut manifest, weights) = pack_files("all-minilm-l6-v2");
    manifest.dim = 768;
    assert_eq!(Backbone::load(manifest, &weights, &Computer::cpu()).unwrap_err().code(), "bad-pack");
}
