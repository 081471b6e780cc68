(() => {
  "use strict";
  const root = document.documentElement;
  const kept = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
  const keep = (key, value) => { try { localStorage.setItem(key, value); } catch { /* private mode: the choice lasts for this page */ } };
  const speak = (language) => {
    root.dataset.idioma = language;
    root.lang = language === "en" ? "en" : "es-MX";
    for (const input of document.querySelectorAll("input[data-en]")) input.setAttribute("aria-label", language === "en" ? input.dataset.en : input.dataset.es);
    for (const option of document.querySelectorAll("option[data-en]")) option.textContent = language === "en" ? option.dataset.en : option.dataset.es;
  };
  const dark = () => root.dataset.tema ? root.dataset.tema === "oscuro" : matchMedia("(prefers-color-scheme: dark)").matches;
  speak(kept("constancia-idioma") === "en" ? "en" : "es");
  if (["claro", "oscuro"].includes(kept("constancia-tema"))) root.dataset.tema = kept("constancia-tema");

  for (const bar of document.querySelectorAll(".botones[hidden], .buscar[hidden], .filtros[hidden]")) bar.hidden = false;
  document.querySelector("[data-hace=idioma]")?.addEventListener("click", () => {
    speak(root.dataset.idioma === "en" ? "es" : "en");
    keep("constancia-idioma", root.dataset.idioma);
  });
  document.querySelector("[data-hace=tema]")?.addEventListener("click", () => {
    root.dataset.tema = dark() ? "claro" : "oscuro";
    keep("constancia-tema", root.dataset.tema);
  });

  const local = new Intl.DateTimeFormat("es-MX", { dateStyle: "short", timeStyle: "short", timeZone: "America/Mexico_City" });
  for (const time of document.querySelectorAll("time[datetime]")) time.title = local.format(new Date(time.dateTime)) + " (Ciudad de México)";

  const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const box = document.querySelector("[data-busca]");
  if (box) {
    const items = [...document.querySelectorAll(box.dataset.busca)].map((item) => [item, fold(item.textContent + " " + (item.dataset.texto ?? ""))]);
    const count = document.querySelector("[data-cuenta]");
    const filters = [...document.querySelectorAll("[data-filtra]")];
    const sift = () => {
      const words = fold(box.value).split(/\s+/).filter(Boolean);
      const wanted = filters.filter((filter) => filter.value);
      const fits = (item) => wanted.every((filter) => (item.dataset[filter.dataset.filtra] ?? "").split(" ").includes(filter.value));
      let shown = 0;
      for (const [item, text] of items) {
        item.hidden = !(words.every((word) => text.includes(word)) && fits(item));
        shown += item.hidden ? 0 : 1;
      }
      for (const group of document.querySelectorAll("[data-grupo]")) group.hidden = !group.querySelector(".hallable:not([hidden])");
      count.textContent = words.length || wanted.length ? `${shown} / ${items.length}` : "";
    };
    box.addEventListener("input", sift);
    for (const filter of filters) filter.addEventListener("change", sift);
    sift();
  }
})();
