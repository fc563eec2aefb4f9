/** Where an environment's log is, given that of production: a folder below it, or below its address. */
export function logPlaceIn(place: string, environment: string): string {
  if (environment === "production" || place === "none") return place;
  const [path = "", settings] = place.split(/\?(.*)/s);
  const below = `${path.replace(/\/+$/, "")}/${environment}`;
  return settings === undefined ? below : `${below}?${settings}`;
}
