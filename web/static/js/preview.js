// Views of files: says that one is being drawn, and in plain words when it cannot be.

/** Watch the pictures within an element. */
export function watch(within) {
  for (const figure of within.querySelectorAll("[data-view]")) {
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
}

watch(document);
