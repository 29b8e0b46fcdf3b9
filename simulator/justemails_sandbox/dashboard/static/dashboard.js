// What pages do by themselves: ask for news once a second, copy, and move by keys. Every page works without it.
"use strict";

const ASK_EVERY_MS = 1000;

setInterval(() => {
  const live = document.getElementById("live");
  if (live && !document.hidden) htmx.trigger(live, "poll");
}, ASK_EVERY_MS);

// One polite word for who does not see that something changed; a list that is read out anew would be a nuisance.
const newsOfPage = () => document.querySelector("#live [data-news]")?.dataset.news;
let told = newsOfPage();
document.addEventListener("htmx:afterSwap", () => {
  const news = newsOfPage();
  if (news && news !== told) document.getElementById("announcement").textContent = told = news;
});

// The clock in the header, where it runs. It is no live region: nobody has the seconds read out.
const clock = document.querySelector("[data-ticks] time");
if (clock) {
  const ahead = Date.parse(clock.dateTime) - Date.now();
  const tick = () => (clock.textContent = new Date(Date.now() + ahead).toISOString().slice(0, 19).replace("T", " "));
  setInterval(tick, 1000);
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.parentElement.querySelector("pre, code, input").textContent);
  button.textContent = "copied";
  setTimeout(() => (button.textContent = "copy"), 1500);
});

// j and k move through the rows of a list, Enter opens one, Esc goes back up, / leads to the search.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const rows = [...document.querySelectorAll("[data-row]")];
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const to = { j: at + 1, k: at - 1 }[event.key];
  if (to !== undefined && rows[Math.max(to, 0)]) {
    rows[Math.max(to, 0)].querySelector("a").focus();
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
