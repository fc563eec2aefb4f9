/** A small table to start with: flats whose rent follows from size, rooms and city, with an error that looks random. */
export function exampleCsv(rows = 1_000): string {
  const cities = ["Aachen", "Bonn", "Trier", "Ulm"];
  const lines = Array.from({ length: rows }, (_, i) => {
    const size = 20 + ((i * 37) % 131);
    const rooms = 1 + Math.floor(size / 28);
    const city = (i * 13) % cities.length;
    const year = 1950 + ((i * 29) % 74);
    const error = ((i * 7919) % 151) - 75;
    return `${i + 1},${size},${rooms},${year},${cities[city]},${Math.round(7.5 * size + 35 * rooms + 90 * city + 0.8 * (year - 1950) + error)}`;
  });
  return ["flat_id,size_m2,rooms,built,city,rent", ...lines, ""].join("\n");
}
