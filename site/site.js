// What pages gain from scripts: a choice of theme, filters, the search when it is first used. All text is there
// without them.
(() => {
  "use strict";
  const root = document.documentElement;

  // The theme: as the system, light, dark.
  const button = document.querySelector("button.theme");
  const themes = ["", "light", "dark"];
  const names = { "": "as the system", light: "light", dark: "dark" };
  const show = () => button.setAttribute("aria-label", `Theme: ${names[root.dataset.theme || ""]}`);
  if (button) {
    button.hidden = false;
    show();
    button.addEventListener("click", () => {
      const next = themes[(themes.indexOf(root.dataset.theme || "") + 1) % themes.length];
      if (next) root.dataset.theme = next;
      else delete root.dataset.theme;
      try {
        if (next) localStorage.setItem("cmlint-theme", next);
        else localStorage.removeItem("cmlint-theme");
      } catch {
        // Not remembered then.
      }
      show();
    });
  }

  // The search is fetched when it is first used.
  const form = document.querySelector(".top form.search");
  const load = () => {
    if (!form || !form.dataset.script || form.dataset.loaded) return;
    form.dataset.loaded = "yes";
    const script = document.createElement("script");
    script.src = form.dataset.script;
    document.head.append(script);
  };
  const shortcuts = () => {
    try {
      return localStorage.getItem("cmlint-shortcuts") !== "off";
    } catch {
      return true;
    }
  };
  if (form) {
    form.addEventListener("focusin", load, { once: true });
    document.addEventListener("keydown", (event) => {
      const typing = /^(input|textarea|select)$/i.test(event.target.tagName) || event.target.isContentEditable;
      const slash = event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey;
      const k = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.shiftKey;
      if ((slash || k) && !typing && shortcuts()) {
        event.preventDefault();
        const input = form.querySelector("input");
        input.focus();
        input.select();
      }
    });
    if (document.getElementById("search-results")) load();
  }

  // Filters: what is chosen stands in the address.
  for (const bar of document.querySelectorAll("[data-filter]")) {
    const list = document.querySelector(bar.dataset.filter);
    const entries = [...list.querySelectorAll(".entry")];
    const text = bar.querySelector("[data-filter-text]");
    const fields = [...bar.querySelectorAll("[data-filter-key]")];
    const count = bar.querySelector(".count");
    const chosen = () => {
      const out = new Map();
      for (const field of fields) {
        const key = field.dataset.filterKey;
        const on = field.type === "checkbox" ? field.checked : field.value !== "";
        if (on) out.set(key, [...(out.get(key) || []), field.value]);
      }
      return out;
    };
    const apply = (write) => {
      const keys = chosen();
      const words = text ? text.value.toLowerCase().split(/\s+/).filter(Boolean) : [];
      let shown = 0;
      for (const entry of entries) {
        const content = entry.textContent.toLowerCase();
        const fits = words.every((w) => content.includes(w)) && [...keys].every(([key, values]) => {
          const has = (entry.dataset[key] || "").split(" ");
          return values.some((v) => has.includes(v));
        });
        entry.hidden = !fits;
        if (fits) shown++;
      }
      for (const section of list.querySelectorAll(".rule-group, .change-group")) {
        section.hidden = !section.querySelector(".entry:not([hidden])");
      }
      count.textContent = shown === entries.length ? `${shown} in all` : `${shown} of ${entries.length}`;
      if (!write) return;
      const query = new URLSearchParams();
      if (text && text.value) query.set("q", text.value);
      for (const [key, values] of keys) query.set(key, values.join(" "));
      const search = query.toString();
      history.replaceState(null, "", (search ? `?${search}` : location.pathname) + location.hash);
    };
    const query = new URLSearchParams(location.search);
    if (text) text.value = query.get("q") || "";
    for (const field of fields) {
      const values = (query.get(field.dataset.filterKey) || "").split(" ");
      if (field.type === "checkbox") field.checked = values.includes(field.value);
      else if (values[0]) field.value = values[0];
    }
    bar.hidden = false;
    bar.addEventListener("input", () => apply(true));
    bar.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && text && text.value) {
        text.value = "";
        apply(true);
      }
    });
    apply(false);
  }

  // A comparison: facts or all wording, one direction only, texts side by side, from change to change. What is
  // chosen stands in the address.
  const view = document.querySelector("[data-compare]");
  if (view) {
    const body = document.getElementById("changes");
    const steps = [...body.querySelectorAll(".diffs > .step")];
    const count = view.querySelector(".count");
    // The two texts beside each other are made from the one that has both.
    const sides = (beside) => {
      for (const text of body.querySelectorAll(".inline")) {
        text.hidden = beside && text.querySelector("ins") !== null && text.querySelector("del") !== null;
        let pair = text.nextElementSibling;
        if (text.hidden && !(pair && pair.classList.contains("beside"))) {
          pair = document.createElement("div");
          pair.className = "beside";
          for (const gone of ["ins", "del"]) {
            const side = text.cloneNode(true);
            side.hidden = false;
            side.className = "";
            for (const part of side.querySelectorAll(gone)) part.remove();
            pair.append(side);
          }
          text.after(pair);
        }
        if (pair && pair.classList.contains("beside")) pair.hidden = !text.hidden;
      }
    };
    const chosen = (name) => view.querySelector(`input[name="${name}"]:checked`).value;
    const visible = () => steps.filter((s) => !s.closest("[hidden], details:not([open])"));
    const apply = (write) => {
      const show = chosen("show"), only = chosen("only"), beside = chosen("texts") === "beside";
      for (const step of steps) step.hidden = only !== "" && step.dataset.direction !== only;
      for (const details of body.querySelectorAll("details.wording")) {
        details.open = show === "all";
        details.hidden = !details.querySelector(".step:not([hidden])");
      }
      for (const entry of body.querySelectorAll(".entry-diff")) {
        entry.hidden = only !== "" && !entry.querySelector(".step:not([hidden])");
      }
      sides(beside);
      const minor = document.getElementById("_minor");
      if (minor) {
        minor.open = show === "all";
        minor.hidden = only !== "" && !minor.querySelector(".entry-diff:not([hidden])");
      }
      const shown = visible().length;
      count.textContent = `${shown} change${shown === 1 ? "" : "s"} shown`;
      if (!write) return;
      const query = new URLSearchParams();
      for (const [name, usual] of [["show", "facts"], ["only", ""], ["texts", "inline"]]) {
        if (chosen(name) !== usual) query.set(name, chosen(name));
      }
      const search = query.toString();
      history.replaceState(null, "", (search ? `?${search}` : location.pathname) + location.hash);
    };
    const query = new URLSearchParams(location.search);
    for (const input of view.querySelectorAll("input")) {
      if (query.has(input.name)) input.checked = query.get(input.name) === input.value;
    }
    for (const name of ["show", "only", "texts"]) {
      if (!view.querySelector(`input[name="${name}"]:checked`)) {
        view.querySelector(`input[name="${name}"]`).checked = true;
      }
    }
    const move = (by) => {
      const all = visible();
      const now = all.findIndex((s) => s.classList.contains("now"));
      const start = now < 0 && by < 0 ? all.length : now;
      const next = all[Math.max(0, Math.min(all.length - 1, start + by))];
      if (!next) return;
      for (const step of steps) step.classList.remove("now");
      next.classList.add("now");
      next.tabIndex = -1;
      next.focus({ preventScroll: true });
      next.scrollIntoView({ block: "center" });
    };
    view.hidden = false;
    view.addEventListener("input", () => apply(true));
    for (const button of view.querySelectorAll("[data-step]")) {
      button.addEventListener("click", () => move(Number(button.dataset.step)));
    }
    document.addEventListener("keydown", (event) => {
      const typing = /^(input|textarea|select)$/i.test(event.target.tagName) && event.target.type !== "radio";
      if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "n") move(1);
      if (event.key === "p") move(-1);
    });
    // A link to a change that is folded away unfolds it.
    const reveal = () => {
      const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
      let folded = target && target.closest("details:not([open])");
      while (folded) {
        folded.open = true;
        folded = folded.parentElement.closest("details:not([open])");
        if (!folded) target.scrollIntoView();
      }
    };
    addEventListener("hashchange", reveal);
    apply(false);
    reveal();
  }

  // A page that does not exist: offer the words of its address to the search.
  const lost = document.getElementById("not-found-search");
  if (lost) {
    const words = location.pathname.split("/").filter((p) => p && !p.endsWith(".html")).pop();
    if (words) {
      const link = lost.querySelector("a");
      const plain = decodeURIComponent(words).replace(/[-_]+/g, " ");
      link.href += `?q=${encodeURIComponent(plain)}`;
      link.textContent = `Search for “${plain}”`;
      lost.hidden = false;
    }
  }

  // What is printed is unfolded.
  addEventListener("beforeprint", () => {
    for (const part of document.querySelectorAll("details:not([open])")) {
      part.open = true;
      part.dataset.printed = "";
    }
  });
  addEventListener("afterprint", () => {
    for (const part of document.querySelectorAll("details[data-printed]")) {
      part.open = false;
      delete part.dataset.printed;
    }
  });
})();
