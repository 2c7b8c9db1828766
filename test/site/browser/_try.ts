import { violations } from "./axe.ts";
import { chrome, openSite } from "./open_site.ts";

const gpu = process.argv[2] !== "nogpu";
const site = await openSite(await chrome({ gpu }));
try {
  const { page, errors, foreign } = await site.open(process.argv[3] ?? "#/");
  page.on("console", (m) => console.log("console", m.text()));
  await new Promise((r) => setTimeout(r, Number(process.argv[4] ?? 15000)));
  for (const width of [320, 1280])
    for (const scheme of ["light", "dark"]) {
      await page.setViewport({ width, height: 800 });
      await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
      await new Promise((r) => setTimeout(r, 800));
      console.log(
        width,
        scheme,
        await page.evaluate(() => document.documentElement.scrollWidth),
        await violations(page),
      );
      await page.screenshot({ path: `/tmp/home_shot_${width}_${scheme}.png`, fullPage: true });
    }
  console.log((await page.evaluate(() => document.querySelector("main")!.innerText)).slice(0, 3000));
  console.log(errors, foreign);
  console.log(
    site.server.served
      .map((s) => `${s.path} ${s.bytes.length} ${s.as} ${s.referrer.split("/").pop()}`)
      .join("\n"),
  );
} finally {
  await site.close();
}
