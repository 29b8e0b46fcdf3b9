// What pages do by themselves: ask for news once a second, copy, and move by keys. Every page works without it.
"use strict";

document.documentElement.classList.add("scripted");

const ASK_EVERY_MS = 1000;
const SAID_FOR_MS = 6000;

setInterval(() => {
  const live = document.getElementById("live");
  if (live && !document.hidden) htmx.trigger(live, "poll");
}, ASK_EVERY_MS);

// What the page shows is not there any more: the page itself says so.
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status < 500) location.reload();
});

// htmx gives the focus back by its id; what was scrolled aside in the old part is scrolled in the new one too.
let scrolled = [];
document.addEventListener("htmx:beforeSwap", () => {
  const boxes = [...document.querySelectorAll("#live [id]")].filter((box) => box.scrollLeft || box.scrollTop);
  scrolled = boxes.map((box) => [box.id, box.scrollLeft, box.scrollTop]);
});
document.addEventListener("htmx:afterSwap", () => {
  for (const [id, left, top] of scrolled) document.getElementById(id)?.scrollTo({ left, top, behavior: "instant" });
});

// One polite word for who does not see that something changed; a list that is read out anew would be a nuisance.
const newsOfPage = () => document.querySelector("#live [data-news]")?.dataset.news;
let told = newsOfPage();
let silence;
document.addEventListener("htmx:afterSwap", () => {
  const news = newsOfPage();
  if (!news || news === told) return;
  const announcement = document.getElementById("announcement");
  announcement.textContent = told = news;
  clearTimeout(silence);
  silence = setTimeout(() => (announcement.textContent = ""), SAID_FOR_MS);
});

// The clock in the header, where it runs: from the moment that was told last. Nobody has the seconds read out.
let face, ahead;
setInterval(() => {
  const clock = document.querySelector("#clock-face[data-ticks] time");
  if (!clock) return;
  if (clock !== face) {
    face = clock;
    ahead = Date.parse(clock.dateTime) - Date.now();
  }
  clock.textContent = new Date(Date.now() + ahead).toISOString().slice(0, 19).replace("T", " ");
}, 1000);

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.parentElement.querySelector("pre, code, input").textContent);
  button.textContent = "copied";
  setTimeout(() => (button.textContent = "copy"), 1500);
});

// A link to what is folded away opens it.
document.addEventListener("click", (event) => {
  const folded = document.getElementById(event.target.closest("a")?.hash.slice(1));
  if (folded?.tagName === "DETAILS") folded.open = true;
});

// j and k move through the rows of a list, Enter opens one, Esc goes back up, / leads to the search.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const links = [...document.querySelectorAll("[data-row]")].flatMap((row) => row.querySelector("a") ?? []);
  const at = links.findIndex((link) => link.closest("[data-row]").contains(document.activeElement));
  const to = { j: at + 1, k: at - 1 }[event.key];
  if (to !== undefined) {
    links[Math.max(to, 0)]?.focus();
  } else if (event.key === "Escape") {
    const up = document.querySelector("[data-up]");
    if (up) location.href = up.href;
  } else if (event.key === "/") {
    const search = document.querySelector("input[type=search]");
    if (search) {
      search.focus();
      event.preventDefault();
    }
  }
});
