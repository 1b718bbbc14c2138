/* Shortens the way; every page works without it. Shortcuts move, open or select; none ever posts. */
"use strict";
(() => {
  const root = document.documentElement;
  const all = (selector) => [...document.querySelectorAll(selector)];
  const one = (selector) => document.querySelector(selector);

  // Copy buttons and "show password" appear only where they can work.
  for (const button of all("[data-copy]")) {
    if (!navigator.clipboard) break;
    const words = button.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = button.dataset.copied;
      setTimeout(() => { button.textContent = words; }, 2000);
    });
  }
  for (const button of all("[data-reveal]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const field = document.getElementById(button.dataset.reveal);
      const shown = field.type === "text";
      field.type = shown ? "password" : "text";
      button.setAttribute("aria-pressed", String(!shown));
    });
  }

  // How many rows are chosen.
  const count = () => {
    for (const status of all("[data-chosen]")) {
      const chosen = all(`[data-choose="${status.dataset.chosen}"]:checked`).length;
      status.textContent = status.dataset.words.replace("{n}", chosen);
    }
  };
  document.addEventListener("change", (event) => { if (event.target.matches("[data-choose]")) count(); });
  window.addEventListener("pageshow", count);

  // A running job: asked at 2, 4, 8, 15, 15 … seconds while the page is looked at.
  const follow = (place) => {
    const spoken = place.nextElementSibling;
    let wait = 2, etag = null;
    const finished = () => place.firstElementChild?.dataset.finished === "yes";
    const step = () => place.firstElementChild?.dataset.step;
    const ask = async () => {
      if (document.hidden) return again();
      try {
        const answer = await fetch(place.dataset.progress, { headers: etag ? { "If-None-Match": etag } : {} });
        if (answer.status === 200) {
          const before = step();
          etag = answer.headers.get("ETag");
          const body = new DOMParser().parseFromString(await answer.text(), "text/html").body;
          place.replaceChildren(...body.children);
          const changed = step() !== before || finished();
          if (changed && root.dataset.spoken === "on") spoken.textContent = place.querySelector("p").textContent;
        } else if (answer.status !== 304) return;
      } catch { /* The network is away: asked again later. */ }
      again();
    };
    const again = () => {
      if (finished()) return;
      setTimeout(ask, wait * 1000);
      wait = Math.min(wait * 2, 15);
    };
    again();
  };
  all("[data-progress]").forEach(follow);

  // Shortcuts.
  let composing = false;
  document.addEventListener("compositionstart", () => { composing = true; });
  document.addEventListener("compositionend", () => { composing = false; });
  const move = (selector, by) => {
    const items = all(selector);
    if (!items.length) return;
    const now = items.findIndex((item) => item.hasAttribute("data-current") || item === document.activeElement);
    const next = items[now < 0 ? 0 : Math.min(Math.max(now + by, 0), items.length - 1)];
    items.forEach((item) => item.removeAttribute("data-current"));
    next.setAttribute("data-current", "");
    (next.querySelector("[data-open], a") || next).focus();
    next.scrollIntoView({ block: "nearest" });
  };
  const go = (selector) => { one(selector)?.click(); };
  const current = () => one("[data-row][data-current]");
  const keys = {
    "?": () => { const list = one("#keys"); list.open = true; list.querySelector("summary").focus(); },
    "/": () => (one("[data-filter]") || one("[data-search]"))?.focus(),
    j: () => move("[data-row]", 1),
    k: () => move("[data-row]", -1),
    n: () => move("[data-finding]", 1),
    p: () => move("[data-finding]", -1),
    x: () => current()?.querySelector("[data-choose]")?.click(),
    a: () => go("a[data-accept]"),
    r: () => go("a[data-return]"),
    u: () => go("a[data-up]"),
    ArrowLeft: () => go("a[data-page-before]"),
    ArrowRight: () => go("a[data-page-after]"),
    "+": () => go("a[data-larger]"),
    "-": () => go("a[data-smaller]"),
    Enter: () => { if (document.activeElement === document.body) current()?.querySelector("[data-open]")?.click(); },
  };
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
    const combined = event.ctrlKey || event.metaKey || event.altKey;
    if (root.dataset.keys !== "on" || typing || combined || composing || event.isComposing) return;
    const act = keys[event.key];
    if (!act) return;
    if (event.key === "/" || event.key === "?") event.preventDefault();
    act();
  });
})();
