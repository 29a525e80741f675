// Filters a report. Everything is there without it.
(() => {
  "use strict";
  const form = document.getElementById("filters");
  const findings = [...document.querySelectorAll(".finding")];
  if (!form || findings.length === 0) return;
  const status = form.querySelector(".count");
  const none = document.querySelector(".none");
  const unfold = document.getElementById("unfold");
  const words = new Map();
  const text = (finding) => {
    if (!words.has(finding)) words.set(finding, (finding.dataset.rule + " " + finding.textContent).toLowerCase());
    return words.get(finding);
  };
  const hide = (part) => {
    part.hidden = ![...part.querySelectorAll(".finding")].some((finding) => !finding.hidden);
  };
  const filter = () => {
    const values = new FormData(form);
    const levels = values.getAll("level");
    const asked = values.get("text").toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const finding of findings) {
      const { level, rule, entity } = finding.dataset;
      const fits = (levels.length === 0 || levels.includes(level))
        && (!values.get("rule") || values.get("rule") === rule)
        && (!values.get("entity") || values.get("entity") === entity)
        && asked.every((word) => text(finding).includes(word));
      finding.hidden = !fits;
      if (fits) shown += 1;
    }
    document.querySelectorAll(".rule-part").forEach(hide);
    document.querySelectorAll(".level-part").forEach(hide);
    none.hidden = shown > 0;
    status.textContent = shown === findings.length ? `${shown} findings` : `${shown} of ${findings.length} findings`;
  };
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  unfold.addEventListener("click", () => {
    const open = unfold.textContent === "Unfold all";
    for (const part of document.querySelectorAll("#findings details")) part.open = open;
    unfold.textContent = open ? "Fold all" : "Unfold all";
  });
  form.hidden = false;
  filter();
})();
