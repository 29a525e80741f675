// The engine of the search: it reads the index and answers queries. It knows no page; search.js does.
// Words are cut as in src/site/search/token.rs; tests/search/tokens.json holds both to it.
(() => {
  "use strict";

  const STRIP = /[\u0300-\u036f'\u2019\u02bc]/g;
  const WORD = /[\p{Alphabetic}\p{N}]/u;

  /** The words of a text: how each is written, its parts at the joints, and its other forms. */
  function tokens(text) {
    const out = [];
    const plain = text.normalize("NFKD").replace(STRIP, "").replace(/\u2010/g, "-");
    for (const [run] of plain.matchAll(/[\p{Alphabetic}\p{N}%_\\/.:\-$@]+/gu)) {
      const word = run.replace(/^[_\\/.:\-$@]+|[_\\/.:\-$@]+$/g, "");
      if (!WORD.test(word)) continue;
      const whole = word.toLowerCase();
      const pieces = word.split(/[_\\/.:\-$@]+/);
      const segments = pieces.map((s) => s.toLowerCase());
      const parts = new Set();
      pieces.forEach((piece, i) => {
        parts.add(segments[i]).add(segments[i].replace(/%/g, ""));
        const humps = piece
          .split(/(?<=\p{Lowercase})(?=\p{Uppercase})|(?<=\p{Uppercase})(?=\p{Uppercase}\p{Lowercase}{2})/u)
          .map((s) => s.toLowerCase());
        if (humps.length > 1) {
          humps.forEach((hump, j) => {
            parts.add(hump);
            if ([...hump].length === 1 && humps[j + 1]) parts.add(hump + humps[j + 1]);
          });
        }
      });
      if (segments.length === 2) parts.add(segments.join(""));
      out.push({ whole, segments, parts: [...parts].filter((p) => [...p].length > 1 && p !== whole) });
    }
    return out;
  }

  /** A word without the ending that changes with grammar. */
  function stem(word) {
    if (!/^[a-z]{3,}$/.test(word)) return word;
    if (/..ies$/.test(word)) word = word.slice(0, -3) + "y";
    else if (/(s|x|z|ch|sh)es$/.test(word) && word.length > 4) word = word.slice(0, -2);
    else if (/s$/.test(word) && !/(ss|us|is)$/.test(word)) word = word.slice(0, -1);
    const cut = /^(.{4,})(ation|ating|ated|ate)$|^(.{4,})ion$|^(.{3,})(ing|ed)$/.exec(word);
    if (cut) {
      word = cut[1] || cut[3] || cut[4];
      if (cut[4] && word.length > 3 && /([^lsz])\1$/.test(word)) word = word.slice(0, -1);
    }
    return word.length > 3 ? word.replace(/e$/, "") : word;
  }

  /** Letters and digits only: how names are compared as a whole. */
  const squash = (text) =>
    text.normalize("NFKD").replace(STRIP, "").replace(/[^\p{Alphabetic}\p{N}]/gu, "").toLowerCase();

  /** How far apart two words are: letters put in, left out, replaced, swapped. Beside it, how far the first is
      from the beginning of the second. Both stop counting above `most`. */
  function distance(a, b, most) {
    let last = [], row = Array.from({ length: b.length + 1 }, (_, j) => j);
    for (let i = 1; i <= a.length; i++) {
      const next = [i];
      let least = i;
      for (let j = 1; j <= b.length; j++) {
        let d = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
        if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) d = Math.min(d, last[j - 2] + 1);
        next[j] = d;
        if (d < least) least = d;
      }
      if (least > most) return [9, 9];
      last = row;
      row = next;
    }
    return [row[b.length], Math.min(...row)];
  }

  // Which letters a word has, as bits: two words that differ in more of them than edits allow are skipped.
  const letters = (word) => {
    let bits = 0;
    for (let i = 0; i < word.length; i++) bits |= 1 << (word.charCodeAt(i) & 31);
    return bits;
  };
  const ones = (n) => {
    let count = 0;
    for (; n; n &= n - 1) count++;
    return count;
  };

  const WEIGHT = [[8, 8], [4, 5], [2, 2.5], [1, 1]];
  const FIELDS = Array.from({ length: 16 }, (_, bits) =>
    WEIGHT.reduce((sum, [bit, weight]) => sum + (bits & bit ? weight : 0), 0));
  const KINDS = { group: 1, account: 1, page: 0.5, rule: 0.08, revision: 0.08, change: 0.04 };

  class Index {
    constructor() {
      this.docs = [];
      this.phrases = [];
      this.terms = new Map();
      this.anchors = new Map();
      this.parts = 0;
    }

    /** Takes a part of the index in. */
    add(part) {
      const phrase = this.phrases.length;
      if (part.revisions) {
        this.revisions = part.revisions;
        this.kinds = part.kinds;
        this.stop = new Set(part.stop.split(" "));
        this.concepts = part.synonyms.map((group) =>
          group.map((member) => tokens(member).flatMap((t) => t.segments).map(stem)));
      }
      for (const text of part.phrases) this.phrases.push({ text, squashed: squash(text) });
      for (const [kind, id, url, title, names, summary, states, list, tags, replaced] of part.docs) {
        this.docs.push({
          kind: this.kinds[kind], id, url: url.replace("*", () => id), title, names, summary, states, replaced,
          phrases: list.map((p) => p + phrase), tags: tags.split(" "),
          squashed: [title, id, ...names].map(squash), sentences: [],
          length: tokens(title).filter((t) => !this.stop.has(t.whole)).length,
          stems: new Set(tokens(title).flatMap((t) => [t.whole, ...t.segments, ...t.parts]).map(stem)),
        });
      }
      let at = 0, before = "";
      const number = () => {
        let n = 0, digit;
        do {
          digit = parseInt(part.postings[at++], 32);
          n = n * 16 + (digit & 15);
        } while (digit > 15);
        return n;
      };
      for (const line of part.terms ? part.terms.split("\n") : []) {
        const term = before.slice(0, parseInt(line[0], 36)) + line.slice(1);
        let list = this.terms.get(term);
        if (!list) this.terms.set(term, (list = []));
        let doc = 0;
        for (let n = number(); n > 0; n--) {
          const value = number();
          doc += value >> 6;
          list.push(doc, FIELDS[(value >> 2) & 15] * (1 + 0.25 * (value & 3)));
        }
        before = term;
      }
      (part.sentences || []).forEach((list, i) => {
        for (let j = 0; j < list.length; j += 2) {
          this.docs[i].sentences.push({ id: list[j], text: list[j + 1] });
          for (const name of [list[j], `${this.docs[i].id}/${list[j]}`]) {
            if (!this.anchors.has(name)) this.anchors.set(name, [i, list[j]]);
          }
        }
      });
      this.words = null;
      this.known = new Map();
      this.parts++;
    }

    /** The terms that a word of a query stands for, each with how well it does. */
    expand(word, loose) {
      const key = word + (loose ? "~" : "");
      let found = this.known.get(key);
      if (found) return found;
      this.words ||= [...this.terms.keys()].filter((t) => t[0] !== "~").map((t) => [t, stem(t), letters(t)]);
      found = [];
      const own = stem(word), length = word.length;
      for (const [term, root] of this.words) {
        if (term === word) found.push([term, 1]);
        else if (root === own && length > 2) found.push([term, 0.9]);
        else if (term.startsWith(word)) found.push([term, 0.55 + (0.3 * length) / term.length]);
        else if (length > 3 && term.includes(word)) found.push([term, 0.4 + (0.2 * length) / term.length]);
      }
      if (!found.length && loose && length > 3) {
        const most = length < 8 ? 1 : 2, bits = letters(word);
        for (const [term, , other] of this.words) {
          if (term.length < length - most || ones(bits & ~other) > most) continue;
          const [full, start] = distance(word, term.slice(0, length + most + 1), most);
          if (full <= most && term.length <= length + most) found.push([term, full < 2 ? 0.6 : 0.4, full]);
          else if (start < 2 && length > 4) found.push([term, 0.35, 1]);
        }
        const least = Math.min(...found.map((f) => f[2]));
        found = found.filter((f) => f[2] === least);
      }
      this.known.set(key, found);
      return found;
    }

    /** How well each document has one of some terms. */
    weigh(terms) {
      const out = new Map();
      let strict = 0;
      for (const [term, quality] of terms) {
        const list = this.terms.get(term);
        if (!list) continue;
        for (let i = 0; i < list.length; i += 2) {
          const had = out.get(list[i]) || 0, now = quality * list[i + 1];
          if (now > had) out.set(list[i], now);
        }
        if (quality > 0.8) strict += list.length / 2;
      }
      const rarity = Math.log(1 + (this.docs.length + 1) / (0.5 + (Math.min(strict, out.size) || out.size)));
      for (const [doc, weight] of out) out.set(doc, weight * rarity);
      return out;
    }

    /** Takes a query apart: filters, words, and which words are written for what else. */
    parse(text) {
      const filters = [];
      const rest = text.replace(/(?:^|\s)(kind|is|rev|has):("[^"]*"|\S+)/gi, (_, name, value) => {
        filters.push([name.toLowerCase(), value.replace(/"/g, "")]);
        return " ";
      });
      const all = tokens(rest);
      const bearing = all.filter((t) => !this.stop.has(t.whole));
      return { filters, text: rest.trim(), all, words: bearing.length ? bearing : all };
    }

    passes(doc, filters) {
      return filters.every(([name, value]) => {
        const wanted = squash(value);
        if (name === "has") return doc.phrases.some((p) => this.phrases[p].squashed.includes(wanted));
        if (name === "rev") {
          return this.revisions.some((date, i) => squash(date).startsWith(wanted) && doc.states[i] > 0);
        }
        return [doc.kind, ...(name === "is" ? doc.tags : [])].some((tag) => [tag, tag + "s"].includes(wanted));
      });
    }

    /** The documents a query finds, best first: those that have all of its words, then those that have some. */
    search(text) {
      const { filters, text: plain, all, words } = this.parse(text);
      const query = squash(plain), scores = words.map(() => new Map()), marks = new Set();
      const give = (slot, doc, weight) => {
        if (weight > (scores[slot].get(doc) || 0)) scores[slot].set(doc, weight);
      };
      words.forEach((word, slot) => {
        let terms = this.expand(word.whole, false);
        const pieces = word.segments.length > 1
          ? word.segments.filter((s) => s.length > 1).map((s) => this.expand(s, true)) : [];
        if (!terms.length) {
          // Two words written as one.
          for (let cut = 4; cut <= word.whole.length - 4; cut++) {
            const halves = [word.whole.slice(0, cut), word.whole.slice(cut)];
            if (halves.every((half) => this.terms.has(half))) pieces.push(...halves.map((h) => [[h, 1]]));
          }
        }
        if (!terms.length && !pieces.some((p) => p.length)) terms = this.expand(word.whole, true);
        for (const [doc, weight] of this.weigh(terms)) give(slot, doc, weight);
        // An identifier also stands for its parts.
        const sums = new Map();
        for (const piece of pieces) {
          for (const [doc, weight] of this.weigh(piece)) {
            const [sum, count] = sums.get(doc) || [0, 0];
            sums.set(doc, [sum + weight, count + 1]);
          }
        }
        for (const [doc, [sum, count]] of sums) {
          if (count * 2 > pieces.length) give(slot, doc, (0.8 * sum * count) / pieces.length ** 2);
        }
        for (const [term] of [...terms, ...pieces.flat()]) marks.add(term);
      });

      // What other words mean the same.
      const spans = [];
      const flat = all.flatMap((t) => t.segments.map((s) => [stem(s), words.indexOf(t), t]));
      this.concepts.forEach((group, number) => {
        for (const member of group) {
          for (let at = 0; at + member.length <= flat.length; at++) {
            if (!member.every((s, i) => s === flat[at + i][0])) continue;
            const span = flat.slice(at, at + member.length), slots = new Set(span.map((f) => f[1]));
            slots.delete(-1);
            // A small part of an identifier does not stand for the whole.
            const size = [...new Set(span.map((f) => f[2]))].reduce((sum, t) => sum + t.segments.length, 0);
            if (member.length < 0.6 * size) continue;
            const found = this.weigh([["~" + number, 0.85]]);
            for (const slot of slots) for (const [doc, weight] of found) give(slot, doc, weight);
            if (member.length > 1) spans.push(found);
            for (const other of group) for (const s of other) if (!this.stop.has(s)) marks.add(s);
          }
        }
      });

      // Words that stand side by side in a phrase.
      const pairs = words.slice(1).map((w, i) => squash(words[i].whole + w.whole));
      const together = this.phrases.map(({ squashed }) => squashed === query ? (pairs.length ? 6 : 1)
        : pairs.length ? pairs.filter((p) => squashed.includes(p)).length / pairs.length : 0);


      const anchor = this.anchors.get(plain.toLowerCase());
      const results = [];
      this.docs.forEach((doc, number) => {
        let sum = 0, matched = 0;
        for (const slot of scores) {
          const weight = slot.get(number);
          if (weight) {
            sum += weight;
            matched++;
          }
        }
        let coverage = words.length ? matched / words.length : 1, exact = 0, via = "";
        let score = words.length ? sum * coverage * coverage : 1;
        if (query.length > 1) {
          let best = 1;
          doc.squashed.forEach((name, i) => {
            const title = i === 0;
            const factor = name === query ? 3
              : query.length < 3 || doc.kind === "change" ? 1
              : name.startsWith(query) ? (title ? 2 : 1.8)
              : name.includes(query) ? (title ? 1.6 : 1.4) : 1;
            if (factor > best) {
              best = factor;
              via = i > 1 ? doc.names[i - 2] : "";
            }
          });
          if (best > 1) {
            score = (score || 5) * best;
            coverage = 1;
            exact = best === 3 && doc.kind !== "change" ? 1 : 0;
          }
        }
        if (anchor && anchor[0] === number) {
          exact = 2;
          coverage = 1;
          score ||= 5;
        }
        if (!score || !this.passes(doc, filters)) return;
        score *= 1 + 0.5 * doc.phrases.reduce((most, p) => Math.max(most, together[p]), 0);
        if (pairs.length) {
          score *= 1 + 0.4 * pairs.filter((p) => doc.squashed[0].includes(p)).length / pairs.length;
        }
        if (spans.some((found) => found.has(number))) score *= 1.2;
        // Accounts and groups come first, but for what the query all but names.
        const entitled = words.length > 1 && words.length >= 0.6 * doc.length && doc.kind !== "change"
          && words.every((w) => w.segments.every((p) => doc.stems.has(stem(p))));
        score *= entitled ? 1 : KINDS[doc.kind];
        // What was merged away gives way to what took its place, unless it is asked for by its id.
        if (doc.replaced && plain !== doc.id) score *= 0.4;
        results.push({ doc, score, exact: exact && plain === doc.id ? 3 : exact, full: coverage === 1, via,
          anchor: exact === 2 ? anchor[1] : "" });
      });
      const order = (r) => this.kinds.indexOf(r.doc.kind), after = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
      const sort = () => results.sort((a, b) => b.full - a.full || b.exact - a.exact || b.score - a.score
        || order(a) - order(b) || after(a.doc.title, b.doc.title) || after(a.doc.url, b.doc.url));
      sort();
      if (pairs.length) {
        // Words side by side in a sentence: looked at for the best only.
        for (const result of results.slice(0, 40)) {
          const { doc } = result;
          doc.prose ??= doc.sentences.map((s) => squash(s.text)).join(" ");
          result.score *= 1 + (1.5 * pairs.filter((p) => doc.prose.includes(p)).length) / pairs.length;
        }
        sort();
      }
      return { results, marks, words: words.map((w) => w.whole) };
    }
  }

  const all = { Index, tokens, stem, squash };
  if (typeof module === "object") module.exports = all;
  else self.searchEngine = all;
})();
