import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect } from "vitest";

const golden = join(import.meta.dirname, "golden");
const seen = join(import.meta.dirname, "..", "..", ".cache", "browser");

/** Of the pixels of a picture, scaled down, so many may be others: typefaces differ by machine. */
const mostOthers = 0.12;
/** A pixel is another one when a colour of it differs by more. */
const mostApart = 40;

/**
 * Compares the first screen of a page with the picture that somebody has looked at, in test/browser/golden. Without one, or with
 * UPDATE_PICTURES=1, this one is kept: look at it before it is committed.
 */
export async function expectPicture(page: Page, name: string): Promise<void> {
  const shot = await page.screenshot({ animations: "disabled" });
  mkdirSync(seen, { recursive: true });
  writeFileSync(join(seen, `${name}.png`), shot);
  const file = join(golden, `${name}.png`);
  if (!existsSync(file) || process.env.UPDATE_PICTURES === "1") {
    expect(process.env.CI, `${file} is missing`).toBeFalsy();
    mkdirSync(golden, { recursive: true });
    writeFileSync(file, shot);
    return;
  }
  const others = await shareOfOthers(page, shot, readFileSync(file));
  expect(others, `${name}.png differs from test/browser/golden: see .cache/browser/${name}.png`).toBeLessThan(
    mostOthers,
  );
}

/** Decoded and compared by the browser, in a page of its own. */
async function shareOfOthers(page: Page, shot: Buffer, known: Buffer): Promise<number> {
  const context = await page.context().browser()!.newContext();
  try {
    const blank = await context.newPage();
    const [left, right] = [shot, known].map((png) => `data:image/png;base64,${png.toString("base64")}`);
    return await blank.evaluate(`(async () => {
      const pixels = async (address) => {
        const image = new Image();
        image.src = address;
        await image.decode();
        const [width, height] = [Math.round(image.width / 3), Math.round(image.height / 3)];
        const canvas = new OffscreenCanvas(width, height);
        const drawing = canvas.getContext("2d");
        drawing.drawImage(image, 0, 0, width, height);
        return drawing.getImageData(0, 0, width, height);
      };
      const [a, b] = [await pixels(${JSON.stringify(left)}), await pixels(${JSON.stringify(right)})];
      if (a.width !== b.width || a.height !== b.height) return 1;
      let others = 0;
      for (let at = 0; at < a.data.length; at += 4)
        if ([0, 1, 2].some((of) => Math.abs(a.data[at + of] - b.data[at + of]) > ${mostApart})) others += 1;
      return (others * 4) / a.data.length;
    })()`);
  } finally {
    await context.close();
  }
}
