import { type Html, html } from "./html.ts";

/** A column of a table of facts. */
export interface FactColumn<Row> {
  header: string | Html;
  cell(row: Row): Html | string;
  /** To the right, as numbers are. */
  isNumber?: boolean;
  /** Names its row. */
  isName?: boolean;
}

/** A table that scrolls by itself where it is wider than the page, by keyboard too. */
export function factTable<Row>(label: string, columns: readonly FactColumn<Row>[], rows: readonly Row[]): Html {
  const kind = ({ isNumber }: FactColumn<Row>) => isNumber === true && html` class="number"`;
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${label}"><table>
<thead><tr>${columns.map((column) => (column.header === "" ? html`<td></td>` : html`<th scope="col"${kind(column)}>${column.header}</th>`))}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${columns.map((column) => cellOf(column, row, kind(column)))}</tr>\n`)}</tbody></table></div>`;
}

function cellOf<Row>(column: FactColumn<Row>, row: Row, kind: Html | false): Html {
  return column.isName
    ? html`<th scope="row"${kind}>${column.cell(row)}</th>`
    : html`<td${kind}>${column.cell(row)}</td>`;
}
