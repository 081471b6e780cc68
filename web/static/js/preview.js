// Views of files: says that one is being drawn, and in plain words when it cannot be.
for (const figure of document.querySelectorAll("[data-view]")) {
  const image = figure.querySelector("img");

  const settle = () => {
    const failed = image.naturalWidth === 0;
    figure.dataset.state = failed ? "failed" : "ready";
    figure.querySelector("a").hidden = failed;
    figure.querySelector(".preview__failed").hidden = !failed;
  };

  if (image.complete) {
    settle();
  } else {
    figure.dataset.state = "loading";
    image.addEventListener("load", settle);
    image.addEventListener("error", settle);
  }
}
