// Signing with an e.firma behind a personal link: the certificate goes to the server, the key is opened here, the
// signature goes back. The key is opened once and signs every letter that is ticked, one request after the other; then
// it is let go of. Key and password are read from fields without a name and are in no request.
import { EfirmaTrouble, openKey } from "./efirmakey.js";
import { request } from "./net.js";

const to64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
const from64 = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
const read = async (input) => new Uint8Array(await input.files[0].arrayBuffer());
const filled = (text, fields) => text.replace(/\{(\w+)\}/g, (_, name) => fields[name]);

for (const place of document.querySelectorAll("[data-efirma]")) {
  const words = JSON.parse(place.dataset.words);
  const [cer, key, password, go, said] = ["cer", "key", "password", "go", "said"].map((name) => place.querySelector(`[data-${name}]`));
  const letters = Array.from(place.querySelectorAll("[data-letter]"), (item) => ({
    ...JSON.parse(item.dataset.letter),
    always: "always" in item.dataset,
    state: item.querySelector("[data-state]"),
    done: false,
  }));

  const tell = (text, trouble = false) => {
    said.textContent = text;
    said.classList.toggle("field__wrong", trouble);
  };
  const ticked = (letter) => letter.always || document.querySelector(`input[name="carta"][value="${CSS.escape(letter.id)}"]`)?.checked;

  function wordsFor(error) {
    const advice = error.told?.advice ? ` ${error.told.advice}` : "";
    return error instanceof EfirmaTrouble ? words[error.code] : `${words[error.code] ?? error.message}${advice}`;
  }

  async function signOne(letter, certificate, opened) {
    const { digest, prepare, complete } = letter;
    const ready = await request("POST", prepare, { certificate: to64(certificate), digest, consent: place.dataset.consent });
    const signature = await opened.sign(from64(ready.to_sign));
    const done = await request("POST", complete, { preparation: ready.id, signature: to64(signature) });
    letter.done = true;
    if (letter.state) letter.state.textContent = words.done;
    return done.next;
  }

  /** Signs them in their order; gives where to go on, and what kept which letter from being signed. */
  async function signAll(wanted) {
    const certificate = await read(cer);
    const opened = await openKey(await read(key), password.value, certificate);
    const failed = [];
    let next = "";
    try {
      for (const letter of wanted) {
        if (wanted.length > 1) tell(filled(words.one, letter));
        try {
          next = await signOne(letter, certificate, opened);
        } catch (error) {
          failed.push({ letter, said: wordsFor(error) });
        }
      }
    } finally {
      opened.forget();
    }
    return { next, failed };
  }

  function wipe() {
    password.value = cer.value = key.value = "";
  }

  function explain(failed) {
    if (letters.length === 1) return tell(failed[0].said, true);
    const names = letters.filter((letter) => letter.done).map((letter) => letter.name);
    const parts = names.length ? [filled(words.signed, { names: names.join(", ") })] : [];
    for (const { letter, said: why } of failed) parts.push(`${filled(words.failed, letter)} ${why}`);
    return tell(parts.join(" "), true);
  }

  go.addEventListener("click", async () => {
    if (go.getAttribute("aria-busy")) return;
    const wanted = letters.filter((letter) => !letter.done && ticked(letter));
    if (!wanted.length) return tell(words.tick, true);
    if (!cer.files.length || !key.files.length || !password.value) return tell(words.files, true);
    go.setAttribute("aria-busy", "true");
    tell(words.working);
    try {
      const { next, failed } = await signAll(wanted);
      if (failed.length) return explain(failed);
      wipe();
      tell(words.done);
      location.assign(next);
    } catch (error) {
      tell(wordsFor(error), true);
      if (error.code === "password") password.focus();
    } finally {
      go.removeAttribute("aria-busy");
    }
  });
}
