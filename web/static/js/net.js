// Talking to the server: JSON in and out, a form token that survives a new session.
let token = document.querySelector('input[name="csrf_token"]')?.value ?? "";

/** A refusal or a failure; `code` is the server's, or "network"; `told` is all the server said of it. */
export class Trouble extends Error {
  constructor(code, message, status = 0, told = {}) {
    super(message);
    this.code = code;
    this.status = status;
    this.told = told;
  }
}

/** Ask for a fresh form token (the session may have been renewed in another tab). */
export async function renew() {
  const answer = await fetch("/sesion", { headers: { Accept: "application/json" } });
  const told = await answer.json();
  token = told.csrf_token;
  for (const input of document.querySelectorAll('input[name="csrf_token"]')) input.value = token;
  return told.signed_in;
}

/** A JSON request; one retry with a fresh token when the old one is refused. */
export async function request(method, url, body, again = true) {
  let answer;
  try {
    answer = await fetch(url, {
      method,
      headers: { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": token },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Trouble("network", "network");
  }
  if (answer.status === 204) return null;
  const told = await answer.json().catch(() => ({}));
  if (answer.ok) return told;
  const code = told.error?.code ?? "internal";
  if (code === "csrf" && again && (await renew())) return request(method, url, body, false);
  throw new Trouble(code, told.error?.message ?? "", answer.status, told.error ?? {});
}

/** Upload one file with progress from 0 to 1; resolves with the server's JSON, whatever its status. */
export function upload(url, file, name, slot, onProgress) {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    form.append("archivo", file, name);
    form.append("slot", slot);
    const call = new XMLHttpRequest();
    call.open("POST", url);
    call.responseType = "json";
    call.setRequestHeader("Accept", "application/json");
    call.setRequestHeader("X-CSRFToken", token);
    call.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    });
    call.addEventListener("error", () => reject(new Trouble("network", "network")));
    call.addEventListener("load", () => {
      const told = call.response ?? {};
      if (told.error) reject(new Trouble(told.error.code, told.error.message, call.status));
      else if (call.status >= 500) reject(new Trouble("internal", "", call.status));
      else resolve(told);
    });
    call.send(form);
  });
}
