//! Inputs that nobody owns, for an export's parity vectors: those of the package (pkg/src/exports/made.ts). They are in the file, so
//! it does not matter that another sine may differ in the last bit.

use std::f64::consts::PI;

use headstart::export::LEAST;

const TEXTS: [&str; 15] = [
    "Yes.",
    "no",
    "What time is it?",
    "The train was two hours late and nobody told us why.",
    "I love this little café by the river.",
    "Terrible service, cold soup, never again!",
    "Please send the invoice to accounting before Friday.",
    "Wo finde ich den nächsten Bahnhof?",
    "¿Puedes cerrar la ventana, por favor?",
    "La pluie n'a pas cessé depuis hier matin.",
    "東京は今日も雨です。",
    "3.14159 is not 22/7, whatever the e-mail of 2019-05-17 says.",
    "ALL CAPITALS AND MANY!!! MARKS???",
    "😀 great 👍🏽",
    "A farmer had three fields, and in each of them stood one old tree that his grandfather had planted. When the wind came from \
     the west, one heard them from the house; when it came from the east, one heard nothing at all, and slept badly.",
];

pub fn text(n: usize) -> String {
    TEXTS.get(n).map_or_else(|| vec!["word"; 120].join(" "), |text| (*text).to_owned())
}

/// `side × side` pixels, RGB, rows from the top: colours that run into each other, waves, a disc; finer from one to the next.
pub fn picture(n: usize, side: usize) -> Vec<u8> {
    let (k, turn) = (n as f64, n as f64 * PI / LEAST as f64);
    let mut pixels = Vec::with_capacity(side * side * 3);
    for (y, x) in (0..side).flat_map(|y| (0..side).map(move |x| (y, x))) {
        let (u, v) = (x as f64 / side as f64 - 0.5, y as f64 / side as f64 - 0.5);
        let wave = (2.0 * PI * (k + 1.0) * (u * turn.cos() + v * turn.sin())).sin();
        let inside = if (u - v / 4.0).hypot(v) < 0.1 + k / 60.0 { -1.0 } else { 1.0 };
        for c in 0..3 {
            let c = f64::from(c);
            let value = 127.5 + 127.5 * inside * (k + 2.0 * c + 3.0 * u + (c + 1.0) * v + wave).sin();
            pixels.push(value as u8);
        }
    }
    pixels
}
