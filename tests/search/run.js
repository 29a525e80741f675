// Answers queries with the site's own search engine, outside of a browser.
// Standard input: {parts: [script], queries: [text], times: bool}; standard output: what each query finds.
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const { performance } = require("node:perf_hooks");
const engine = require(path.join(__dirname, "..", "..", "site", "search-engine.js"));

const input = JSON.parse(fs.readFileSync(0, "utf8"));
const answer = {};
if (input.table) {
  answer.tokens = input.table.tokens.map(({ text }) =>
    engine.tokens(text).map((t) => [t.whole, t.segments, t.parts]));
  answer.stems = Object.keys(input.table.stems).map(engine.stem);
  answer.squashed = Object.keys(input.table.squashed).map(engine.squash);
}
if (input.parts) {
  globalThis.self = globalThis;
  for (const part of input.parts) (0, eval)(part);
  const start = performance.now();
  const index = new engine.Index();
  for (const part of globalThis.searchParts) index.add(part);
  answer.indexing = performance.now() - start;
  answer.results = input.queries.map((query) => {
    const from = performance.now();
    const { results } = index.search(query);
    const took = performance.now() - from;
    return {
      query,
      took,
      count: results.length,
      top: results.slice(0, input.top || 5).map((r) => ({
        id: r.doc.id, kind: r.doc.kind, url: r.doc.url, full: r.full, score: r.score, anchor: r.anchor, via: r.via,
      })),
    };
  });
}
process.stdout.write(JSON.stringify(answer));
