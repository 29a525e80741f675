// What pages gain from scripts: a choice of theme, filters, sorting, the search when it is first used. All text is
// there without them.
(() => {
  "use strict";
  const root = document.documentElement;

  /** Writes what is chosen into the address. Empty values leave it. */
  const address = (values) => {
    const query = new URLSearchParams(location.search);
    for (const [name, value] of Object.entries(values)) {
      if (value) query.set(name, value);
      else query.delete(name);
    }
    const search = query.toString();
    history.replaceState(null, "", (search ? `?${search}` : location.pathname) + location.hash);
  };
  const asked = new URLSearchParams(location.search);
  /** Whether a key is typed into a field. */
  const typing = ({ target }) => target.isContentEditable
    || (/^(input|textarea|select)$/i.test(target.tagName) && !/^(radio|checkbox)$/.test(target.type));
  const bare = (event) => !event.ctrlKey && !event.metaKey && !event.altKey;
  const shortcuts = () => {
    try {
      return localStorage.getItem("cmlint-shortcuts") !== "off";
    } catch {
      return true;
    }
  };
  /** Whether a letter is meant for the page. */
  const meant = (event) => bare(event) && !event.shiftKey && !typing(event) && shortcuts();

  // The list of what is on a page is folded where it stands above the page.
  const contents = document.querySelector(".toc details");
  if (contents && matchMedia("(max-width: 62rem)").matches) contents.open = false;
  root.classList.add("ready");

  // The theme: as the system, light, dark.
  const button = document.querySelector("button.theme");
  const themes = ["", "light", "dark"];
  const names = { "": "as the system", light: "light", dark: "dark" };
  const show = () => {
    button.title = `Theme: ${names[root.dataset.theme || ""]}`;
    button.setAttribute("aria-label", button.title);
  };
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

  const paper = document.querySelector("button.print");
  if (paper) {
    paper.hidden = false;
    paper.addEventListener("click", () => print());
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
  if (form) {
    form.addEventListener("focusin", load, { once: true });
    document.addEventListener("keydown", (event) => {
      const k = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.shiftKey;
      if (!typing(event) && (k || (event.key === "/" && bare(event))) && shortcuts()) {
        event.preventDefault();
        const input = form.querySelector("input");
        input.focus();
        input.select();
      }
    });
    // A page that does not exist: the words of its address are searched for.
    const lost = document.querySelector("[data-lost]");
    if (lost) {
      const parts = location.pathname.split("/").filter((p) => p && !/^(r|history|index\.html|404\.html|\d{4}-\d\d-\d\d)$/.test(p));
      const slug = location.pathname.endsWith("/404.html") ? "" : (parts.pop() || "").replace(/\.html?$/, "");
      try {
        lost.value = asked.get("q") || decodeURIComponent(slug).replace(/[-_+.\s]+/g, " ").trim();
      } catch {
        // An address that is not even text.
      }
    }
    if (document.getElementById("search-results")) load();
  }

  // Filters: what is chosen stands in the address. Folded parts open while something is asked for.
  for (const bar of document.querySelectorAll("[data-filter]")) {
    const list = document.querySelector(bar.dataset.filter);
    const entries = [...list.querySelectorAll(".entry")];
    const text = bar.querySelector("[data-filter-text]");
    const fields = [...bar.querySelectorAll("[data-filter-key]")];
    const count = bar.querySelector(".count");
    const clear = document.createElement("button");
    clear.type = "button";
    clear.textContent = "Clear";
    clear.hidden = true;
    count.before(clear);
    const parts = [...list.querySelectorAll("section, details, [data-kind]")].filter((p) => p.querySelector(".entry"));
    const words = new Map(entries.map((e) => [e, e.textContent.toLowerCase()]));
    // A key stands at the entry, or at the list it is in.
    const of = (entry, key) => (entry.closest(`[data-${key}]`)?.getAttribute(`data-${key}`) || "").split(" ");
    const keys = [...new Set(fields.map((f) => f.dataset.filterKey))];
    const chosen = (key) => fields.filter((f) => f.dataset.filterKey === key)
      .filter((f) => (f.type === "checkbox" ? f.checked : f.value)).map((f) => f.value);
    const apply = (write) => {
      const wanted = keys.map((key) => [key, chosen(key)]).filter(([, values]) => values.length);
      const typed = text ? text.value.toLowerCase().split(/\s+/).filter(Boolean) : [];
      const any = wanted.length + typed.length > 0;
      let shown = 0;
      for (const entry of entries) {
        const fits = typed.every((w) => words.get(entry).includes(w))
          && wanted.every(([key, values]) => of(entry, key).some((v) => values.includes(v)));
        entry.hidden = !fits;
        if (fits) shown++;
      }
      for (const part of parts) {
        const left = part.querySelectorAll(".entry:not([hidden])").length;
        part.hidden = !left;
        if (part.localName === "details") part.open = any;
        const number = part.querySelector("[data-count]");
        if (number) number.textContent = left;
        // The heading of a list goes with it.
        if (part.matches("h3 + *")) part.previousElementSibling.hidden = !left;
      }
      count.textContent = any ? `${shown} of ${entries.length}` : `${shown} in all`;
      clear.hidden = !any;
      if (write) address({ q: text?.value, ...Object.fromEntries(keys.map((key) => [key, chosen(key).join(" ")])) });
    };
    if (text) text.value = asked.get("q") || "";
    for (const field of fields) {
      const values = (asked.get(field.dataset.filterKey) || "").split(" ");
      if (field.type === "checkbox") field.checked = values.includes(field.value);
      else if (values[0]) field.value = values[0];
    }
    bar.hidden = false;
    bar.addEventListener("input", () => apply(true));
    const none = () => {
      for (const field of fields) {
        if (field.type === "checkbox") field.checked = false;
        else field.value = "";
      }
      if (text) text.value = "";
      apply(true);
      (text || fields[0]).focus();
    };
    clear.addEventListener("click", none);
    bar.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && text && text.value) {
        text.value = "";
        apply(true);
      }
    });
    document.addEventListener("keydown", (event) => {
      if (event.key !== "s" || !meant(event)) return;
      event.preventDefault();
      text?.focus();
    });
    apply(false);
  }

  // Tables: a button in each heading sorts by its column, again the other way, once more as it was. What is chosen
  // stands in the address. Rows that say nothing there come last.
  for (const table of document.querySelectorAll("table[data-sort]")) {
    const heads = [...table.tHead.rows[0].cells], rows = [...table.tBodies[0].rows];
    const order = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
    const said = (row, column) => {
      const cell = row.cells[column];
      return (cell.querySelector("a") || cell).textContent.trim();
    };
    const sort = (key) => {
      const back = key.startsWith("-"), column = heads.findIndex((h) => h.dataset.key === key.replace("-", ""));
      heads.forEach((head, i) => {
        if (i === column) head.setAttribute("aria-sort", back ? "descending" : "ascending");
        else head.removeAttribute("aria-sort");
      });
      const sorted = column < 0 ? rows : [...rows].sort((a, b) => {
        const [x, y] = [said(a, column), said(b, column)];
        if (!x || !y) return (x ? 0 : 1) - (y ? 0 : 1);
        return back ? order.compare(y, x) : order.compare(x, y);
      });
      table.tBodies[0].append(...sorted);
    };
    for (const head of heads) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const now = head.getAttribute("aria-sort"), key = head.dataset.key;
        const next = !now ? key : now === "ascending" ? `-${key}` : "";
        sort(next);
        address({ sort: next });
      });
    }
    if (asked.get("sort")) sort(asked.get("sort"));
  }

  // A comparison: facts, all wording or the original words, one direction only, texts side by side, from change to
  // change. What is chosen stands in the address.
  const view = document.querySelector("[data-compare]");
  let uncover = () => false;
  if (view) {
    const body = document.getElementById("changes");
    const steps = [...body.querySelectorAll(".diffs > .step")];
    const entries = [...body.querySelectorAll(".entry-diff")];
    const minor = document.getElementById("_minor");
    const count = view.querySelector(".count");
    const usual = { show: "facts", only: "", texts: "inline", style: "" };
    const style = ["layout", "editorial", "notation", "link-only"];
    // The two texts beside each other are made from the one that has both.
    const sides = (beside) => {
      for (const text of body.querySelectorAll(".inline")) {
        text.hidden = beside && text.querySelector("ins") !== null && text.querySelector("del") !== null;
        let pair = text.nextElementSibling;
        if (text.hidden && !pair?.classList.contains("beside")) {
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
        if (pair?.classList.contains("beside")) pair.hidden = !text.hidden;
      }
    };
    const chosen = (name) => view.querySelector(`input[name="${name}"]:checked`)?.value || "";
    const visible = () => steps.filter((s) => !s.closest("[hidden], details:not([open])"));
    const apply = (write) => {
      const show = chosen("show"), only = chosen("only"), plain = chosen("style") === "hide";
      for (const step of steps) {
        const original = step.closest(".original") !== null;
        step.hidden = (only !== "" && step.dataset.direction !== only)
          || (plain && style.some((s) => step.classList.contains(s))) || (show === "original" && !original);
      }
      for (const details of body.querySelectorAll("details.wording")) {
        details.open = show === "all" || (show === "original" && details.matches(".original"));
        details.hidden = !details.querySelector(".step:not([hidden])");
      }
      const narrowed = only !== "" || plain || show === "original";
      for (const entry of entries) entry.hidden = narrowed && !entry.querySelector(".step:not([hidden])");
      sides(chosen("texts") === "beside");
      if (minor) {
        minor.open = show !== "facts";
        minor.hidden = !minor.querySelector(".entry-diff:not([hidden])");
      }
      const shown = visible().length;
      count.textContent = `${shown} change${shown === 1 ? "" : "s"} shown`;
      if (!write) return;
      address(Object.fromEntries(Object.entries(usual).map(([name, value]) => [name, chosen(name) === value ? "" : chosen(name)])));
    };
    for (const input of view.querySelectorAll("input")) {
      const value = asked.get(input.name) ?? usual[input.name];
      if (value === input.value) input.checked = true;
      else if (input.type === "checkbox") input.checked = false;
    }
    const move = (by) => {
      const all = visible();
      const now = all.findIndex((s) => s.classList.contains("now"));
      const at = Math.max(0, Math.min(all.length - 1, (now < 0 && by < 0 ? all.length : now) + by));
      const next = all[at];
      if (!next) return;
      for (const step of steps) step.classList.remove("now");
      next.classList.add("now");
      next.tabIndex = -1;
      next.focus({ preventScroll: true });
      next.scrollIntoView({ block: "center" });
      count.textContent = `${at + 1} of ${all.length} changes`;
    };
    // What the choices hide is shown when a link leads there.
    uncover = (target) => {
      if (!target.closest("[hidden]")) return false;
      for (const input of view.querySelectorAll("input")) input.checked = input.value === usual[input.name];
      apply(true);
      return true;
    };
    view.hidden = false;
    view.addEventListener("input", () => apply(true));
    for (const button of view.querySelectorAll("[data-step]")) {
      button.addEventListener("click", () => move(Number(button.dataset.step)));
    }
    document.addEventListener("keydown", (event) => {
      if (!meant(event)) return;
      if (event.key === "n") move(1);
      if (event.key === "p") move(-1);
    });
    apply(false);
  }

  // A link to something that is folded away unfolds it.
  const reveal = (late) => {
    let target = null;
    try {
      target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    } catch {
      // Not text.
    }
    if (!target) return;
    let moved = uncover(target) || late === true;
    for (let folded = target.closest("details"); folded; folded = folded.parentElement.closest("details")) {
      moved ||= !folded.open;
      folded.open = true;
    }
    if (moved) target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  // What is chosen in a comparison has moved everything.
  reveal(view !== null);

  // Who clicks the link of a statement or change wants to hand it on.
  let told = null;
  document.addEventListener("click", (event) => {
    const link = event.target.closest(".anchor, .kinds > a");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || !navigator.clipboard) return;
    navigator.clipboard.writeText(link.href).then(() => {
      if (!told) {
        told = document.createElement("p");
        told.className = "hidden";
        told.setAttribute("role", "status");
        document.querySelector("main").append(told);
      }
      told.textContent = "Link copied";
      link.dataset.copied = "";
      setTimeout(() => {
        delete link.dataset.copied;
        told.textContent = "";
      }, 1500);
    }, () => {});
  });

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
