import type { FileEngine } from "../engine.ts";
import { HttpStatusError } from "../spark-sql/http-status-error.ts";
import { joinDistantParts, type StagingArea } from "../spark-sql/staging-area.ts";
import type { DatabricksApi } from "./databricks-api.ts";

interface Listing {
  contents?: { path: string; is_directory: boolean }[];
  next_page_token?: string;
}

/** A folder of a volume, read with the Files API: https://docs.databricks.com/api/workspace/files. The token that runs statements is enough. */
export function volumeStaging(home: string, api: DatabricksApi, files: FileEngine): StagingArea {
  const base = home.replace(/\/+$/, "");
  const place = (kind: "files" | "directories", path: string) =>
    `/api/2.0/fs/${kind}${path.split("/").map(encodeURIComponent).join("/")}`;
  const list = async (folder: string) => {
    const paths: string[] = [];
    for (let token = ""; ; ) {
      const query = token === "" ? "" : `?page_token=${encodeURIComponent(token)}`;
      const page = await api.json<Listing>("GET", `${place("directories", `${base}/${folder}`)}${query}`);
      paths.push(...(page.contents ?? []).filter((each) => !each.is_directory).map(({ path }) => path));
      if (!page.next_page_token) return paths;
      token = page.next_page_token;
    }
  };
  return {
    url: (folder) => `${base}/${folder}`,
    prepare: async () => {},
    async collect(folder, file) {
      const distant = {
        ...{ name: folder, where: `${base}/${folder}`, names: await list(folder) },
        fetch: (path: string, part: string) => api.download(place("files", path), part),
      };
      await joinDistantParts(files, distant, file);
    },
    async remove(folder) {
      try {
        for (const path of await list(folder)) await api.json("DELETE", place("files", path));
        await api.json("DELETE", place("directories", `${base}/${folder}`));
      } catch (error) {
        if (!(error instanceof HttpStatusError && error.status === 404)) throw error;
      }
    },
  };
}
