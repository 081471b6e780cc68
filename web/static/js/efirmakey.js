// The signatory's key file, opened in this page and nowhere else: PKCS #8 EncryptedPrivateKeyInfo (RFC 5958) under
// PBES2 (RFC 8018) with PBKDF2, and triple DES or AES in CBC mode. Nothing here sends or keeps anything.
import { tripleDesCbc } from "./efirmades.js";

/** Why a key or a certificate cannot be used; `code` is one of the words that the page says. */
export class EfirmaTrouble extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

const RSA = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
const MOST_ROUNDS = 10_000_000;
const PRFS = {
  "1.2.840.113549.2.7": "SHA-1",
  "1.2.840.113549.2.9": "SHA-256",
  "1.2.840.113549.2.10": "SHA-384",
  "1.2.840.113549.2.11": "SHA-512",
};
const CIPHERS = {
  "1.2.840.113549.3.7": { name: "3DES", bytes: 24, iv: 8 },
  "2.16.840.1.101.3.4.1.2": { name: "AES-CBC", bytes: 16, iv: 16 },
  "2.16.840.1.101.3.4.1.22": { name: "AES-CBC", bytes: 24, iv: 16 },
  "2.16.840.1.101.3.4.1.42": { name: "AES-CBC", bytes: 32, iv: 16 },
};

/** One DER element: its tag, its content, its whole bytes, and what follows it. Definite lengths only. */
function element(bytes) {
  if (bytes.length < 2) throw new EfirmaTrouble("not_der");
  let [length, start] = [bytes[1], 2];
  if (length & 0x80) {
    const count = length & 0x7f;
    if (!count || count > 3 || bytes.length < 2 + count) throw new EfirmaTrouble("not_der");
    length = bytes.slice(2, 2 + count).reduce((sum, byte) => sum * 256 + byte, 0);
    start = 2 + count;
  }
  const end = start + length;
  if (end > bytes.length) throw new EfirmaTrouble("not_der");
  return { tag: bytes[0], content: bytes.subarray(start, end), whole: bytes.subarray(0, end), rest: bytes.subarray(end) };
}

function children(content) {
  const found = [];
  while (content.length) {
    const one = element(content);
    found.push(one);
    content = one.rest;
  }
  return found;
}

function sequence(one) {
  if (!one || one.tag !== 0x30) throw new EfirmaTrouble("not_der");
  return children(one.content);
}

function identifier(one) {
  if (!one || one.tag !== 0x06) throw new EfirmaTrouble("not_der");
  const parts = [];
  let value = 0;
  for (const byte of one.content) {
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) {
      parts.push(value);
      value = 0;
    }
  }
  const first = Math.min(2, Math.floor(parts[0] / 40));
  return [first, parts[0] - first * 40, ...parts.slice(1)].join(".");
}

const whole = (one) => one.content.reduce((sum, byte) => sum * 256 + byte, 0);

/** How a key file is encrypted, and its content. Throws `EfirmaTrouble`: not_der, key_unknown. */
function encrypted(file) {
  const [algorithm, data] = sequence(element(file));
  const [scheme, parameters] = sequence(algorithm);
  if (identifier(scheme) !== "1.2.840.113549.1.5.13") throw new EfirmaTrouble("key_unknown");
  const [derivation, cipher] = sequence(parameters).map(sequence);
  if (identifier(derivation[0]) !== "1.2.840.113549.1.5.12") throw new EfirmaTrouble("key_unknown");
  const [salt, rounds, ...others] = sequence(derivation[1]);
  const prf = others.find((one) => one.tag === 0x30);
  const hash = prf ? PRFS[identifier(sequence(prf)[0])] : "SHA-1";
  const how = CIPHERS[identifier(cipher[0])];
  if (!hash || !how || salt?.tag !== 0x04 || data?.tag !== 0x04) throw new EfirmaTrouble("key_unknown");
  const count = whole(rounds);
  if (count < 1 || count > MOST_ROUNDS || cipher[1]?.content.length !== how.iv) throw new EfirmaTrouble("key_unknown");
  return { salt: salt.content, rounds: count, hash, how, iv: cipher[1].content, data: data.content };
}

function unpadded(bytes, size) {
  const count = bytes[bytes.length - 1];
  if (!count || count > size || bytes.slice(-count).some((byte) => byte !== count)) throw new EfirmaTrouble("password");
  return bytes.slice(0, -count);
}

/** The key in the clear, PKCS #8. Throws `EfirmaTrouble`: not_der, key_unknown, password. */
export async function decrypted(file, password) {
  const found = encrypted(file);
  const material = await crypto.subtle.importKey("raw", new TextEncoder().encode(password), "PBKDF2", false, ["deriveBits"]);
  const derivation = { name: "PBKDF2", salt: found.salt, iterations: found.rounds, hash: found.hash };
  const key = new Uint8Array(await crypto.subtle.deriveBits(derivation, material, found.how.bytes * 8));
  try {
    if (found.how.name === "3DES") return unpadded(tripleDesCbc(key, found.iv, found.data), 8);
    const aes = await crypto.subtle.importKey("raw", key, "AES-CBC", false, ["decrypt"]);
    return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-CBC", iv: found.iv }, aes, found.data));
  } catch (error) {
    throw error instanceof EfirmaTrouble ? error : new EfirmaTrouble("password");
  } finally {
    key.fill(0);
  }
}

/** The public key in a certificate (X.509, DER), as SubjectPublicKeyInfo. Throws `EfirmaTrouble`: cer_unknown. */
function publicKeyOf(certificate) {
  try {
    const fields = sequence(sequence(element(certificate))[0]);
    const at = fields[0].tag === 0xa0 ? 6 : 5;
    sequence(fields[at]);
    return fields[at].whole;
  } catch {
    throw new EfirmaTrouble("cer_unknown");
  }
}

/**
 * A key file opened once. `sign(content)` gives a signature (RSASSA-PKCS1-v1_5, SHA-256), checked by the certificate, and
 * `forget()` lets go of the key, which no script can read out meanwhile: it is not extractable.
 * Throws `EfirmaTrouble`: insecure, not_der, key_unknown, password, cer_unknown; `sign` throws other_key.
 */
export async function openKey(keyFile, password, certificate) {
  if (!globalThis.crypto?.subtle) throw new EfirmaTrouble("insecure");
  const shown = await crypto.subtle.importKey("spki", publicKeyOf(certificate), RSA, false, ["verify"]).catch(() => {
    throw new EfirmaTrouble("cer_unknown");
  });
  const clear = await decrypted(keyFile, password);
  let key;
  try {
    key = await crypto.subtle.importKey("pkcs8", clear, RSA, false, ["sign"]);
  } catch {
    throw new EfirmaTrouble("password");
  } finally {
    clear.fill(0);
  }
  return {
    async sign(content) {
      const signature = await crypto.subtle.sign(RSA, key, content);
      if (!(await crypto.subtle.verify(RSA, shown, signature, content))) throw new EfirmaTrouble("other_key");
      return new Uint8Array(signature);
    },
    forget() {
      key = null;
    },
  };
}

/** One signature with a key file. Throws as `openKey` and its `sign`. */
export async function signWith(keyFile, password, certificate, content) {
  const opened = await openKey(keyFile, password, certificate);
  try {
    return await opened.sign(content);
  } finally {
    opened.forget();
  }
}
