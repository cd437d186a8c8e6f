//! The backbone against the original implementation (PyTorch) on the CPU. Tolerances: 1e-3 absolute for f32 weights,
//! as features run to 6 and two f32 implementations differ by 1e-5; cosine 0.9999 for the shipped f16 pack.

mod fixtures;

use burn::tensor::{Device, Tensor, TensorData};
use fixtures::*;
use headstart::backbone::{Backbone, Lite0, Manifest, Weights};
use headstart::device::Computer;
use headstart::encode::{Preprocess, text};
use headstart::features::{Matrix, cosine, extract, feature_map};

const PICTURE: usize = 224 * 224 * 3;

fn features(pack: &str, pixels: &[u8]) -> Matrix {
    let (backbone, computer) = backbone(pack);
    pollster::block_on(extract(&backbone, &computer, pixels, pixels.len() / PICTURE)).unwrap()
}

#[test]
fn synthetic_pictures_have_the_original_features() {
    let want = floats(&golden("synthetic_golden.safetensors"), "feature");
    let got = features("efficientnet-lite0-f32", &synthetic_pictures());
    let difference = largest_difference(got.values(), &want);
    assert!(difference < 1e-3, "{difference}");
}

#[test]
fn the_shipped_pack_points_the_same_way() {
    let want = Matrix::new(1280, floats(&golden("synthetic_golden.safetensors"), "feature"));
    let got = features("efficientnet-lite0", &synthetic_pictures());
    for (row, (got, want)) in got.iter().zip(want.iter()).enumerate() {
        assert!(cosine(got, want) >= 0.9999, "picture {row}: {}", cosine(got, want));
    }
}

/// Finds the first wrong layer, when one is.
#[test]
fn every_block_has_the_original_output() {
    let (manifest, weights) = shipped_f32();
    let device = Device::flex();
    let net = Lite0::load(&mut Weights::parse("model.safetensors", &weights).unwrap(), &device).unwrap();
    let probes: serde_json::Value = serde_json::from_slice(&golden("synthetic_golden.json")).unwrap();
    let probes = &probes["layer_probes_image0"];
    let check = |name: &str, x: &Tensor<4>| {
        let probe = &probes[name];
        let shape: Vec<usize> = serde_json::from_value(probe["shape"].clone()).unwrap();
        assert_eq!(x.dims()[1..], shape, "{name}");
        let values: Vec<f32> = x.to_data().try_into_vec().unwrap();
        let first: Vec<f32> = serde_json::from_value(probe["first8"].clone()).unwrap();
        let off = largest_difference(&values[..8], &first);
        let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / values.len() as f64;
        assert!(off < 1e-3, "{name}: first values differ by {off}");
        assert!((mean - probe["mean"].as_f64().unwrap()).abs() < 1e-4, "{name}: mean {mean}");
    };
    let p = manifest.image().unwrap();
    let picture = &synthetic_pictures()[..PICTURE];
    let planes: Vec<f32> =
        (0..3).flat_map(|c| picture.iter().skip(c).step_by(3).map(|&v| (f32::from(v) - p.mean) / p.std)).collect();
    let mut x = net.stem(Tensor::from_data(TensorData::new(planes, [1, 3, 224, 224]), &device));
    check("stem_relu6", &x);
    for (i, block) in net.blocks().iter().enumerate() {
        x = block.forward(x);
        check(&format!("block{i}"), &x);
    }
}

#[test]
fn photographs_have_the_original_features() {
    let Some(path) = shared("golden/image_golden.safetensors") else {
        return;
    };
    let file = std::fs::read(path).unwrap();
    let (pixels, want) = (bytes(&file, "image_u8_nhwc"), floats(&file, "feature"));
    let difference = largest_difference(features("efficientnet-lite0-f32", &pixels).values(), &want);
    assert!(difference < 1e-3, "f32: {difference}");
    let got = features("efficientnet-lite0", &pixels);
    for (row, (got, want)) in got.iter().zip(Matrix::new(1280, want).iter()).enumerate() {
        assert!(cosine(got, want) >= 0.9999, "f16, picture {row}: {}", cosine(got, want));
    }
}

