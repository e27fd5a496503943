// For those who search all day: "/" into the search box, j and k from hit to hit, Enter opens; and how much is found is told
// while one types. Nothing needs it.
"use strict";
(() => {
  const hits = [...document.querySelectorAll(".hits > li")];
  let place = -1;

  const isTyping = (target) => target.closest("input, textarea, select, [contenteditable]") !== null;

  const go = (to) => {
    if (!hits.length) return;
    hits[place]?.classList.remove("current");
    place = Math.max(0, Math.min(hits.length - 1, to));
    const link = hits[place].querySelector("h3 a");
    hits[place].classList.add("current");
    link.focus({ preventScroll: true });
    hits[place].scrollIntoView({ block: "nearest" });
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (event.key === "/") {
      const box = document.getElementById("q");
      if (!box) return;
      event.preventDefault();
      box.focus();
      box.select();
    } else if (event.key === "j") go(place + 1);
    else if (event.key === "k") go(place - 1);
  });

  const PAUSE = 300; // milliseconds without a key after which it is asked
  const box = document.getElementById("q");
  const told = document.getElementById("hitung");
  if (!box || !told) return;
  let waiting = 0;
  let asking = null;

  const count = async () => {
    asking?.abort();
    asking = new AbortController();
    const fields = new URLSearchParams(new FormData(box.form));
    try {
      const answer = await fetch(`/jumlah?${fields}`, { signal: asking.signal });
      told.textContent = answer.ok ? (await answer.json()).text : "";
    } catch (error) {
      if (error.name !== "AbortError") told.textContent = "";
    }
  };

  box.addEventListener("input", () => {
    clearTimeout(waiting);
    told.textContent = "";
    if (box.value.trim()) waiting = setTimeout(count, PAUSE);
  });
})();
