// Signing with an e.firma behind a personal link: the certificate goes to the server, the key is opened here, the
// signature goes back. Key and password are read from fields without a name and are in no request.
import { EfirmaTrouble, signWith } from "./efirmakey.js";
import { request } from "./net.js";

const to64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
const from64 = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
const read = async (input) => new Uint8Array(await input.files[0].arrayBuffer());

for (const place of document.querySelectorAll("[data-efirma]")) {
  const words = JSON.parse(place.dataset.words);
  const [cer, key, password, go, said] = ["cer", "key", "password", "go", "said"].map((name) => place.querySelector(`[data-${name}]`));

  const tell = (text, trouble = false) => {
    said.textContent = text;
    said.classList.toggle("field__wrong", trouble);
  };

  async function sign() {
    const certificate = await read(cer);
    const { digest, consent, prepare, complete } = place.dataset;
    const ready = await request("POST", prepare, { certificate: to64(certificate), digest, consent });
    const signature = await signWith(await read(key), password.value, certificate, from64(ready.to_sign));
    const done = await request("POST", complete, { preparation: ready.id, signature: to64(signature) });
    password.value = "";
    tell(words.done);
    location.assign(done.next);
  }

  go.addEventListener("click", async () => {
    if (go.getAttribute("aria-busy")) return;
    if (!cer.files.length || !key.files.length || !password.value) {
      tell(words.files, true);
      return;
    }
    go.setAttribute("aria-busy", "true");
    tell(words.working);
    try {
      await sign();
    } catch (error) {
      const advice = error.told?.advice ? ` ${error.told.advice}` : "";
      tell(error instanceof EfirmaTrouble ? words[error.code] : `${words[error.code] ?? error.message}${advice}`, true);
      if (error.code === "password") password.focus();
    } finally {
      go.removeAttribute("aria-busy");
    }
  });
}