#[test]
fn a_feature_does_not_depend_on_its_batch() {
    let pixels = synthetic_pictures();
    let together = features("efficientnet-lite0", &pixels);
    for row in 0..2 {
        let alone = features("efficientnet-lite0", &pixels[row * PICTURE..][..PICTURE]);
        let difference = largest_difference(alone.row(0), together.row(row));
        assert!(difference < 1e-4, "picture {row}: {difference}");
    }
}

#[test]
fn a_feature_is_the_mean_of_its_map() {
    let (backbone, computer) = backbone("efficientnet-lite0");
    for (row, picture) in synthetic_pictures().chunks_exact(PICTURE).enumerate() {
        let map = pollster::block_on(feature_map(&backbone, &computer, picture)).unwrap();
        assert_eq!((map.rows(), map.cols()), (49, 1280));
        let means: Vec<f32> = map.transposed().iter().map(|cells| cells.iter().sum::<f32>() / 49.0).collect();
        let feature = pollster::block_on(extract(&backbone, &computer, picture, 1)).unwrap();
        let difference = largest_difference(&means, feature.values());
        assert!(difference < 1e-4, "picture {row}: {difference}");
    }
}

/// What a profile is made of: the products are those that the architectures have.
#[test]
fn a_pass_names_every_layer_and_counts_its_products() {
    let mut layers = std::collections::BTreeMap::<String, usize>::new();
    let mut count = |name: &str, products| *layers.entry(name.into()).or_default() += products;
    backbone("efficientnet-lite0").0.forward_pixels(&[0; PICTURE], 1, &mut count).unwrap();
    // Sixteen blocks of three layers, and the head.
    assert_eq!((layers.len(), layers.values().sum::<usize>()), (49, 383_907_552));
    assert_eq!(layers["_blocks.0 stem"], 112 * 112 * 27 * 32);
    assert_eq!(layers["_blocks.5 filter"], 14 * 14 * 9 * 240);
    layers.clear();
    let mut count = |name: &str, products| *layers.entry(name.into()).or_default() += products;
    backbone("all-minilm-l6-v2").0.forward_ids(&[vec![100; 32]], &mut count).unwrap();
    assert_eq!((layers.len(), layers.values().sum::<usize>()), (6, 344_457_216));
}

#[test]
fn a_text_has_no_feature_map() {
    let error = backbone("all-minilm-l6-v2").0.feature_map(&[]).unwrap_err();
    assert_eq!((error.code(), error.item()), ("bad-option", Some("data")));
}

#[test]
fn changed_weights_are_refused_by_name() {
    let (manifest, mut weights) = shipped_f32();
    let last = weights.len() - 1;
    weights[last] ^= 1;
    let error = Backbone::load(manifest, &weights, &Computer::cpu()).unwrap_err();
    assert_eq!((error.code(), error.item()), ("hash-mismatch", Some("model.safetensors")));
}

#[test]
fn weights_of_another_network_are_refused_by_tensor() {
    let (mut manifest, _) = shipped_f32();
    let other = golden("synthetic_golden.safetensors");
    manifest.files[0].sha256 = headstart::source::sha256_hex(&other);
    let error = Backbone::load(manifest, &other, &Computer::cpu()).unwrap_err();
    assert_eq!(error.code(), "bad-pack");
    assert!(error.to_string().contains("_conv_stem.weight"), "{error}");
}

#[test]
fn a_manifest_that_does_not_fit_its_network_is_refused() {
    for change in [
        |m: &mut Manifest| m.dim = 640,
        |m: &mut Manifest| {
            m.preprocess = Preprocess::Text(text::Preprocess { tokenizer: "tokenizer.json".into(), max_tokens: 256 })
        },
        |m: &mut Manifest| m.task = "text".into(),
        |m: &mut Manifest| m.architecture = "resnet".into(),
    ] {
        let (mut manifest, weights) = shipped_f32();
        change(&mut manifest);
        let error = Backbone::load(manifest, &weights, &Computer::cpu()).unwrap_err();
        assert_eq!((error.code(), error.item()), ("bad-pack", Some("manifest.json")));
    }
}

#[test]
fn a_manifest_of_another_format_is_refused() {
    for json in ["{}", "not json", r#"{"format":"headstart-pack/9"}"#] {
        assert_eq!(Manifest::parse(json).unwrap_err().code(), "bad-pack", "{json}");
    }
}

fn shipped_f32() -> (Manifest, Vec<u8>) {
    pack_files("efficientnet-lite0-f32")
}
