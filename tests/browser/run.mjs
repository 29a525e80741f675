// What the website does in a browser: search, filters, comparison, themes, reading without scripts, safety and
// accessibility of every page type. Pages are opened as files, as a reader of a downloaded copy would.
//
//     tests/browser/run [WORD]        only the tests whose name has the word

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { binary, build, launch, repository, types } from "./browser.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const site = build();
const pages = types(site);
const browser = await launch();
const tests = [];
const test = (name, body) => tests.push([name, body]);

/** A page whose errors and requests are kept. `complaints` is what a reader's browser would complain of. */
async function open(path, { rest = "", ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints = [], requests = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => requests.push(request.url()));
  await page.goto(site.url(path, rest));
  return { page, complaints, requests, close: () => context.close() };
}

const outside = (requests) => requests.filter((url) => !/^(file|data):/.test(url));
const shown = (page, selector) => page.locator(selector).filter({ visible: true }).count();

test("the search is used by keyboard, and loaded only then", async () => {
  const { page, complaints, requests, close } = await open(pages.home);
  const before = requests.filter((url) => url.includes("search"));
  assert.deepEqual(before, [], "parts of the search are loaded before it is used");
  const input = page.locator("#search-box");
  await page.keyboard.press("/");
  assert.ok(await input.evaluate((e) => e === document.activeElement), "the key / does not lead to the search");
  await page.keyboard.type("network acces acount");
  const options = page.locator("[role=option]");
  await options.first().waitFor({ timeout: 20000 });
  assert.match(await options.first().innerText(), /Network access account/i);
  assert.equal(await input.getAttribute("role"), "combobox");
  assert.equal(await input.getAttribute("aria-expanded"), "true");
  const status = page.locator(".search-popup [role=status]");
  assert.match(await status.innerText(), /result/);
  const chosen = () => input.getAttribute("aria-activedescendant");
  assert.equal(await chosen(), null);
  const last = (await options.count()) - 1;
  for (const [key, number] of [["ArrowDown", 0], ["End", last], ["Home", 0]]) {
    await page.keyboard.press(key);
    const option = options.nth(number);
    assert.equal(await chosen(), await option.getAttribute("id"), key);
    assert.equal(await option.getAttribute("aria-selected"), "true", key);
  }
  await page.keyboard.press("Escape");
  assert.equal(await input.getAttribute("aria-expanded"), "false");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.waitForURL(/network-access-account/);
  assert.match(await page.locator("h1").innerText(), /Network access account/i);
  assert.deepEqual(complaints, []);
  assert.deepEqual(outside(requests), []);
  await close();
});

test("the key / writes a stroke where one is typing", async () => {
  const { page, close } = await open(pages.rules);
  const field = page.locator("[data-filter-text]");
  await field.focus();
  await page.keyboard.type("a/b");
  assert.equal(await field.inputValue(), "a/b");
  await close();
});

test("a search can be linked to", async () => {
  const { page, complaints, close } = await open(pages.search, { rest: "?q=despoolr.box" });
  const first = page.locator("#search-results a").first();
  await first.waitFor({ timeout: 20000 });
  assert.match(await first.innerText(), /SiteToSiteConnection/i);
  await page.locator("#search-page-box").fill("xyzzyplugh");
  await page.getByText("No entry for").filter({ visible: true }).first().waitFor();
  assert.match(page.url(), /\?q=xyzzyplugh$/);
  assert.deepEqual(complaints, []);
  await close();
});

