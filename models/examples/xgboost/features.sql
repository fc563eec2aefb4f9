-- The costs are left out: they are known only after the damage.
SELECT
  "Aircraft Make Model" AS aircraft,
  "Aircraft Airline Operator" AS operator,
  "Origin State" AS state,
  "Phase of flight" AS phase_of_flight,
  "Wildlife Size" AS wildlife_size,
  "Wildlife Species" AS species,
  "Time of day" AS time_of_day,
  "Speed IAS in knots" AS speed_knots,
  month("Flight Date") AS month,
  "Effect Amount of damage" <> 'None' AS damaged
FROM 'birdstrikes.csv'
