/** What a Mermaid xychart draws. */
export interface DrawnChart {
  horizontal: boolean;
  title: string;
  labels: string[];
  axis: { title: string; low: number; high: number };
  series: { kind: string; name: string; values: number[] }[];
}

// From xychart.jison: quoted text has no escapes and may not be empty or start as Markdown; numbers have no exponent.
const TEXT = '"(?!`)[^"\\n]+"';
const NUMBER = "[+-]?(?:\\d+(?:\\.\\d+)?|\\.\\d+)";
const LINES = {
  title: new RegExp(`^  title (${TEXT})$`),
  labels: new RegExp(`^  x-axis \\[(${TEXT}(?:, ${TEXT})*)\\]$`),
  axis: new RegExp(`^  y-axis (${TEXT}) (${NUMBER}) --> (${NUMBER})$`),
  series: new RegExp(`^  (bar|line) (${TEXT}) \\[(${NUMBER}(?:, ${NUMBER})*)\\]$`),
};

/** Reads a chart by the part of Mermaid's grammar that the report uses; throws on anything else, and where it would draw nonsense. */
export function readChart(source: string): DrawnChart {
  const [head, title, labels, axis, ...rest] = source.split("\n");
  const kind = match(/^xychart-beta( horizontal)?$/, head);
  const series = rest.map((line) => match(LINES.series, line));
  const axisParts = match(LINES.axis, axis);
  const chart: DrawnChart = {
    horizontal: kind[1] !== undefined,
    title: unquote(match(LINES.title, title)[1]!),
    labels: match(LINES.labels, labels)[1]!
      .split(/(?<="), (?=")/)
      .map(unquote),
    axis: { title: unquote(axisParts[1]!), low: Number(axisParts[2]), high: Number(axisParts[3]) },
    series: series.map(([, type, name, values]) => ({
      kind: type!,
      name: unquote(name!),
      values: values!.split(", ").map(Number),
    })),
  };
  checkSense(chart, source);
  return chart;
}

function checkSense({ labels, axis, series }: DrawnChart, source: string): void {
  const problem = (text: string) => new Error(`${text}\n${source}`);
  if (/%%|[{};#<>`]/.test(source.replaceAll(" --> ", " "))) throw problem("a directive, a comment or markup");
  if (series.length === 0) throw problem("nothing to draw");
  if (new Set(labels).size !== labels.length) throw problem("labels that would be drawn on top of each other");
  if (!(axis.low < axis.high)) throw problem("an empty axis");
  for (const { values, kind } of series) {
    if (values.length !== labels.length) throw problem("a value without a label");
    if (values.some((value) => value < axis.low || value > axis.high)) throw problem("a value beyond the axis");
    if (kind === "bar" && (axis.low > 0 || axis.high < 0)) throw problem("bars that do not start at zero");
  }
}

function match(pattern: RegExp, line: string | undefined): RegExpExecArray {
  const found = pattern.exec(line ?? "");
  if (!found) throw new Error(`not in the grammar: ${line}`);
  return found;
}

function unquote(text: string): string {
  return text.slice(1, -1);
}
