// The browser, the site that is looked at, and its page types: what tests and screenshots share.

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

export const repository = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
export const binary = process.env.CMLINT || join(repository, "target/debug/cmlint");

/** Builds the site into a temporary folder, which goes when the process ends. */
export function build(...options) {
  const folder = mkdtempSync(join(tmpdir(), "cmlint-browser-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const site = join(folder, "site");
  execFileSync(binary, ["site", "build", "--out", site, ...options], { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  return {
    folder: site,
    url: (path, rest = "") => pathToFileURL(join(site, path)).href + rest,
  };
}

/** A browser with a profile of its own. */
export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    headless: true,
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync",
    ],
  });
}

/** One page of each type, by the type's name. Only types that the site has. */
export function types(site) {
  const folders = (path) => {
    const all = readdirSync(join(site.folder, path), { withFileTypes: true });
    return all.filter((e) => e.isDirectory()).map((e) => e.name).sort();
  };
  const has = (path) => existsSync(join(site.folder, path));
  const dates = folders("accounts/network-access-account/r");
  const pairs = folders("compare");
  // The step that renames, merges, adds and takes away.
  const richest = "2016-02-09..2018-10-26";
  // An entry without a page of the newest revision was merged away.
  const gone = folders("groups").find((id) => !has(`groups/${id}/r/${dates.at(-1)}/index.html`));
  const all = {
    home: "index.html",
    accounts: "accounts/index.html",
    groups: "groups/index.html",
    account: "accounts/network-access-account/index.html",
    group: "groups/sms-admins/index.html",
    merged: gone && `groups/${gone}/index.html`,
    "past revision": `accounts/network-access-account/r/${dates[0]}/index.html`,
    history: "accounts/network-access-account/history/index.html",
    document: "document/index.html",
    rules: "rules/index.html",
    rule: `rules/${folders("rules")[0]}/index.html`,
    "compare index": "compare/index.html",
    compare: `compare/${pairs.includes(richest) ? richest : pairs.at(-1)}/index.html`,
    changes: "changes/index.html",
    coverage: "coverage/index.html",
    revisions: "revisions/index.html",
    search: "search/index.html",
    print: "print/index.html",
    linting: "linting/index.html",
    about: "about/index.html",
    "404": "404.html",
  };
  return Object.fromEntries(Object.entries(all).filter(([, path]) => path && has(path)));
}