for (const [name, key, other] of [["rules", "level", "group"], ["changes", "kind", "of"]]) {
  test(`filters of ${name} stand in the address`, async () => {
    const { page, complaints, close } = await open(pages[name]);
    const all = await page.locator("#list .entry").count();
    const unfolded = await shown(page, "#list .entry");
    const box = page.locator(`[data-filter-key=${key}]`).first();
    const value = await box.getAttribute("value");
    await box.check();
    assert.equal(new URL(page.url()).searchParams.get(key), value);
    const some = await shown(page, "#list .entry");
    assert.ok(some > 0 && some < all, `${some} of ${all} shown`);
    assert.equal(await shown(page, `#list .entry[data-${key}="${value}"], #list [data-${key}="${value}"] .entry`), some);
    assert.match(await page.locator(".filters .count").innerText(), new RegExp(`^${some} of ${all}$`));
    await page.reload();
    assert.equal(await shown(page, "#list .entry"), some, "after a reload");
    assert.ok(await box.isChecked());
    await box.uncheck();
    assert.equal(new URL(page.url()).search, "");
    await page.locator("[data-filter-text]").fill("nothing has these words");
    assert.equal(await shown(page, "#list .entry"), 0);
    assert.equal(await shown(page, "#list h2:not(#_first)"), 0, "headings of nothing");
    await page.keyboard.press("Escape");
    assert.equal(await shown(page, "#list .entry"), unfolded);
    await page.locator(`[data-filter-key=${other}]`).first().check();
    await page.getByRole("button", { name: "Clear" }).click();
    assert.equal(new URL(page.url()).search, "");
    assert.match(await page.locator(".filters .count").innerText(), new RegExp(`^${all} in all$`));
    await page.locator("h1").click();
    await page.keyboard.press("s");
    assert.ok(await page.locator("[data-filter-text]").evaluate((e) => e === document.activeElement), "the key s does not lead to the filter");
    assert.equal(await page.locator("[data-filter-text]").inputValue(), "");
    assert.ok(await page.locator(`[data-filter-key=${other}]`).count() > 0);
    assert.deepEqual(complaints, []);
    await close();
  });
}

test("a filter opens what is folded, and counts what is left", async () => {
  const { page, complaints, close } = await open(pages.changes, { rest: "?kind=layout" });
  const layout = await page.locator("#list [data-kind=layout] .entry").count();
  assert.ok(layout > 0);
  assert.equal(await shown(page, "#list .entry"), layout);
  assert.equal(await shown(page, "#list details:not([open]), #list h3"), 0);
  await page.goto(site.url(pages.rules, "?level=note"));
  const section = page.locator("#list .rule-group").filter({ visible: true }).first();
  assert.equal(await section.locator("[data-count]").innerText(), String(await section.locator(".entry").filter({ visible: true }).count()));
  assert.deepEqual(complaints, []);
  await close();
});

test("the tables of groups and accounts can be sorted", async () => {
  const { page, complaints, close } = await open(pages.accounts);
  const names = () => page.locator("#list tbody th a").allInnerTexts();
  const rules = async () => (await page.locator("#list td.count").allInnerTexts()).map(Number);
  const asDocumented = await names();
  assert.ok(asDocumented.length > 20);
  assert.equal(await page.locator("#list [aria-sort]").count(), 0);
  const head = page.locator("#list th[data-key=rules]"), button = head.getByRole("button", { name: "Rules" });
  await button.focus();
  await page.keyboard.press("Enter");
  assert.equal(await head.getAttribute("aria-sort"), "ascending");
  assert.deepEqual(await rules(), (await rules()).toSorted((a, b) => a - b));
  await page.keyboard.press("Space");
  assert.equal(await head.getAttribute("aria-sort"), "descending");
  assert.deepEqual(await rules(), (await rules()).toSorted((a, b) => b - a));
  assert.equal(new URL(page.url()).searchParams.get("sort"), "-rules");
  const sorted = await names();
  await page.locator("[data-filter-key=tag]").first().check();
  assert.equal(new URL(page.url()).searchParams.get("sort"), "-rules", "the filter forgets the order");
  await page.reload();
  assert.equal(await head.getAttribute("aria-sort"), "descending");
  assert.ok(await page.locator("[data-filter-key=tag]").first().isChecked());
  await page.locator("[data-filter-key=tag]").first().uncheck();
  assert.deepEqual(await names(), sorted);
  // Rows that say nothing come last, both ways.
  const limits = () => page.locator("#list tbody td[data-label='How many']").allInnerTexts();
  for (const way of ["ascending", "descending"]) {
    await page.getByRole("button", { name: "How many" }).click();
    assert.equal(await page.locator("#list th[data-key=number]").getAttribute("aria-sort"), way);
    const said = (await limits()).map((text) => text.trim() !== "");
    assert.ok(said[0] && !said.at(-1), way);
    assert.deepEqual(said, said.toSorted((a, b) => b - a), way);
  }
  await page.getByRole("button", { name: "How many" }).click();
  assert.deepEqual(await names(), asDocumented, "as it was");
  assert.equal(new URL(page.url()).search, "");
  assert.deepEqual(complaints, []);
  await close();
});

