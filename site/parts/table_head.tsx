// The head of a table: names of columns, those of numbers set to the right like their cells.

export interface Column {
  readonly name: string;
  readonly number?: boolean;
}

export const numbers = (...names: readonly string[]): Column[] =>
  names.map((name) => ({ name, number: true }));
export const words = (...names: readonly string[]): Column[] => names.map((name) => ({ name }));

export function TableHead({ columns }: { columns: readonly Column[] }) {
  return (
    <thead>
      <tr>
        {columns.map(({ name, number }) => (
          <th key={name} scope="col" class={number ? "number" : undefined}>
            {name}
          </th>
        ))}
      </tr>
    </thead>
  );
}
