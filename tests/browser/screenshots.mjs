// Pictures of the main page types, wide and narrow, light and dark, in target/screenshots (or the folder given).
//
//     node tests/browser/screenshots.mjs [FOLDER]

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { build, launch, repository, types } from "./browser.mjs";

const folder = process.argv[2] || join(repository, "target/screenshots");
mkdirSync(folder, { recursive: true });
const site = build();
const pages = types(site);
const shown = ["home", "accounts", "account", "group", "history", "rules", "rule", "compare", "changes", "coverage", "search"];
const browser = await launch();
for (const [size, width, height] of [["wide", 1280, 900], ["narrow", 390, 844]]) {
  for (const colorScheme of ["light", "dark"]) {
    const context = await browser.newContext({ viewport: { width, height }, colorScheme, reducedMotion: "reduce" });
    const page = await context.newPage();
    for (const name of shown) {
      await page.goto(site.url(pages[name]));
      // Of long pages the first few screens tell enough.
      const whole = await page.evaluate(() => document.documentElement.scrollHeight);
      const clip = { x: 0, y: 0, width, height: Math.min(whole, 2 * width < 1000 ? 2400 : 2000) };
      await page.screenshot({ path: join(folder, `${name}-${size}-${colorScheme}.png`), clip, fullPage: true });
    }
    await page.goto(site.url(pages.home));
    await page.keyboard.press("/");
    await page.keyboard.type("network acces");
    await page.waitForTimeout(500);
    await page.screenshot({ path: join(folder, `searching-${size}-${colorScheme}.png`) });
    await context.close();
  }
}
await browser.close();
console.log(`pictures are in ${folder}`);
