// The search: the box in the header with its list, and the search page. It is loaded when it is first used, and
// fetches engine and index then; typing can begin before they are there.
(() => {
  "use strict";

  const header = document.querySelector(".top form.search");
  if (!header) return;
  const settings = header.dataset, boxes = [];
  // These come with the engine.
  let index = null, tokens, stem;

  /** An element with a class, text or children, and attributes. */
  function make(tag, name, inside, attributes) {
    const element = document.createElement(tag);
    if (name) element.className = name;
    element.append(...[inside ?? []].flat());
    for (const key in attributes) element.setAttribute(key, attributes[key]);
    return element;
  }

  // The words of what is shown, cut once.
  const cuts = new Map();
  const hits = (word, marks) => {
    if (!cuts.has(word)) cuts.set(word, tokens(word).flatMap((t) => [t.whole, stem(t.whole), ...t.parts]));
    return cuts.get(word).some((form) => marks.has(form));
  };

  /** A text with the words marked that a query found. */
  function marked(text, marks) {
    const out = [];
    let at = 0;
    for (const { 0: word, index: from } of text.matchAll(/[\p{Alphabetic}\p{N}%]+/gu)) {
      if (!hits(word, marks)) continue;
      out.push(text.slice(at, from), make("mark", "", word));
      at = from + word.length;
    }
    return [...out, text.slice(at)];
  }

  /** What to show of a result below its title: the name it was found by, or the sentence that fits best. */
  function reason({ doc, via, anchor }, marks) {
    if (via) return ["Also: ", ...marked(via, marks)];
    const found = (text) => new Set((text.match(/[\p{Alphabetic}\p{N}%]+/gu) || [])
      .filter((word) => hits(word, marks)).map((word) => stem(word.toLowerCase())));
    // What the title shows already need not be shown again.
    const told = found(doc.title), count = (text) => [...found(text)].filter((word) => !told.has(word)).length;
    let best = doc.summary, most = count(best);
    for (const { id, text } of doc.sentences) {
      const now = id === anchor ? 99 : count(text);
      if (now > most) [best, most] = [text, now];
    }
    return marked(best, marks);
  }

  const years = () => index.revisions.map((date, i, all) =>
    all.some((other, j) => j !== i && other.slice(0, 4) === date.slice(0, 4)) ? date : date.slice(0, 4));

  /** A result as a link. */
  function link(result, marks, attributes) {
    const { doc, anchor } = result, [page, fragment] = doc.url.split("#"), hash = anchor || fragment;
    const file = !page || page.endsWith("/") ? page + "index.html" : page;
    let there = years().map((year, i) => [year, +doc.states[i]]).filter(([, state]) => state);
    if (there.length > 6) there = [there[0], ["…", 1], there.at(-1)];
    return make("a", "search-result", [
      make("span", "search-title", marked(doc.title, marks)),
      make("span", "search-kind", doc.replaced ? "former " + doc.kind : doc.kind),
      make("span", "search-revisions", there.map(([year, state]) =>
        make("span", state > 1 ? "changed" : "", year, state > 1 ? { title: "changed in this revision" } : {}))),
      make("span", "search-why", reason(result, marks)),
    ], { href: settings.root + file + (hash ? "#" + hash : ""), ...attributes });
  }

  /** Puts the search behind a field. `limit` is how many results are shown, `role` of the element of each. */
  function box(input, place, limit, page) {
    const list = make("div", "search-list", [], page ? {} : { role: "listbox", id: "search-list", "aria-label": "Results" });
    const status = make("p", "search-status", "", { role: "status" });
    const chips = make("div", "search-chips", [], { role: "group", "aria-label": "Only" });
    let shown = [], options = [], active = -1, last = null;

    const choose = (number) => {
      options[active]?.removeAttribute("aria-selected");
      active = number;
      const option = options[active];
      if (!option) return input.removeAttribute("aria-activedescendant");
      option.setAttribute("aria-selected", "true");
      option.scrollIntoView({ block: "nearest" });
      input.setAttribute("aria-activedescendant", option.id);
    };
    const open = (yes) => {
      if (page) return;
      place.hidden = !yes;
      input.setAttribute("aria-expanded", String(yes && options.length > 0));
      if (!yes) choose(-1);
    };
    const chip = (label, filter) => {
      const button = make("button", "", label, { type: "button" });
      button.addEventListener("click", () => {
        const rest = input.value.replace(/(^|\s)(kind|rev):\S+/gi, (all, _, name) => filter.startsWith(name) ? "" : all).trim();
        input.value = input.value.includes(filter) ? rest : (rest + " " + filter).trim();
        input.focus();
        update();
      });
      button.filter = filter;
      chips.append(button);
    };

    function update() {
      const text = input.value.trim();
      if (!index) {
        status.textContent = settings.failed || (text && "Loading…");
        return open(text !== "");
      }
      if (!chips.firstChild) {
        for (const [kind, label] of [["account", "Accounts"], ["group", "Groups"], ["database", "Database"], ["rule", "Rules"], ["change", "Changes"]]) {
          if (kind !== "change" || index.docs.some((doc) => doc.kind === kind)) chip(label, "kind:" + kind);
        }
        if (page) index.revisions.forEach((date, i) => chip(years()[i], "rev:" + date));
      }
      for (const button of chips.children) button.setAttribute("aria-pressed", String(text.includes(button.filter)));
      const { results, marks } = text ? index.search(text) : { results: [], marks: new Set() };
      const full = results.filter((r) => r.full).length, none = `No entry for “${text}”. `;
      let groups = [["", results.slice(0, full)], [full ? "Some of the words" : "Closest", results.slice(full)]];
      if (text === last && shown.length) {
        // More of the index has come: what is shown stays where it is.
        const old = new Set(shown.flatMap(([, list]) => list.map((r) => r.doc)));
        groups = [...shown, ["More", results.filter((r) => !old.has(r.doc))]];
      }
      let left = limit;
      shown = groups.map(([name, all]) => [name, all.slice(0, left), (left -= Math.min(left, all.length))]).filter((g) => g[1].length);
      last = text;
      list.replaceChildren(...shown.map(([name, all]) => make("div", "search-group",
        all.map((r) => link(r, marks, page ? {} : { role: "option", tabindex: "-1" })),
        { role: "group", "aria-label": name || "Best", "data-name": name })));
      options = [...list.querySelectorAll("a")];
      options.forEach((option, i) => { if (!page) option.id = "search-option-" + i; });
      choose(-1);
      list.hidden = !options.length;
      status.textContent = !text ? "" : !results.length ? none
        : (full ? "" : none) + `${results.length} ${results.length > 1 ? "results" : "result"}`
        + (full === results.length ? "" : full ? `, ${full} with all words` : " close to it")
        + (results.length > limit ? `; ${limit} shown` : "");
      if (text && !results.length) status.append(make("a", "", "Everything from A to Z", { href: settings.root + "search/index.html#search-az" }));
      if (page) {
        document.getElementById("search-az").hidden = results.length > 0;
        history.replaceState(null, "", text ? "?q=" + encodeURIComponent(text) : location.pathname);
      }
      open(text !== "");
    }

    place.append(chips, ...(page ? [status, list] : [list, status]));
    input.addEventListener("input", update);
    boxes.push(update);
    if (page) return;

    for (const [key, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-controls", "search-list"], ["aria-expanded", "false"]]) {
      input.setAttribute(key, value);
    }
    input.addEventListener("focus", () => input.value && update());
    input.form.addEventListener("focusout", (event) => {
      if (!input.form.contains(event.relatedTarget)) open(false);
    });
    input.addEventListener("keydown", (event) => {
      const step = { ArrowDown: active + 1, ArrowUp: active < 0 ? options.length - 1 : active - 1, Home: 0, End: options.length - 1 }[event.key];
      if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
      if (event.key === "Escape" && !place.hidden) open(false);
      else if (event.key === "Enter" && options[active]) options[active].click();
      else if (step !== undefined && place.hidden && event.key === "ArrowDown") update();
      else if (step !== undefined && !place.hidden && options.length) choose(step === options.length ? -1 : step);
      else return;
      event.preventDefault();
    });
  }

  const popup = make("div", "search-popup", [], { hidden: "" });
  header.append(popup);
  box(header.querySelector("input"), popup, 8);
  const results = document.getElementById("search-results"), field = document.getElementById("search-page-box");
  if (results && field) {
    field.value ||= new URLSearchParams(location.search).get("q") || "";
    field.form.addEventListener("submit", (event) => event.preventDefault());
    box(field, results, Number(results.dataset.limit) || 100, true);
    const switched = document.getElementById("search-shortcuts");
    if (switched) {
      switched.closest("p").hidden = false;
      try {
        switched.checked = localStorage.getItem("cmlint-shortcuts") !== "off";
        switched.addEventListener("change", () => localStorage.setItem("cmlint-shortcuts", switched.checked ? "on" : "off"));
      } catch {
        // Nothing is remembered here, so there is nothing to choose.
        switched.closest("p").hidden = true;
      }
    }
  }

  let wait = 0;
  const take = () => {
    if (!self.searchEngine || !self.searchParts || settings.failed) return;
    if (!index) {
      ({ tokens, stem } = self.searchEngine);
      index = new self.searchEngine.Index();
    }
    while (self.searchParts.length) index.add(self.searchParts.shift());
    // The second part is about to come; only if it takes long, results of the first are shown alone.
    clearTimeout(wait);
    wait = setTimeout(() => boxes.forEach((update) => update()), index.parts > 1 ? 0 : 50);
  };
  for (const source of [settings.engine, settings.index, settings.rest]) {
    const script = make("script", "", [], { src: source });
    script.async = false;
    script.onload = take;
    script.onerror = () => {
      settings.failed = "The search could not be loaded.";
      boxes.forEach((update) => update());
    };
    document.head.append(script);
  }
})();
