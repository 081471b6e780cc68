// Passkeys: the browser is asked for one (`navigator.credentials`), the server gave what it signs and judges what comes back.
import { request } from "./net.js";

const to64 = (buffer) =>
  btoa(Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join(""))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
const from64 = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
const named = (list) => (list ?? []).map((item) => ({ ...item, id: from64(item.id) }));

/** What went wrong in the browser, by a word that pages have a text for. */
class KeyTrouble extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/** Why this page cannot use a key at all, or nothing. */
function lacking(origin) {
  if (origin && location.origin !== origin) return "elsewhere";
  return window.PublicKeyCredential && navigator.credentials ? "" : "none";
}

async function asked(call) {
  try {
    const found = await call();
    if (!found) throw new KeyTrouble("cancelled");
    return found;
  } catch (error) {
    const codes = { NotAllowedError: "cancelled", AbortError: "cancelled", InvalidStateError: "known", SecurityError: "domain", NotSupportedError: "unfit" };
    throw error instanceof KeyTrouble ? error : new KeyTrouble(codes[error.name] ?? "failed");
  }
}

function told(credential, response) {
  return { id: credential.id, rawId: to64(credential.rawId), type: credential.type, response };
}

/** A signature over what the server asked for, as JSON. */
async function signature(options) {
  const publicKey = { ...options, challenge: from64(options.challenge), allowCredentials: named(options.allowCredentials) };
  const made = await asked(() => navigator.credentials.get({ publicKey }));
  const { clientDataJSON, authenticatorData, signature: signed, userHandle } = made.response;
  return told(made, {
    clientDataJSON: to64(clientDataJSON),
    authenticatorData: to64(authenticatorData),
    signature: to64(signed),
    ...(userHandle ? { userHandle: to64(userHandle) } : {}),
  });
}

/** A new key, as JSON. */
async function creation(options) {
  const publicKey = {
    ...options,
    challenge: from64(options.challenge),
    user: { ...options.user, id: from64(options.user.id) },
    excludeCredentials: named(options.excludeCredentials),
  };
  const made = await asked(() => navigator.credentials.create({ publicKey }));
  const { clientDataJSON, attestationObject } = made.response;
  const transports = made.response.getTransports?.() ?? [];
  return told(made, { clientDataJSON: to64(clientDataJSON), attestationObject: to64(attestationObject), transports });
}

/** A place that says what happens: its words, where it says them, and whether it is busy. */
function speaker(place, said) {
  const words = JSON.parse(place.dataset.words);
  const tell = (text, trouble = false) => {
    said.textContent = text;
    said.classList.toggle("field__wrong", trouble);
  };
  const fail = (error) => {
    const advice = error.told?.advice ? ` ${error.told.advice}` : "";
    const text = error instanceof KeyTrouble ? words[error.code] : (words[error.code] ?? `${error.message}${advice}`);
    tell(text || words.failed, true);
  };
  return { words, tell, fail };
}

/** Go on, also where that is this very page. */
function goOn(next) {
  const there = new URL(next, location.href);
  if (there.pathname + there.search !== location.pathname + location.search) {
    location.assign(there);
    return;
  }
  history.replaceState(null, "", there);
  location.reload();
}

// A button that proves a key, or makes one.
for (const place of document.querySelectorAll("[data-key]")) {
  const [go, said] = [place.querySelector("[data-go]"), place.querySelector("[data-said]")];
  const { words, tell, fail } = speaker(place, said);
  const why = lacking(place.dataset.origin);
  if (why) {
    go.hidden = true;
    if (place.dataset.quiet === undefined) tell(words[why], true);
    continue;
  }
  go.addEventListener("click", async () => {
    if (go.getAttribute("aria-busy")) return;
    go.setAttribute("aria-busy", "true");
    tell(words.working);
    const { ask, send, key } = place.dataset;
    const sent = Object.fromEntries(Array.from(place.querySelectorAll("[data-sent]"), (input) => [input.dataset.sent, input.value]));
    try {
      const { options } = await request("POST", ask, sent);
      const answer = await (key === "new" ? creation : signature)(options);
      const done = await request("POST", send, { ...sent, answer });
      tell(words.done);
      goOn(done.next);
    } catch (error) {
      if (error.code === "second_factor_stale") location.assign(place.dataset.stale);
      else fail(error);
    } finally {
      go.removeAttribute("aria-busy");
    }
  });
}

// A form that is sent only with what a key signed over what is chosen in it. It listens before the form that is sent once.
for (const form of document.querySelectorAll("form[data-key-sign]")) {
  const { words, tell, fail } = speaker(form, form.querySelector("[data-said]"));
  const field = form.elements.namedItem("llave");
  const button = form.querySelector(".link-go");
  let busy = false;
  form.addEventListener(
    "submit",
    async (event) => {
      if (field.value) return; // signed: the form goes its way
      event.preventDefault();
      event.stopImmediatePropagation();
      if (busy) return;
      const why = lacking(form.dataset.origin);
      const letters = Array.from(form.querySelectorAll('[name="carta"]'))
        .filter((input) => input.type === "hidden" || input.checked)
        .map((input) => input.value);
      if (why || !letters.length) {
        tell(words[why || "nothing"], true);
        return;
      }
      busy = true;
      button.setAttribute("aria-busy", "true");
      tell(words.working);
      try {
        const { options } = await request("POST", form.dataset.keySign, { letters });
        field.value = JSON.stringify(await signature(options));
        tell(words.done);
        form.requestSubmit(event.submitter ?? button);
      } catch (error) {
        fail(error);
      } finally {
        busy = false;
        button.removeAttribute("aria-busy");
      }
    },
    { capture: true },
  );
}
