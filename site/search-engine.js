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
  const KINDS = { group: 1, account: 1, database: 0.4, page: 0.5, rule: 0.1, revision: 0.08, change: 0.04 };
  // Words that most names have.
  const COMMON = new Set(["account", "group"]);

  class Index {
    constructor() {
      this.docs = [];
      this.phrases = [];
      this.terms = new Map();
      this.anchors = new Map();
      this.cuts = new Map();
      this.parts = 0;
    }

    /** Takes a part of the index in. */
    add(part) {
      const phrase = this.phrases.length, from = this.docs.length;
      if (part.revisions) {
        this.revisions = part.revisions;
        this.kinds = part.kinds;
        this.stop = new Set(part.stop.split(" "));
        this.concepts = part.synonyms.map((group) =>
          group.map((member) => tokens(member).flatMap((t) => t.segments).map(stem)));
        this.begins = new Map();
        this.concepts.forEach((group, number) => {
          for (const member of group) {
            if (!this.begins.has(member[0])) this.begins.set(member[0], []);
            this.begins.get(member[0]).push([number, member]);
          }
        });
      }
      for (const text of part.phrases) this.phrases.push({ text, squashed: squash(text) });
      for (const [kind, id, url, title, names, summary, states, list, tags, replaced] of part.docs) {
        this.docs.push({
          kind: this.kinds[kind], id, url: url.replace("*", () => id), title, names, summary, states, replaced,
          phrases: list.map((p) => p + phrase), tags: tags.split(" "),
          squashed: [title, id, ...names].map(squash), sentences: [],
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
        this.docs[i].lines = null;
      });
      // The words that the id of a rule is made of are not told.
      for (let i = from; i < this.docs.length; i++) {
        const { kind, id } = this.docs[i];
        for (const word of kind === "rule" ? id.split("-") : []) {
          const list = this.terms.get(word) || [];
          if (this.stop.has(word) || list.some((doc, j) => doc === i && j % 2 === 0)) continue;
          list.push(i, 5);
          this.terms.set(word, list);
        }
      }
      this.words = null;
      this.known = new Map();
      this.parts++;
    }

    /** The terms that a word of a query stands for, each with how well it does. The looser, the further they may
        be from it; nothing is looked for that far if there is something nearer. */
    expand(word, loose) {
      const key = word + "~" + loose;
      let found = this.known.get(key);
      if (found) return found;
      this.words ||= [...this.terms.keys()].filter((t) => t[0] !== "~").map((t) => [t, stem(t), letters(t)]);
      found = [];
      const own = stem(word), length = word.length;
      for (const [term, root] of this.words) {
        if (term === word) found.push([term, 1]);
        else if (root === own && length > 2) found.push([term, 0.9]);
        else if (term.startsWith(word)) found.push([term, 0.55 + (0.3 * length) / term.length]);
        else if (own.length > 3 && term.startsWith(own)) found.push([term, 0.5]);
        else if (length > 3 && term.includes(word)) found.push([term, 0.4 + (0.2 * length) / term.length]);
      }
      // A word that begins others may be misspelt all the same.
      const begun = found.length > 0;
      if (begun ? length > 3 && !found.some((f) => f[1] >= 0.9) : loose && length > 4 - loose) {
        const most = begun ? 1 : (length < 8 ? 1 : 2) + (loose > 1 && length > 4), bits = letters(word);
        const near = new Map();
        let least = most;
        for (const [term, root, other] of this.words) {
          if (term.length < length - most || ones(bits & ~other) > most) continue;
          const [full, start] = distance(word, term.slice(0, length + most + 1), most);
          const whole = full <= most && term.length <= length + most;
          if (!whole && (begun || start > 1 || length < 5)) continue;
          const apart = whole ? full : 1, quality = begun ? 0.45 : whole ? (full < 2 ? 0.6 : 0.4) : 0.35;
          if (apart < least) near.clear();
          if (apart <= least && quality > (near.get(root) || 0)) near.set(root, quality);
          least = Math.min(least, apart);
        }
        // With a word come its other forms.
        for (const [term, root] of near.size ? this.words : []) {
          if (near.has(root)) found.push([term, near.get(root)]);
        }
      }
      this.known.set(key, found);
      return found;
    }

    /** Cuts words that are written as one: the known terms it is made of, or nothing. */
    cut(word, left = 4) {
      if (this.terms.has(word)) return [word];
      for (let at = word.length - 2; at > 1 && left > 1; at--) {
        const head = word.slice(0, at);
        if (at < 4 && !this.stop.has(head) || !this.terms.has(head) && !this.stop.has(head)) continue;
        const rest = this.cut(word.slice(at), left - 1);
        if (rest) return [head, ...rest];
      }
      return null;
    }

    /** How well each document has one of some terms. What is rare counts more. */
    weigh(terms) {
      const lists = terms.map(([term, quality]) => [this.terms.get(term) || [], quality]);
      const strict = lists.reduce((sum, [list, quality]) => sum + (quality > 0.8 ? list.length / 2 : 0), 0);
      const out = new Map();
      for (const [list, quality] of lists) {
        const many = Math.min(this.docs.length, Math.max(strict, list.length / 2));
        const rarity = quality * Math.log(1 + (this.docs.length + 1) / (0.5 + many));
        for (let i = 0; i < list.length; i += 2) {
          const now = rarity * list[i + 1];
          if (now > (out.get(list[i]) || 0)) out.set(list[i], now);
        }
      }
      return out;
    }

    /** Where the synonyms stand in a row of stems: the number of the list, from where, how many. */
    spans(stems) {
      return stems.flatMap((first, at) => (this.begins.get(first) || [])
        .filter(([, member]) => member.every((s, i) => s === stems[at + i]))
        .map(([number, member]) => [number, at, member.length]));
    }

    /** A text as a row of words: of each the stems of its forms; the small words and the synonyms within. */
    row(text) {
      const words = [], small = new Set();
      for (const [word] of text.matchAll(/[\p{Alphabetic}\p{N}\p{M}%'\u2019]+/gu)) {
        let forms = this.cuts.get(word);
        if (!forms) {
          forms = tokens(word).filter((t) => !this.stop.has(t.whole)).map((t) => [t.whole, ...t.parts].map(stem));
          this.cuts.set(word, forms);
        }
        words.push(...forms);
        if (!forms.length) small.add(word.toLowerCase());
      }
      return { words, small, spans: this.spans(words.map((forms) => forms[0])) };
    }

    /** How well the words of a query are met in a row, and whether all are; how much of the row is meant, and
        which of its words are not; the share of words that stand side by side. */
    meet({ words, spans }, { forms, concepts, size }) {
      const best = new Array(size).fill(0), hits = [];
      const hit = (n, i, quality) => {
        hits.push([n, i, quality]);
        if (quality > best[n]) best[n] = quality;
      };
      words.forEach((list, i) => {
        for (const form of list) for (const [n, quality] of forms.get(form) || []) hit(n, i, quality);
      });
      for (const [number, at, length] of spans) {
        for (const n of concepts.get(number) || []) for (let i = at; i < at + length; i++) hit(n, i, 0.85);
      }
      if (!hits.length) return null;
      const meant = new Map(), side = new Set();
      for (const [n, i, quality] of hits) {
        side.add(n * 999 + i);
        // A word is meant by what fits it best.
        const word = words[i][0];
        if (quality >= Math.min(best[n], 0.85) && quality > (meant.get(word) || 0)) meant.set(word, quality);
      }
      const pairs = new Set(hits.filter(([n, i]) => n && i && side.has((n - 1) * 999 + i - 1)).map(([n]) => n)).size;
      let share = 0;
      for (const quality of meant.values()) share += Math.sqrt(quality);
      return {
        best, meant, pairs: size > 1 ? pairs / (size - 1) : 0, whole: best.every((b) => b),
        said: best.reduce((a, b) => a + b, 0) / size, share: share / words.length,
      };
    }

    /** Takes a query apart: filters, words, and which words are written for what else. */
    parse(text) {
      const filters = [];
      const rest = text.replace(/(?:^|\s)(kind|is|rev|has):("[^"]*"|\S+)/gi, (_, name, value) => {
        filters.push([name.toLowerCase(), value.replace(/"/g, "")]);
        return " ";
      });
      const all = tokens(rest);
      let words = all.filter((t) => !this.stop.has(t.whole));
      const last = all.at(-1);
      if (!words.length) words = all;
      // The last word may be about to become a longer one.
      else if (!words.includes(last) && /\p{L}$/u.test(rest)) words.push({ ...last, open: true });
      return { filters, text: rest.trim(), all, words };
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

    /** The words of a query, each with the documents that have it, and what stands for it. */
    slots(all, words, marks) {
      const slots = words.map((word) => ({ word, docs: new Map(), forms: new Map(), concepts: new Set() }));
      const give = (slot, found) => {
        for (const [doc, weight] of found) if (weight > (slot.docs.get(doc) || 0)) slot.docs.set(doc, weight);
      };
      const take = (slot, terms) => {
        for (const [term, quality] of terms) {
          marks.add(term);
          const form = stem(term);
          if (quality > (slot.forms.get(form) || 0)) slot.forms.set(form, quality);
        }
      };
      const flat = all.flatMap((t) => t.segments.map((s) => [stem(s), t])), phrases = [];
      const spans = this.spans(flat.map((f) => f[0])).map(([number, at, length]) =>
        [number, new Set(flat.slice(at, at + length).map((f) => f[1])), length])
        // A small part of an identifier does not stand for the whole.
        .filter(([, meant, length]) => length >= 0.6 * [...meant].reduce((sum, t) => sum + t.segments.length, 0));
      for (const slot of slots) {
        const { whole, segments } = slot.word;
        for (const [number, meant] of spans) if (meant.has(slot.word)) slot.concepts.add(number);
        let terms = this.expand(whole, 0);
        // A word with others behind it is not about to become a longer one.
        if (slot.word !== all.at(-1) && terms.some((t) => t[1] === 1)) {
          terms = terms.map(([term, quality]) => [term, quality > 0.85 ? quality : quality * 0.6]);
        }
        let pieces = segments.length > 1
          ? segments.filter((s) => s.length > 1).map((s) => this.expand(s, 1)).filter((p) => p.length) : [];
        if (!slot.concepts.size && !terms.length && !pieces.length) {
          terms = this.expand(whole, whole.length < 4 && words.length > 1 ? 2 : 1);
          // Words written as one.
          if (!terms.length) {
            pieces = (this.cut(whole) || []).filter((p) => !this.stop.has(p)).map((p) => [[p, 1]]);
          }
          if (!terms.length && !pieces.length) {
            terms = this.expand(whole, 2);
            slot.far = true;
          }
        }
        give(slot, this.weigh(terms));
        // An identifier also stands for its parts.
        const sums = new Map();
        for (const piece of pieces) {
          for (const [doc, weight] of this.weigh(piece)) {
            const [sum, count] = sums.get(doc) || [0, 0];
            sums.set(doc, [sum + weight, count + 1]);
          }
        }
        for (const [doc, [sum, count]] of sums) {
          if (count * 2 > pieces.length) give(slot, [[doc, (0.8 * sum * count) / pieces.length ** 2]]);
        }
        take(slot, [...terms, ...pieces.flat()]);
        slot.pieces = pieces.length < 2 ? [slot] : pieces.map((piece) => {
          const own = { forms: new Map(), concepts: slot.concepts };
          take(own, [...terms, ...piece]);
          return own;
        });
      }
      // A word that is written as two.
      all.slice(1).forEach((second, i) => {
        const joined = squash(all[i].whole + second.whole);
        if (joined.length < 4 || !this.terms.has(joined)) return;
        for (const slot of slots) {
          if (slot.word !== all[i] && slot.word !== second) continue;
          give(slot, this.weigh([[joined, 0.9]]));
          for (const piece of slot.pieces) take(piece, [[joined, 0.9]]);
        }
      });
      // What other words mean the same.
      for (const [number, meant, length] of spans) {
        const found = this.weigh([["~" + number, 0.85]]);
        for (const slot of slots) if (meant.has(slot.word)) give(slot, found);
        if (length > 1) phrases.push(found);
        for (const s of this.concepts[number].flat()) if (!this.stop.has(s)) marks.add(s);
      }
      return { slots, phrases };
    }

    /** The documents a query finds, best first: those that have all of its words, then those that have some. */
    search(text) {
      const { filters, text: plain, all, words } = this.parse(text);
      const query = squash(plain), literal = plain.toLowerCase(), marks = new Set();
      const { slots, phrases } = this.slots(all, words, marks);
      const length = words.filter((w) => !w.open).length, pieces = slots.flatMap((slot) => slot.pieces);
      // What stands for the words of the query, the other way round.
      const whole = { forms: new Map(), concepts: new Map(), size: pieces.length };
      const put = (map, key, value) => map.has(key) ? map.get(key).push(value) : map.set(key, [value]);
      pieces.forEach((piece, n) => {
        for (const [form, quality] of piece.forms) put(whole.forms, form, [n, quality]);
        for (const number of piece.concepts) put(whole.concepts, number, n);
      });
      const small = all.map((t) => t.whole).filter((w) => this.stop.has(w));
      const kinds = new Set(words.map((w) => w.whole.replace(/s$/, "")).filter((w) => KINDS[w] < 0.4));
      const anchor = this.anchors.get(literal);
      const results = [];
      let begun = false;
      this.docs.forEach((doc, number) => {
        if (!this.passes(doc, filters)) return;
        let sum = 0, matched = 0;
        for (const slot of slots) {
          let weight = slot.docs.get(number) || 0;
          if (!weight && kinds.has(doc.kind) && slot.word.whole.replace(/s$/, "") === doc.kind) weight = 2;
          sum += weight;
          if (weight && !slot.word.open) matched += slot.far ? 0.5 : 1;
        }
        const coverage = length ? matched / length : 1;
        const result = { doc, number, score: length ? sum * coverage * coverage : 1, factor: 1, exact: 0, lift: 0,
          full: coverage === 1, via: "", anchor: "" };
        if (query.length > 1) {
          doc.squashed.forEach((name, i) => {
            const title = i === 0, begins = name.startsWith(query), part = query.length / name.length;
            const now = name === query ? 4
              : query.length < 3 || doc.kind === "change" ? 1
              : begins ? ((i > 1 ? doc.names[i - 2] : doc.title).toLowerCase().startsWith(literal) ? 3 : 2.5) + part
              : name.includes(query) ? (title ? 1.6 : 1.4) + part : 1;
            if (now > result.factor) {
              result.factor = now;
              result.via = i > 1 ? doc.names[i - 2] : "";
            }
            if (begins && KINDS[doc.kind] === 1) begun = true;
            if (begins && title) result.lift = 0.05 * length + part;
            if (title && doc.kind !== "change") {
              if (begins && now > 3.5) result.exact = 0.3;
              else if (now > 1 && all.length > 3 && KINDS[doc.kind] === 1) result.exact = 0.2;
            }
          });
          if (result.factor > 1) {
            result.score ||= 5;
            result.full = true;
            if (result.factor === 4 && doc.kind !== "change") result.exact = 1;
          }
        }
        if (anchor && anchor[0] === number) {
          result.exact = 2;
          result.full = true;
          result.anchor = anchor[1];
          result.score ||= 5;
        }
        if (result.exact && plain === doc.id) result.exact = 3;
        if (result.score) results.push(result);
      });
      const order = (r) => this.kinds.indexOf(r.doc.kind), after = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
      const sort = () => results.sort((a, b) => b.full - a.full || b.exact - a.exact || b.score - a.score
        || order(a) - order(b) || after(a.doc.title, b.doc.title) || after(a.doc.url, b.doc.url));
      results.sort((a, b) => b.score * b.factor - a.score * a.factor || a.number - b.number);
      results.forEach((result, place) => {
        const { doc } = result;
        if (begun) result.lift = 0;
        // How much of the query a name says, and how much of the name the query: asked of the best only.
        if (length && place < 150 && doc.kind !== "change") {
          doc.rows ||= [doc.title, doc.id, ...doc.names].map((name) => this.row(name));
          doc.rows.forEach((row, i) => {
            const met = this.meet(row, whole);
            if (!met) return;
            const now = 1 + 2 * met.said ** 2 * met.share * (i > 1 ? 0.9 : 1) + 0.4 * met.pairs;
            if (now > result.factor) {
              result.factor = now;
              result.via = i > 1 && now > 2 ? doc.names[i - 2] : "";
            }
            const most = met.meant.size;
            if (met.whole && most === row.words.length && pieces.length > 1) {
              const same = small.filter((w) => row.small.has(w)).length / (small.length || 1);
              result.exact = Math.max(result.exact, (KINDS[doc.kind] === 1 ? 0.5 : 0.4) + 0.05 * same);
            }
            // A query that holds a whole name and more is as good as one that says nothing else.
            if (most > 1 && row.words.every(([w]) => met.meant.has(w) || COMMON.has(w))
              && met.best.every((b) => !b || b > 0.8) && met.pairs * (pieces.length - 1) * 2 >= most - 1) {
              result.full = true;
            }
            if (met.whole) result.lift = Math.max(result.lift, met.share);
          });
        }
        result.score *= result.factor;
        if (phrases.some((found) => found.has(result.number))) result.score *= 1.2;
        // Accounts and groups come first, but for what the query all but names.
        const lift = kinds.has(doc.kind) ? 1
          : length > 1 ? Math.min(1, Math.max(0, (result.lift + 0.08 * (length - 2) - 0.45) / 0.55)) ** 2 : 0;
        result.score *= KINDS[doc.kind] + (1 - KINDS[doc.kind]) * lift;
        // What was merged away gives way to what took its place, unless it is asked for by its id.
        if (doc.replaced && plain !== doc.id) result.score *= 0.4;
      });
      sort();
      if (pieces.length > 1) {
        // Words of one phrase or sentence, side by side in it: looked at for the best only.
        const best = results.slice(0, 40).map((result) => {
          const { doc } = result;
          doc.lines ||= [
            ...doc.phrases.map((p) => [this.row(this.phrases[p].text), 1.5]),
            ...[doc.summary, ...doc.sentences.flatMap((s) => [s.id, s.text])].map((t) => [this.row(t), 1]),
          ];
          let most = 0, together = 0;
          for (const [row, weight] of doc.lines) {
            const met = this.meet(row, whole);
            if (!met) continue;
            most = Math.max(most, weight * (met.pairs + met.said ** 2));
            if (met.pairs === 1) together = Math.max(together, weight > 1 ? 1 + 2 * met.share : 1);
          }
          return [result, most, together];
        });
        const few = best.filter((b) => b[2]).length;
        for (const [result, most, together] of best) result.score *= 1 + most + together * (1.2 + 2 / (few || 1));
        sort();
      }
      return { results, marks, words: words.map((w) => w.whole) };
    }
  }

  const all = { Index, tokens, stem, squash };
  if (typeof module === "object") module.exports = all;
  else self.searchEngine = all;
})();
