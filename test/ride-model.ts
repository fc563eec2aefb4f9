/** model.yaml of minutes of a ride, by time; `more` are lines of further keys. */
export const rideYaml = ({
  name = "ride",
  window = null,
  more = "",
}: {
  name?: string;
  window?: { end: string } | null;
  more?: string;
}) => `
name: ${name}
description: Minutes of a ride
task: regression
type: linear
seed: 1
features:
  query: features.sql${window ? `\n  window: { start: 2001-01-01, end: ${window.end} }` : ""}
  key: id
  time: started_at
  target: minutes
  split: { by: time, test: 0.2 }
thresholds:
  primary: rmse
  first_deploy: { rmse: { max: 100 } }
  min_test_rows: 1
${more}`;
