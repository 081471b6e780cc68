// Verifying one entry in the reader's own browser: nothing is taken from the server but bytes, and every hash is made here.
//
// leaf = SHA-256(0x00 || bytes); node = SHA-256(0x01 || left || right) (RFC 6962); the audit path is followed as RFC 9162
// section 2.1.3.2 says; the checkpoint is a C2SP signed note, its key "name+ID+base64(0x01 || public key)".

const text = new TextDecoder("utf-8", { fatal: true });
const bytesOf = (string) => new TextEncoder().encode(string);

/** A step that failed: `step` is where, `detail` what was found. */
export class Failed extends Error {
  constructor(step, detail) {
    super(detail);
    this.step = step;
  }
}

export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

function joined(...parts) {
  const all = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Base64 in its one canonical spelling. */
export function fromBase64(string) {
  let binary;
  try {
    binary = atob(string);
  } catch {
    throw new Error("not base64");
  }
  if (btoa(binary) !== string) throw new Error("not the canonical base64");
  return Uint8Array.from(binary, (sign) => sign.charCodeAt(0));
}

export const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
export const leafHash = (bytes) => sha256(joined(Uint8Array.of(0), bytes));
const nodeHash = (left, right) => sha256(joined(Uint8Array.of(1), left, right));

/** The root that an audit path leads to from a leaf; throws when it is too long or too short. */
export async function climb(leaf, index, size, path) {
  if (!(index < size)) throw new Error("the index is not in the tree");
  let node = index;
  let last = size - 1n;
  let result = leaf;
  for (const item of path) {
    if (last === 0n) throw new Error("the proof is too long");
    if (node & 1n || node === last) {
      result = await nodeHash(item, result);
      while (!(node & 1n) && node) {
        node >>= 1n;
        last >>= 1n;
      }
    } else {
      result = await nodeHash(result, item);
    }
    node >>= 1n;
    last >>= 1n;
  }
  if (last) throw new Error("the proof is too short");
  return result;
}

/** A C2SP tlog-proof: index, audit path, and the note it leads to. */
export function parseProof(bytes) {
  const whole = text.decode(bytes);
  const cut = whole.indexOf("\n\n");
  const lines = whole.slice(0, cut).split("\n");
  if (cut < 0 || lines.shift() !== "c2sp.org/tlog-proof@v1") throw new Error("not a tlog-proof");
  if (lines[0]?.startsWith("extra ")) lines.shift();
  const index = /^index (0|[1-9][0-9]{0,18})$/.exec(lines.shift() ?? "");
  const path = lines.map(fromBase64);
  if (!index || path.some((item) => item.length !== 32)) throw new Error("not a tlog-proof");
  return { index: BigInt(index[1]), path, note: whole.slice(cut + 2) };
}

/** A checkpoint note: its signed text, what it states, and its signature lines. Nothing is verified here. */
export function parseNote(note) {
  const cut = note.lastIndexOf("\n\n");
  const body = note.slice(0, cut + 1);
  const [origin, size, root] = body.split("\n");
  if (cut < 0 || !note.endsWith("\n") || !/^(0|[1-9][0-9]{0,18})$/.test(size ?? "")) throw new Error("not a checkpoint");
  const signatures = note.slice(cut + 2, -1).split("\n").map((line) => {
    const parts = line.split(" ");
    if (parts.length !== 3 || parts[0] !== "—") throw new Error("not a signature line");
    const data = fromBase64(parts[2]);
    return { name: parts[1], id: hex(data.slice(0, 4)), value: data.slice(4) };
  });
  return { body, origin, size: BigInt(size), root: fromBase64(root), signatures };
}

/** A verifier key in one line; throws when its ID is not the key's. */
export async function parseKey(line) {
  const found = /^([^+\s]+)\+([0-9a-f]{8})\+(\S+)$/.exec(line.trim());
  const data = found ? fromBase64(found[3]) : new Uint8Array();
  if (data.length !== 33 || data[0] !== 1) throw new Error("not a verifier key");
  const id = hex((await sha256(joined(bytesOf(`${found[1]}\n`), data))).slice(0, 4));
  if (id !== found[2]) throw new Error("the key ID does not belong to the key");
  return { name: found[1], id, raw: data.slice(1) };
}

/** Whether a note is signed by a key. */
export async function signedBy(note, key) {
  const line = note.signatures.find((item) => item.name === key.name && item.id === key.id);
  if (!line) return false;
  const made = await crypto.subtle.importKey("raw", key.raw, { name: "Ed25519" }, false, ["verify"]);
  return crypto.subtle.verify({ name: "Ed25519" }, made, line.value, bytesOf(note.body));
}

async function fetched(url, step) {
  const answer = await fetch(url, { cache: "no-store" }).catch(() => null);
  if (!answer?.ok) throw new Failed(step, answer ? `HTTP ${answer.status}` : "network");
  return new Uint8Array(await answer.arrayBuffer());
}

async function attempt(step, work) {
  try {
    return await work();
  } catch (trouble) {
    throw trouble instanceof Failed ? trouble : new Failed(step, trouble.message);
  }
}

const same = (left, right) => hex(left) === hex(right);

/** The whole check; `told(step, detail)` hears of every step that held. Throws `Failed` at the first that does not. */
export async function checkEntry({ bytes, proof, files, leaf, folio, seq, vkey }, told) {
  const key = await attempt("key", () => parseKey(vkey));
  told("key", `${key.name} · ${key.id}`);
  const raw = await fetched(bytes, "bytes");
  const entry = await attempt("bytes", () => JSON.parse(text.decode(raw)));
  if (entry.case !== folio || String(entry.seq) !== seq || entry.log !== key.name) {
    throw new Failed("bytes", `${entry.log} ${entry.case}/${entry.seq}`);
  }
  told("bytes", `${raw.length} bytes`);
  const hash = await leafHash(raw);
  if (hex(hash) !== leaf) throw new Failed("leaf", hex(hash));
  told("leaf", hex(hash));
  const found = await attempt("proof", async () => parseProof(await fetched(proof, "proof")));
  const note = await attempt("proof", () => parseNote(found.note));
  const root = await attempt("proof", () => climb(hash, found.index, note.size, found.path));
  if (!same(root, note.root)) throw new Failed("proof", hex(root));
  told("proof", `${found.path.length} · ${hex(root)}`);
  if (note.origin !== key.name || !(await attempt("signature", () => signedBy(note, key)))) {
    throw new Failed("signature", note.origin);
  }
  told("signature", `${note.origin} · ${note.size}`);
  for (const [place, url] of files.entries()) {
    const data = await fetched(url, "files");
    const digest = hex(await sha256(data));
    const sealed = entry.objects[place];
    if (digest !== sealed.sha256 || data.length !== sealed.size) throw new Failed("files", `${place + 1}: ${digest}`);
    told("files", `${place + 1}/${files.length} · ${digest}`);
  }
  return { entry, note };
}

// A cookie and not the browser's storage, which is emptied when somebody signs out: a key of one's own must outlive that.
const KEPT = "clave_publica";

function keptKey() {
  const found = document.cookie.split("; ").find((one) => one.startsWith(`${KEPT}=`));
  return found && decodeURIComponent(found.slice(KEPT.length + 1));
}

function keepKey(key) {
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `${KEPT}=${encodeURIComponent(key)}; path=/; samesite=strict; max-age=${key ? 31536000 : 0}${secure}`;
}

function page(box) {
  const input = box.querySelector("[data-key]");
  const button = box.querySelector("button");
  const verdict = box.querySelector("[data-verdict]");
  const served = input.value;
  const items = new Map(Array.from(box.querySelectorAll("[data-step]"), (item) => [item.dataset.step, item]));
  input.value = keptKey() ?? served;

  function mark(step, state, detail) {
    const item = items.get(step);
    item.dataset.state = state;
    item.querySelector("[data-word]").textContent = box.dataset[state];
    item.querySelector("[data-said]").textContent = detail;
  }

  function conclude(state, words) {
    verdict.dataset.state = state;
    verdict.textContent = words;
  }

  async function run() {
    for (const item of items.values()) mark(item.dataset.step, "waiting", "");
    conclude("waiting", box.dataset.working);
    if (input.value.trim() === served) keepKey("");
    else keepKey(input.value.trim());
    const asked = { ...box.dataset, files: JSON.parse(box.dataset.files), vkey: input.value };
    try {
      await checkEntry(asked, (step, detail) => mark(step, "held", detail));
      if (!asked.files.length) mark("files", "held", box.dataset.nofiles);
      conclude("held", input.value.trim() === served ? box.dataset.goodserved : box.dataset.good);
    } catch (trouble) {
      if (!(trouble instanceof Failed)) throw trouble;
      mark(trouble.step, "failed", trouble.message);
      conclude("failed", box.dataset.bad);
    }
  }

  button.addEventListener("click", async () => {
    button.setAttribute("aria-disabled", "true");
    try {
      await run();
    } finally {
      button.removeAttribute("aria-disabled");
    }
  });
}

const box = typeof document === "undefined" ? null : document.querySelector("[data-check]");
if (box) {
  box.hidden = false;
  if (globalThis.crypto?.subtle) page(box);
  else {
    box.querySelector("button").setAttribute("aria-disabled", "true");
    box.querySelector("[data-verdict]").textContent = box.dataset.insecure;
  }
}
