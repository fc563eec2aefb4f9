-- The table is where the cluster keeps it; categories become numbers here, because every feature goes into one matrix.
SELECT
  trip_id,
  distance,
  hour,
  CAST(weekday IN (6, 7) AS INT) AS is_weekend,
  CAST(zone = 'airport' AS INT) AS from_airport,
  passengers,
  minutes
FROM farm.features.trips
