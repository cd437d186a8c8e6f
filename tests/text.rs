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
