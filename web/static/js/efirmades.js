// Triple DES (FIPS 46-3, SP 800-67), decryption in CBC mode: Web Crypto has none, and SAT encrypts keys with it.
// Used for nothing else. Bits are kept as arrays: it is slow and short, and a key file has some two hundred blocks.

const INITIAL = "58 50 42 34 26 18 10 2 60 52 44 36 28 20 12 4 62 54 46 38 30 22 14 6 64 56 48 40 32 24 16 8 57 49 41 33 25 17 9 1 59 51 43 35 27 19 11 3 61 53 45 37 29 21 13 5 63 55 47 39 31 23 15 7";
const FINAL = "40 8 48 16 56 24 64 32 39 7 47 15 55 23 63 31 38 6 46 14 54 22 62 30 37 5 45 13 53 21 61 29 36 4 44 12 52 20 60 28 35 3 43 11 51 19 59 27 34 2 42 10 50 18 58 26 33 1 41 9 49 17 57 25";
const EXPANSION = "32 1 2 3 4 5 4 5 6 7 8 9 8 9 10 11 12 13 12 13 14 15 16 17 16 17 18 19 20 21 20 21 22 23 24 25 24 25 26 27 28 29 28 29 30 31 32 1";
const PERMUTATION = "16 7 20 21 29 12 28 17 1 15 23 26 5 18 31 10 2 8 24 14 32 27 3 9 19 13 30 6 22 11 4 25";
const CHOICE_1 = "57 49 41 33 25 17 9 1 58 50 42 34 26 18 10 2 59 51 43 35 27 19 11 3 60 52 44 36 63 55 47 39 31 23 15 7 62 54 46 38 30 22 14 6 61 53 45 37 29 21 13 5 28 20 12 4";
const CHOICE_2 = "14 17 11 24 1 5 3 28 15 6 21 10 23 19 12 4 26 8 16 7 27 20 13 2 41 52 31 37 47 55 30 40 51 45 33 48 44 49 39 56 34 53 46 42 50 36 29 32";
const ROTATIONS = [1, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1];
// The eight S-boxes, each four rows of sixteen hexadecimal digits.
const BOXES = [
  "e4d12fb83a6c59070f74e2d1a6cb953841e8d62bfc973a50fc8249175b3ea06d",
  "f18e6b34972dc05a3d47f28ec01a69b50e7ba4d158c6932fd8a13f42b67c05e9",
  "a09e63f51dc7b428d709346a285ecbf1d6498f30b12c5ae71ad069874fe3b52c",
  "7de3069a1285bc4fd8b56f03472c1ae9a690cb7df13e52843f06a1d8945bc72e",
  "2c417ab6853fd0e9eb2c47d150fa3986421bad78f9c5630eb8c71e2d6f09a453",
  "c1af92680d34e75baf427c9561de0b389ef528c3704a1db6432c95fabe17608d",
  "4b2ef08d3c975a61d0b7491ae35c2f8614bdc37eaf6805926bd814a7950fe23c",
  "d2846fb1a93e50c71fd8a374c56b0e927b419ce206adf35821e74a8dfc90356b",
];

const places = (text) => text.split(" ").map((place) => Number(place) - 1);
const tables = Object.fromEntries(
  Object.entries({ INITIAL, FINAL, EXPANSION, PERMUTATION, CHOICE_1, CHOICE_2 }).map(([name, text]) => [name, places(text)]),
);
const pick = (bits, table) => table.map((place) => bits[place]);
const toBits = (bytes) => Array.from(bytes).flatMap((byte) => [7, 6, 5, 4, 3, 2, 1, 0].map((at) => (byte >> at) & 1));
const toBytes = (bits) => Uint8Array.from({ length: bits.length / 8 }, (_, at) => parseInt(bits.slice(at * 8, at * 8 + 8).join(""), 2));
const xor = (left, right) => left.map((bit, at) => bit ^ right[at]);

function roundKeys(key) {
  let bits = pick(toBits(key), tables.CHOICE_1);
  return ROTATIONS.map((by) => {
    const [left, right] = [bits.slice(0, 28), bits.slice(28)];
    bits = [...left.slice(by), ...left.slice(0, by), ...right.slice(by), ...right.slice(0, by)];
    return pick(bits, tables.CHOICE_2);
  });
}

function substituted(bits) {
  return BOXES.flatMap((box, at) => {
    const [a, b, c, d, e, f] = bits.slice(at * 6, at * 6 + 6);
    const value = parseInt(box[(a * 2 + f) * 16 + b * 8 + c * 4 + d * 2 + e], 16);
    return [3, 2, 1, 0].map((place) => (value >> place) & 1);
  });
}

function block(bits, keys) {
  const start = pick(bits, tables.INITIAL);
  let [left, right] = [start.slice(0, 32), start.slice(32)];
  for (const key of keys) {
    const mixed = pick(substituted(xor(pick(right, tables.EXPANSION), key)), tables.PERMUTATION);
    [left, right] = [right, xor(left, mixed)];
  }
  return pick([...right, ...left], tables.FINAL);
}

/** Decrypt with a key of 24 bytes; gives the bytes with their padding. */
export function tripleDesCbc(key, iv, content) {
  if (key.length !== 24 || iv.length !== 8 || content.length % 8) throw new RangeError("sizes");
  const [first, second, third] = [0, 8, 16].map((at) => roundKeys(key.slice(at, at + 8)));
  const backwards = (keys) => [...keys].reverse();
  const out = new Uint8Array(content.length);
  let before = toBits(iv);
  for (let at = 0; at < content.length; at += 8) {
    const now = toBits(content.slice(at, at + 8));
    const plain = block(block(block(now, backwards(third)), second), backwards(first));
    out.set(toBytes(xor(plain, before)), at);
    before = now;
  }
  return out;
}
