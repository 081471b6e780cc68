// Correcting: what only a replacement asks for is out of the way while an annulment is chosen.
const part = document.querySelector("[data-replace]");

function fit() {
  const annul = document.querySelector("input[name=how]:checked")?.value === "annul";
  part.hidden = annul;
  part.disabled = annul; // what is hidden neither stops the form nor goes with it
}

if (part) {
  for (const choice of document.querySelectorAll("input[name=how]")) choice.addEventListener("change", fit);
  fit();
}
