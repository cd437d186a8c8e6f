// Inputs that nobody owns, for an export's parity vectors. They are computed with once and kept in the file, so it does not matter that
// another engine's sine may differ in the last bit.

/** How many vectors an export carries. */
export const VECTORS = 16;

const TEXTS = [
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
  "A farmer had three fields, and in each of them stood one old tree that his grandfather had planted. When the wind came from the west, one heard them from the house; when it came from the east, one heard nothing at all, and slept badly.",
  "word ".repeat(120).trim(),
];

export function madeText(n: number): string {
  return TEXTS[n % TEXTS.length]!;
}

/** `side × side` pixels, RGB, rows from the top: colours that run into each other, waves, a disc; finer from one to the next. */
export function madePicture(n: number, side: number): Uint8Array {
  const pixels = new Uint8Array(side * side * 3);
  const turn = (n * Math.PI) / VECTORS;
  for (let y = 0, at = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const [u, v] = [x / side - 0.5, y / side - 0.5];
      const wave = Math.sin(2 * Math.PI * (n + 1) * (u * Math.cos(turn) + v * Math.sin(turn)));
      const inside = Math.hypot(u - v / 4, v) < 0.1 + n / 60 ? -1 : 1;
      for (let c = 0; c < 3; c++) pixels[at++] = 127.5 + 127.5 * inside * Math.sin(n + 2 * c + 3 * u + (c + 1) * v + wave);
    }
  }
  return pixels;
}
