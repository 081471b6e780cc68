// Returning a signed letter: photographs and files gathered in one list, sent with progress; a refusal keeps them.
for (const form of document.querySelectorAll("[data-return]")) gather(form);

function gather(form) {
  const list = form.querySelector("[data-files]");
  const bar = form.querySelector("[data-progress]");
  const button = form.querySelector("button.link-go");
  const chosen = [];
  const draw = () => {
    list.replaceChildren(...chosen.map((file, n) => line(file, form.dataset.remove, () => {
      chosen.splice(n, 1);
      draw();
      (list.querySelector("button") ?? form.querySelector("input[type=file]")).focus();
    })));
    list.hidden = chosen.length === 0;
  };
  for (const input of form.querySelectorAll("input[type=file]")) {
    input.addEventListener("change", () => {
      chosen.push(...input.files);
      input.value = "";
      draw();
    });
  }
  const busy = (on, words = "") => {
    bar.hidden = !on;
    bar.querySelector("[data-say]").textContent = words;
    if (on) button.setAttribute("aria-busy", "true");
    else button.removeAttribute("aria-busy");
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (button.hasAttribute("aria-busy")) return;
    const body = new FormData(form);
    body.delete("archivo");
    for (const file of chosen) body.append("archivo", file, file.name);
    const call = new XMLHttpRequest();
    const progress = bar.querySelector("progress");
    progress.value = 0;
    busy(true, form.dataset.sending);
    call.upload.addEventListener("progress", (step) => {
      if (!step.lengthComputable) return;
      progress.value = (100 * step.loaded) / step.total;
      if (step.loaded === step.total) busy(true, form.dataset.checking);
    });
    call.addEventListener("load", () => {
      if (call.status === 200) location.assign(call.responseURL);
      else {
        busy(false);
        if (call.status >= 500) say(form, [form.dataset.failed]);
        else told(form, call.responseXML);
      }
    });
    call.addEventListener("error", () => {
      busy(false);
      say(form, [form.dataset.failed]);
    });
    call.open("POST", form.action);
    call.responseType = "document";
    call.send(body);
  });
}

/** One file: its picture where it is one, its name and size, and a button that takes it out. */
function line(file, word, remove) {
  const item = document.createElement("li");
  const name = document.createElement("span");
  name.textContent = `${file.name} · ${Math.max(1, Math.round(file.size / 1024)).toLocaleString()} KB`;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button";
  button.textContent = word;
  button.setAttribute("aria-label", `${word} ${file.name}`);
  button.addEventListener("click", remove);
  item.append(name, button);
  return item;
}

/** A refusal's page: its words go above the form; a page without the form takes the place of this one. */
function told(form, page) {
  const main = page?.querySelector("main");
  const notice = page?.querySelector("[data-trouble]");
  if (main && (!notice || !page.querySelector("[data-return]"))) {
    document.querySelector("main").replaceWith(document.importNode(main, true));
    document.querySelector("main [data-focus]")?.focus();
    return;
  }
  if (!notice) return say(form, [form.dataset.failed]);
  place(form, document.importNode(notice, true));
}

function say(form, words) {
  const box = document.createElement("div");
  box.tabIndex = -1;
  const text = document.createElement("p");
  text.className = "field__wrong";
  text.setAttribute("role", "alert");
  text.textContent = words.join(" ");
  box.append(text);
  place(form, box);
}

function place(form, box) {
  document.querySelector("[data-trouble]")?.remove();
  box.dataset.trouble = "";
  form.before(box);
  box.focus();
}
