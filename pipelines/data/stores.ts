import { isAbsolute, join } from "node:path";
import { UserError } from "../errors/user-error.ts";
import { type DatasetStore, openDatasetStore } from "./dataset-store.ts";

/** Opens a store at its address, which for a folder may be relative to the repository's root. */
type OpenStore = (address: string, root: string) => DatasetStore;

/** All kinds of dataset stores, by the scheme of `store` in mergeml.yaml; a folder has none. A new one is a file and a line here. */
const stores: Readonly<Record<string, OpenStore>> = {
  "": (folder, root) => openDatasetStore(isAbsolute(folder) ? folder : join(root, folder)),
};

/** The store of mergeml.yaml. Throws UserError for a scheme that this version has no store for. */
export function openStore(address: string, root: string): DatasetStore {
  const [, scheme = ""] = /^([a-z][a-z0-9+.-]*):\/\//i.exec(address) ?? [];
  const open = Object.hasOwn(stores, scheme) ? stores[scheme] : undefined;
  if (open) return open(address, root);
  throw new UserError({
    message: `this version has no dataset store for ${scheme}://`,
    hint: "store in mergeml.yaml is the path of a folder",
    key: "store",
  });
}