test("a comparison shows what is asked for", async () => {
  const { page, complaints, close } = await open(pages.compare);
  const steps = () => shown(page, "#changes .diffs > .step");
  const facts = await steps();
  assert.ok(facts > 0);
  await page.locator("input[name=show][value=all]").check();
  const all = await steps();
  assert.ok(all > facts, `${all} of wording, ${facts} of facts`);
  for (const direction of ["added", "removed"]) {
    await page.locator(`input[name=only][value=${direction}]`).check();
    const some = await steps();
    assert.ok(some > 0 && some < all, `${direction}: ${some} of ${all}`);
    assert.equal(await shown(page, `#changes .diffs > .step[data-direction=${direction}]`), some);
    assert.equal(new URL(page.url()).searchParams.get("only"), direction);
  }
  await page.locator("input[name=only][value='']").check();
  await page.locator("input[name=style]").check();
  const meant = await steps();
  assert.ok(meant > facts && meant < all, `${meant} of ${all} without style`);
  assert.equal(await shown(page, "#changes .step.layout, #changes .step.editorial"), 0);
  assert.equal(new URL(page.url()).searchParams.get("style"), "hide");
  await page.reload();
  assert.equal(await steps(), meant, "without style after a reload");
  await page.locator("input[name=style]").uncheck();
  await page.locator("input[name=texts][value=beside]").check();
  assert.ok(await shown(page, "#changes .beside") > 0);
  await page.reload();
  assert.ok(await page.locator("input[name=texts][value=beside]").isChecked(), "after a reload");
  assert.equal(await steps(), all);
  await page.locator("h1").click();
  await page.keyboard.press("n");
  const now = () => page.locator(".step.now").evaluateAll((s) => s.map((e) => e.textContent));
  const first = await now();
  assert.equal(first.length, 1);
  await page.keyboard.press("n");
  assert.notDeepEqual(await now(), first);
  await page.keyboard.press("p");
  assert.deepEqual(await now(), first);
  assert.deepEqual(complaints, []);
  await close();
});

test("a link to a change that is folded away shows it", async () => {
  const { page, complaints, close } = await open(pages.compare);
  const folded = await page.locator("#_minor .step.layout").first().getAttribute("id");
  const removed = await page.locator("#changes .step[data-direction=removed]").first().getAttribute("id");
  const seen = async (id) => {
    await page.waitForFunction((id) => {
      const { top, bottom } = document.getElementById(id).getBoundingClientRect();
      return bottom > top && top >= 0 && top < innerHeight;
    }, id, { timeout: 10000 });
    assert.ok(await page.locator(`[id="${id}"]`).isVisible());
  };
  assert.equal(await page.locator(`[id="${folded}"]`).isVisible(), false);
  for (const [rest, id] of [[`#${folded}`, folded], [`?only=added#${removed}`, removed], [`?style=hide&show=all#${folded}`, folded]]) {
    await page.goto("about:blank");
    await page.goto(site.url(pages.compare, rest));
    await seen(id);
  }
  // And from within the page.
  await page.goto("about:blank");
  await page.goto(site.url(pages.compare));
  await page.evaluate((id) => { location.hash = id; }, folded);
  await seen(folded);
  const link = page.locator(`[id="${folded}"] .kinds a`);
  assert.equal(await link.getAttribute("href"), `#${folded}`);
  // A folded entry of the coverage, too.
  const entry = await page.goto(site.url(pages.coverage)).then(() => page.locator("details.covered-entity").last().getAttribute("id"));
  await page.goto("about:blank");
  await page.goto(site.url(pages.coverage, `#${entry}`));
  await page.waitForFunction((id) => document.getElementById(id).open, entry);
  assert.deepEqual(complaints, []);
  await close();
});

test("the original words can be compared alone", async () => {
  const originals = join(repository, "../shared/docs/originals");
  if (!existsSync(originals)) return console.log("      no original pages: skipped");
  const other = build("--originals", originals);
  const { page, complaints, close } = await open(pages.compare);
  assert.equal(await page.locator("input[name=show][value=original]").count(), 0);
  await page.goto(other.url(pages.compare, "?show=original"));
  assert.ok(await page.locator("input[name=show][value=original]").isChecked());
  assert.ok(await shown(page, ".original .step") > 50);
  assert.equal(await shown(page, "#changes .entry-diff > .diffs > .step, .wording:not(.original) .step"), 0);
  assert.deepEqual(complaints, []);
  await close();
});

