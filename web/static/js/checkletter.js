// Compare a file with what is on record: hashed here, by Web Crypto; nothing is sent.
const place = document.querySelector("[data-drop]");
const said = place.querySelector("[data-said]");
const shown = place.querySelector("[data-digest]");

async function check(file) {
  const bytes = await file.arrayBuffer();
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const digest = Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const found = document.querySelector(`[data-known="${digest}"]`);
  shown.textContent = digest;
  const annulled = found !== null && "annulled" in found.dataset;
  said.dataset.state = found && !annulled ? "held" : "failed";
  said.textContent = found ? `${annulled ? said.dataset.void : said.dataset.yes} ${found.dataset.name}` : said.dataset.no;
}

place.querySelector("[data-file]").addEventListener("change", (event) => {
  if (event.target.files.length) check(event.target.files[0]);
});
place.addEventListener("dragover", (event) => {
  event.preventDefault();
  place.dataset.over = "";
});
place.addEventListener("dragleave", () => delete place.dataset.over);
place.addEventListener("drop", (event) => {
  event.preventDefault();
  delete place.dataset.over;
  if (event.dataTransfer.files.length) check(event.dataTransfer.files[0]);
});
