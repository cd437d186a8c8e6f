//! The rooms of `src/lib.rs`: no room uses one below it, only four name burn, and only `web` names JavaScript.

use std::fs;
use std::path::{Path, PathBuf};

/// Top to bottom, as in DESIGN and `src/lib.rs`.
const ROOMS: [&str; 12] = [
    "error", "source", "encode", "metrics", "device", "backbone", "features", "learn", "judge", "export", "learner",
    "web",
];
const NAME_BURN: [&str; 4] = ["device", "backbone", "features", "learn"];
const NAME_JS: [&str; 1] = ["web"];

fn files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    fs::read_dir(path).unwrap().flat_map(|entry| files(&entry.unwrap().path())).collect()
}

/// `(room, file, source without comments)` of every file in a room.
fn sources() -> Vec<(String, PathBuf, String)> {
    files(Path::new("src"))
        .into_iter()
        .filter(|path| !path.starts_with("src/bin") && *path != Path::new("src/lib.rs"))
        .map(|path| {
            let room =
                path.components().nth(1).unwrap().as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned();
            let code = fs::read_to_string(&path).unwrap();
            let code = code.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n");
            (room, path, code)
        })
        .collect()
}

/// Rooms named by `crate::room` or `crate::{room::…, other}`.
fn used(code: &str) -> Vec<&str> {
    code.match_indices("crate::")
        .flat_map(|(at, found)| {
            let rest = &code[at + found.len()..];
            let names: Vec<&str> = match rest.strip_prefix('{') {
                Some(group) => group[..group.find("};").unwrap_or(group.len())].split(',').collect(),
                None => vec![rest],
            };
            names.into_iter().map(|n| n.trim().split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap())
        })
        .filter(|name| ROOMS.contains(name))
        .collect()
}

fn names(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].chars().next_back().unwrap_or(' ');
        !(before.is_alphanumeric() || before == '_') && code[at + word.len()..].starts_with("::")
    })
}

#[test]
fn every_file_is_in_a_room_of_the_map() {
    let map = fs::read_to_string("src/lib.rs").unwrap();
    let listed: Vec<&str> = map.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    assert_eq!(listed, ROOMS);
    for (room, path, _) in sources() {
        assert!(ROOMS.contains(&room.as_str()), "{} is in no room", path.display());
    }
}

#[test]
fn no_room_uses_a_room_below_it() {
    let rank = |room: &str| ROOMS.iter().position(|r| *r == room).unwrap();
    let mut seen = 0;
    for (room, path, code) in sources() {
        for other in used(&code) {
            seen += 1;
            assert!(rank(other) <= rank(&room), "{} is in `{room}` and uses `{other}`", path.display());
        }
    }
    assert!(seen > 20, "the search found only {seen} uses: it is broken");
}

#[test]
fn only_their_rooms_name_burn_and_javascript() {
    for (room, path, code) in sources() {
        let room = room.as_str();
        for crate_ in ["burn", "cubecl", "wgpu"] {
            assert!(NAME_BURN.contains(&room) || !names(&code, crate_), "{} names {crate_}", path.display());
        }
        for crate_ in ["wasm_bindgen", "js_sys", "web_sys", "serde_wasm_bindgen"] {
            assert!(NAME_JS.contains(&room) || !names(&code, crate_), "{} names {crate_}", path.display());
        }
    }
}

#[test]
fn the_search_itself_finds_what_it_looks_for() {
    assert_eq!(used("use crate::learn::{Fit};\nuse crate::{web::x, judge};"), ["learn", "web", "judge"]);
    assert!(names("use burn::tensor", "burn") && !names("auburn::x", "burn") && !names("burn_flex", "burn"));
}