test("where there is no page, pages with a like name are offered", async () => {
  const server = createServer((request, answer) => {
    const path = new URL(request.url, "http://x").pathname.replace("/docs/", "/");
    const file = join(lost.folder, path);
    const there = existsSync(file) && statSync(file).isFile();
    const kinds = { ".css": "text/css", ".js": "text/javascript", ".html": "text/html; charset=utf-8" };
    answer.writeHead(there ? 200 : 404, { "content-type": kinds[there ? extname(file) : ".html"] || "text/plain" });
    answer.end(readFileSync(there ? file : join(lost.folder, "404.html")));
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const base = `http://127.0.0.1:${server.address().port}/docs/`;
  const lost = build("--base-url", base);
  const context = await browser.newContext();
  const page = await context.newPage(), complaints = [];
  page.on("console", (m) => ["error", "warning"].includes(m.type()) && complaints.push(m.text()));
  try {
    for (const [path, wanted] of [
      ["accounts/netwrok-access-acount/", "accounts/network-access-account/"],
      ["groups/smsadmins/r/2016-02-09/index.html", "groups/sms-admins/"],
      ["a/b/c/too-many-acounts-for-site", "rules/too-many-accounts-for-site/"],
    ]) {
      await page.goto(base + path);
      const first = page.locator("#search-results a.search-result").first();
      await first.waitFor({ timeout: 20000 });
      assert.ok((await first.evaluate((a) => a.href)).startsWith(base + wanted), `${path}: ${await first.evaluate((a) => a.href)}`);
      const few = await shown(page, "#search-results a.search-result");
      assert.ok(few > 0 && few <= 12, `${path}: ${few} are offered`);
    }
    assert.deepEqual(complaints.filter((c) => !c.includes("404")), []);
  } finally {
    await context.close();
    server.close();
  }
});

test("the theme is chosen and remembered", async () => {
  const { page, complaints, close } = await open(pages.home, { colorScheme: "light" });
  const theme = () => page.evaluate(() => document.documentElement.dataset.theme || "");
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await paper();
  const button = page.locator("button.theme");
  assert.match(await button.getAttribute("aria-label"), /system/);
  await button.click();
  assert.equal(await theme(), "light");
  await button.click();
  assert.equal(await theme(), "dark");
  const dark = await paper();
  assert.notEqual(dark, light);
  await page.goto(site.url(pages.account));
  assert.equal(await theme(), "dark", "on another page");
  assert.equal(await paper(), dark);
  assert.match(await button.getAttribute("aria-label"), /dark/);
  await button.click();
  assert.equal(await theme(), "");
  await page.reload();
  assert.equal(await theme(), "");
  assert.deepEqual(complaints, []);
  await close();
});

test("the revision is switched on the page of the same entry", async () => {
  const { page, complaints, close } = await open(pages.account);
  const links = page.locator("nav.strip a");
  const title = (await page.locator("h1").innerText()).toLowerCase();
  const first = new URL(await links.first().evaluate((a) => a.href)).pathname;
  await links.first().click();
  await page.waitForURL((url) => url.pathname === first);
  assert.match(page.url(), /accounts\/network-access-account\/r\/\d{4}-\d\d-\d\d\//);
  assert.equal((await page.locator("h1").innerText()).toLowerCase(), title);
  // Back from there, by the strip alone.
  const back = page.locator("nav.strip a").last();
  assert.match(await back.evaluate((a) => a.href), /accounts\/network-access-account\//);
  await back.click();
  assert.equal((await page.locator("h1").innerText()).toLowerCase(), title);
  assert.deepEqual(complaints, []);
  await close();
});

test("the revisions of a history lead along the page", async () => {
  const { page, complaints, close } = await open(pages.history);
  const link = page.locator("nav.strip a").last();
  const before = new URL(page.url()).pathname;
  await link.click();
  assert.equal(new URL(page.url()).pathname, before);
  const id = decodeURIComponent(new URL(page.url()).hash.slice(1));
  assert.match(id, /^\d{4}-\d\d-\d\d$/);
  assert.ok(await page.locator(`[id="${id}"]`).isVisible());
  await page.goto(site.url(pages.account));
  await page.locator("nav.strip .all a").click();
  await page.waitForURL(/network-access-account\/history\//);
  assert.deepEqual(complaints, []);
  await close();
});

test("what is on the page is folded on a telephone", async () => {
  const { page, close } = await open(pages.account, { viewport: { width: 390, height: 844 } });
  assert.equal(await shown(page, ".toc a"), 0);
  await page.locator(".toc summary").click();
  assert.ok(await shown(page, ".toc a") > 3);
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.reload();
  assert.ok(await shown(page, ".toc a") > 3);
  await close();
});

test("what is printed has no chrome, is unfolded, and marks changes without colour", async () => {
  const { page, close } = await open(pages.compare, { rest: "?show=all", reducedMotion: "reduce" });
  await page.emulateMedia({ media: "print" });
  assert.equal(await shown(page, ".top, .bottom, .toc, .side, .filters, .choose"), 0);
  const mark = (selector) => page.locator(selector).first().evaluate((e) => {
    const { content, position } = getComputedStyle(e, "::before");
    return `${content} ${position} ${getComputedStyle(e).textDecorationLine}`;
  });
  assert.equal(await mark("#changes .inline ins"), '"+" static underline');
  assert.equal(await mark("#changes .inline del"), '"−" static line-through');
  await page.goto(site.url(pages.coverage));
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  assert.equal(await page.locator("details:not([open])").count(), 0);
  await page.evaluate(() => dispatchEvent(new Event("afterprint")));
  assert.ok(await page.locator("details:not([open])").count() > 0);
  await page.goto(site.url(pages.print));
  const together = await page.locator(".book .sheet").evaluateAll((all) => all.filter((e) =>
    ![e, e.previousElementSibling].some((part) => part && getComputedStyle(part).breakBefore === "page")).length);
  assert.equal(together, 0, "entries that do not begin on a new sheet");
  await page.goto(site.url(pages.revisions));
  assert.match(await page.locator("main a[href^=http]").first().evaluate((e) => getComputedStyle(e, "::after").content), /https/);
  await close();
});

test("entries are small documents", async () => {
  const { page, close } = await open(pages.home);
  const large = [];
  for (const folder of ["accounts", "groups"]) {
    for (const entry of readdirSync(join(site.folder, folder), { withFileTypes: true }).filter((e) => e.isDirectory())) {
      await page.goto(site.url(`${folder}/${entry.name}/index.html`));
      const nodes = await page.evaluate(() => document.querySelectorAll("*").length);
      // The largest is that of the network access account, which most classes of exports tell; each revision adds ten.
      if (nodes > 780) large.push(`${entry.name} has ${nodes} elements`);
    }
  }
  assert.deepEqual(large, []);
  await close();
});

test("everything can be read without scripts", async () => {
  for (const name of ["home", "accounts", "account", "history", "compare", "rules", "rule", "changes", "coverage", "search", "404"]) {
    const without = await open(pages[name], { javaScriptEnabled: false });
    const bare = await without.page.locator("main").innerText();
    assert.ok(bare.length > (name === "404" ? 100 : 300), `${name}: ${bare.length} characters`);
    assert.equal(await shown(without.page, "button, .filters"), 0, `${name}: what needs scripts shows`);
    if (name === "search") assert.ok(await shown(without.page, "#search-az a") > 50, "the list from A to Z");
    if (name === "compare") assert.match(bare, /merged into one[^]*renamed/i);
    await without.close();
  }
});

test("every page type loads without a complaint, from here alone, and is not wider than a telephone", async () => {
  const { page, complaints, requests, close } = await open(pages.home, { viewport: { width: 390, height: 844 } });
  const tooWide = [];
  for (const [name, path] of Object.entries(pages)) {
    await page.goto(site.url(path));
    const [wide, widest] = await page.evaluate(() => {
      const beyond = [...document.body.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1);
      return [document.documentElement.scrollWidth, beyond.slice(0, 3).map((e) => `${e.localName}.${e.className}`)];
    });
    if (wide > 390) tooWide.push(`${name} is ${wide} px wide: ${widest}`);
    assert.deepEqual(complaints, [], name);
    assert.deepEqual(outside(requests), [], name);
    const policy = await page.locator("meta[http-equiv=Content-Security-Policy]").getAttribute("content");
    for (const part of ["default-src 'none'", "script-src 'self'", "style-src 'self'"]) {
      assert.ok(policy.includes(part) && !policy.includes("unsafe"), `${name}: ${policy}`);
    }
  }
  assert.deepEqual(tooWide, []);
  await close();
});

test("the policy is in force", async () => {
  const { page, close } = await open(pages.account);
  const [ran, fetched, violated] = await page.evaluate(async () => {
    const violated = [];
    document.addEventListener("securitypolicyviolation", (event) => violated.push(event.effectiveDirective));
    const script = document.createElement("script");
    script.textContent = "window.ran = true;";
    document.head.append(script);
    document.body.insertAdjacentHTML("beforeend", "<p style='color: red'>x</p>");
    const fetched = await fetch("https://example.invalid/").then(() => true, () => false);
    await new Promise((done) => setTimeout(done, 100));
    return [Boolean(window.ran), fetched, violated];
  });
  assert.equal(ran, false);
  assert.equal(fetched, false);
  for (const directive of ["script-src-elem", "style-src-attr", "connect-src"]) {
    assert.ok(violated.includes(directive), `${directive} was not refused: ${violated}`);
  }
  await close();
});

test("axe finds nothing on any page type, in either theme", async () => {
  const { page, close } = await open(pages.home, { colorScheme: "light", reducedMotion: "reduce" });
  const wrong = [];
  for (const [name, path] of Object.entries(pages)) {
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      if (colorScheme === "light") {
        await page.goto(site.url(path));
        // What is folded is looked at as well.
        await page.evaluate(() => document.querySelectorAll("details").forEach((d) => { d.open = true; }));
        await page.evaluate(axe);
      }
      // Only colours differ between the themes.
      const options = colorScheme === "light" ? {} : { runOnly: ["color-contrast"] };
      const found = await page.evaluate((options) => window.axe.run(document, { ...options, resultTypes: ["violations"] }), options);
      for (const violation of found.violations) {
        const places = violation.nodes.slice(0, 3).map((node) => `\n      ${node.html.slice(0, 160)}`);
        wrong.push(`${name}, ${colorScheme}: ${violation.id}: ${violation.help} (${violation.nodes.length})${places.join("")}`);
      }
    }
  }
  assert.ok(wrong.length === 0, `\n    ${wrong.join("\n    ")}`);
  await close();
});

test("axe finds nothing in the open search", async () => {
  const { page, close } = await open(pages.home, { reducedMotion: "reduce" });
  await page.locator("#search-box").focus();
  await page.keyboard.type("account");
  await page.locator("[role=option]").first().waitFor({ timeout: 20000 });
  await page.keyboard.press("ArrowDown");
  await page.evaluate(axe);
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
    const wrong = found.violations.map((v) => `${v.id}: ${v.nodes[0].html.slice(0, 200)}`);
    assert.deepEqual(wrong, [], colorScheme);
  }
  await close();
});

test("a page that is served comes anew when a file changes, and says what is wrong", async () => {
  const folder = mkdtempSync(join(tmpdir(), "cmlint-serve-"));
  const templates = join(folder, "templates");
  cpSync(join(repository, "templates"), templates, { recursive: true });
  const server = spawn(binary, ["site", "serve", "--port", "0", "--templates", templates], { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  try {
    let told = "";
    const url = await new Promise((done, failed) => {
      server.stderr.on("data", (data) => {
        told += data;
        const found = told.match(/http:\/\/127\.0\.0\.1:\d+\//);
        if (found) done(found[0]);
      });
      server.on("exit", () => failed(new Error(`the server ended: ${told}`)));
    });
    const context = await browser.newContext();
    const page = await context.newPage();
    const complaints = [];
    page.on("console", (m) => m.type() === "error" && complaints.push(m.text()));
    const asked = await page.goto(`${url}about/`, { waitUntil: "commit" });
    assert.match(asked.headers()["content-security-policy"], /default-src 'none'; script-src 'self'/);
    await page.locator("nav[aria-label=Main]").waitFor({ timeout: 60000 });
    const about = join(templates, "about.html");
    const text = readFileSync(about, "utf8");
    writeFileSync(about, text.replace("<h1>", "<h1>Anew: "));
    await page.getByRole("heading", { name: /^Anew: / }).waitFor({ timeout: 60000 });
    assert.deepEqual(complaints.filter((c) => !c.includes("500")), []);
    writeFileSync(about, text.replace("{% endblock main %}", "{% nonsense %}"));
    await page.getByRole("heading", { name: "The site cannot be built" }).waitFor({ timeout: 60000 });
    assert.match(await page.locator("pre").innerText(), /about\.html/);
    writeFileSync(about, text);
    await page.locator("nav[aria-label=Main]").waitFor({ timeout: 60000 });
    assert.equal(page.url(), `${url}about/`);
    assert.deepEqual(complaints.filter((c) => !c.includes("500")), []);
    await context.close();
  } finally {
    server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
});

/** The report on the example estate as a page beside the site. */
const report = () => {
  const file = join(site.folder, "report.html");
  if (!existsSync(file)) spawnSync(binary, ["check", join(repository, "examples/contoso"), "--format", "html", "--output", file]);
  return "report.html";
};

test("a report is filtered by level, rule, account and text", async () => {
  const { page, complaints, requests, close } = await open(report());
  const all = await page.locator(".finding").count();
  assert.ok(all > 100);
  const count = () => page.locator("#filters .count").innerText();
  const left = () => page.locator(".finding:not([hidden])").count();
  assert.equal(await count(), `${all} findings`);
  await page.locator("input[name=level][value=error]").check();
  const errors = await left();
  assert.ok(errors > 0 && errors < all);
  assert.equal(await page.locator("#warning:not([hidden])").count(), 0, "a level without findings is not shown");
  await page.locator("select[name=entity]").selectOption("network-access-account");
  assert.ok(await left() < errors);
  await page.locator("input[name=text]").fill("svc-naa04 interactively");
  assert.equal(await left(), 1);
  assert.equal(await count(), `1 of ${all} findings`);
  await page.locator("input[name=text]").fill("there is no such word");
  assert.ok(await page.locator(".none").isVisible());
  await page.locator("input[name=text]").fill("");
  await page.locator("#unfold").click();
  assert.equal(await page.locator("#findings details:not([open])").count(), 0);
  assert.deepEqual(complaints, []);
  assert.deepEqual(requests.filter((url) => !url.endsWith("/report.html") && !url.startsWith("data:")), []);
  await close();
});

test("a report is whole without scripts, in both themes, narrow and printed", async () => {
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [1280, 390]) {
      const { page, complaints, close } = await open(report(), { colorScheme, viewport: { width, height: 900 }, javaScriptEnabled: false });
      assert.ok(!await page.locator("#filters").isVisible(), "filters are there without scripts");
      assert.ok(await page.locator(".finding").count() > 100);
      assert.deepEqual(complaints, []);
      await close();
      const again = await open(report(), { colorScheme, viewport: { width, height: 900 }, bypassCSP: true });
      const wide = await again.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 0, `the page is ${wide} wider than the screen at ${width}`);
      await again.page.evaluate(axe);
      const wrong = await again.page.evaluate(async () => (await axe.run()).violations.map((v) => `${v.id}: ${v.nodes[0].html}`));
      assert.deepEqual(wrong, []);
      await again.page.emulateMedia({ media: "print" });
      assert.ok(await again.page.locator(".finding .place pre").last().evaluate((e) => e.getBoundingClientRect().height > 0), "what is folded is printed");
      await again.close();
    }
  }
});

const word = process.argv[2] || "";
let failed = 0, run = 0;
for (const [name, body] of tests.filter(([name]) => name.includes(word))) {
  const start = Date.now();
  let timer;
  const late = new Promise((_, fail) => {
    timer = setTimeout(() => fail(new Error("took more than three minutes")), 180000);
  });
  try {
    await Promise.race([body(), late]);
    console.log(`ok    ${name} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
  } catch (error) {
    failed++;
    console.log(`FAIL  ${name}\n    ${error.stack.split("\n    at node:")[0]}`);
  }
  clearTimeout(timer);
  run++;
}
await browser.close();
console.log(`${run - failed} of ${run} browser tests passed`);
process.exit(failed || !run ? 1 : 0);
