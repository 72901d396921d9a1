// The little that a page does by itself: the switch of colours, "/" for search, evidence that opens in place.
// Every page reads and works without it.
(() => {
  "use strict";
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const themes = ["", "light", "dark"];
  const names = { "": ["Auto", "as the system"], light: ["Light", "light"], dark: ["Dark", "dark"] };

  function show(theme) {
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
    document.querySelector('meta[name="color-scheme"]').content = theme || "light dark";
    if (button) {
      button.textContent = names[theme][0];
      button.setAttribute("aria-label", `Colours: ${names[theme][1]}`);
    }
    document.dispatchEvent(new Event("theme"));
  }

  if (button) {
    button.hidden = false;
    show(root.dataset.theme || "");
    button.addEventListener("click", () => {
      const next = themes[(themes.indexOf(root.dataset.theme || "") + 1) % themes.length];
      document.cookie = `theme=${next}; path=/; max-age=${next ? 31536000 : 0}; SameSite=Lax`;
      show(next);
    });
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => document.dispatchEvent(new Event("theme")));

  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, select, textarea, [contenteditable]")) return;
    const find = document.getElementById("find");
    if (find) {
      event.preventDefault();
      find.focus();
      find.select();
    }
  });

  // Suggestions under the search: arrows go through them, Escape closes them.
  document.addEventListener("keydown", (event) => {
    const form = event.target.closest("form.find");
    const list = document.getElementById("suggestions");
    if (!form || !list) return;
    const find = document.getElementById("find");
    const links = [...list.querySelectorAll("a")];
    if (event.key === "Escape" && list.childNodes.length) {
      list.replaceChildren();
      find.focus();
      event.preventDefault();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && links.length) {
      const at = links.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
      (at < 0 ? find : links[Math.min(at, links.length - 1)]).focus();
      event.preventDefault();
    }
  });

  // A link with aria-controls opens its row; htmx fetches what stands there the first time.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[aria-controls][hx-get]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const row = document.getElementById(link.getAttribute("aria-controls"));
    const open = link.getAttribute("aria-expanded") !== "true";
    link.setAttribute("aria-expanded", String(open));
    row.hidden = !open;
  });

  // A form whose fields ask for something new at once, where it says so.
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-at-once]");
    if (form && event.target.matches("select, input[type=checkbox]")) form.requestSubmit();
  });
})();
