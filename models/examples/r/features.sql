SELECT
  carat,
  cut,
  color,
  clarity,
  depth,
  "table" AS table_width,
  x AS length_mm,
  y AS width_mm,
  z AS depth_mm,
  price
FROM 'diamonds.csv'
