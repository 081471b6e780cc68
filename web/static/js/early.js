// Runs before the first paint: says that scripts work, so that the pages show what needs them.
document.documentElement.classList.add("js");
