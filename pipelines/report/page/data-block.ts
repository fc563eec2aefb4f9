import { Html } from "./html.ts";

/** Data for the page's script. A script of this kind is never run, and `<` could end it. */
export function dataBlock(id: string, data: unknown): Html {
  return new Html(
    `<script type="application/json" id="${id}">${JSON.stringify(data).replaceAll("<", "\\u003c")}</script>`,
  );
}
