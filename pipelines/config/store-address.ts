/** Whether `store` is on a server, and no folder. What is wrong with an address is told when it is opened. */
export function isStoreAddress(store: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(store);
}
