import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect } from "vitest";

const golden = join(import.meta.dirname, "golden");
const seen = join(import.meta.dirname, "..", "..", ".cache", "browser");

/** Of the squares that have something in them so many may be others: typefaces differ by machine. */
export const mostOthers = 0.3;
/** A square is another one when a colour of its mean differs by more; one that differs so little from the background is empty. */
const [mostApart, mostEmpty] = [20, 6];
/** Pixels of a side: a few letters. */
const square = 12;

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
  const others = await shareOfOthers(page, shot, name);
  expect(others, `${name}.png differs from test/browser/golden: see .cache/browser/${name}.png`).toBeLessThan(
    mostOthers,
  );
}

/** The share of squares by which a picture is another one than the known one; empty ones do not count. Decoded and compared by the browser, in a page of its own. */
export async function shareOfOthers(page: Page, shot: Buffer, name: string): Promise<number> {
  const known = readFileSync(join(golden, `${name}.png`));
  const context = await page.context().browser()!.newContext();
  try {
    const blank = await context.newPage();
    const [left, right] = [shot, known].map((png) => `data:image/png;base64,${png.toString("base64")}`);
    return await blank.evaluate(`(async () => {
      const pixels = async (address) => {
        const image = new Image();
        image.src = address;
        await image.decode();
        const [width, height] = [Math.round(image.width / ${square}), Math.round(image.height / ${square})];
        const canvas = new OffscreenCanvas(width, height);
        const drawing = canvas.getContext("2d");
        drawing.imageSmoothingQuality = "high";
        drawing.drawImage(image, 0, 0, width, height);
        return drawing.getImageData(0, 0, width, height);
      };
      const [a, b] = [await pixels(${JSON.stringify(left)}), await pixels(${JSON.stringify(right)})];
      if (a.width !== b.width || a.height !== b.height) return 1;
      const far = (one, at, other, from, most) => [0, 1, 2].some((of) => Math.abs(one[at + of] - other[from + of]) > most);
      let [others, filled] = [0, 0];
      for (let at = 0; at < a.data.length; at += 4) {
        if (far(a.data, at, a.data, 0, ${mostEmpty}) || far(b.data, at, b.data, 0, ${mostEmpty})) filled += 1;
        if (far(a.data, at, b.data, at, ${mostApart})) others += 1;
      }
      return others / Math.max(1, filled);
    })()`);
  } finally {
    await context.close();
  }
}
