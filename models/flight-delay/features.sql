SELECT
  date AS departed_at,
  distance,
  hour(date) AS hour,
  minute(date) AS minute,
  dayofweek(date) AS day_of_week,
  dayofyear(date) AS day_of_year,
  origin,
  destination,
  delay
FROM 'flights-3m.parquet'
WHERE date >= $start AND date < $end
