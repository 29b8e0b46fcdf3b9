// Swagger UI on the page of the API, light or dark as the reader's system is, with the sandbox's key in place.
"use strict";

const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

const place = document.getElementById("api-docs");
const ui = SwaggerUIBundle({
  domNode: place,
  url: place.dataset.specification,
  layout: "BaseLayout",
  tryItOutEnabled: true,
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
  onComplete: () => ui.preauthorizeApiKey("bearer", place.dataset.key),
});

// Names that Swagger UI leaves out, for who hears the page, and a way into what only a pointer could scroll.
const NAMES = {
  "#servers": "Server",
  "select.examples-select-element": "Example",
  "textarea.body-param__text": "Body of the request",
  "button:empty, .copy-to-clipboard button": "Copy",
};
new MutationObserver(() => {
  for (const [selector, name] of Object.entries(NAMES)) {
    for (const one of place.querySelectorAll(selector)) one.ariaLabel ??= name;
  }
  for (const one of place.querySelectorAll("pre.microlight")) one.tabIndex = 0;
}).observe(place, { childList: true, subtree: true });
