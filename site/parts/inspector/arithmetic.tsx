// A sum of terms as a table, what was done to the sum, and the CPU's float64 result beside the GPU's number.

import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { Arithmetic, ElementRef, Term } from "../../engine/protocol.ts";
import { ScrollArea } from "../scroll_area.tsx";
import { numbers, TableHead, words } from "../table_head.tsx";
import { Comparison } from "./comparison.tsx";
import { FactorView } from "./factor.tsx";
import { count, exact } from "./numbers.ts";

/** Rows at first, and more of them with each press: a table of all would hold up the page. */
const ROWS = 40;

interface ArithmeticProps {
  readonly arithmetic: Arithmetic;
  readonly element: ElementRef;
  readonly side: "why" | "back";
}

export function ArithmeticView({ arithmetic, element, side }: ArithmeticProps) {
  const { formula, terms, steps, combine } = arithmetic;
  const rows = useSignal(ROWS);
  const sorted = useSignal(false);
  useEffect(() => {
    rows.value = ROWS;
  }, [arithmetic]);
  const order = useMemo(
    () => (sorted.value ? [...terms].sort((a, b) => Math.abs(b.value) - Math.abs(a.value)) : terms),
    [terms, sorted.value],
  );
  return (
    <>
      <p class="formula mono">{formula}</p>
      {terms.length > 2 && (
        <label class="row small">
          <input
            type="checkbox"
            checked={sorted.value}
            onChange={(event) => {
              sorted.value = event.currentTarget.checked;
            }}
          />
          Largest first
        </label>
      )}
      <ScrollArea label="Terms">
        <table class="terms small">
          <caption class="visually-hidden">Terms of the {combine === "sum" ? "sum" : "comparison"}</caption>
          <TableHead columns={[...words("factors"), ...numbers(combine === "sum" ? "product" : "value")]} />
          <tbody>
            {order.slice(0, rows.value).map((term, i) => (
              <Row key={i} term={term} element={element} side={side} />
            ))}
          </tbody>
        </table>
      </ScrollArea>
      <More listed={terms.length} all={arithmetic.count} rows={rows} />
      <table class="steps small">
        <caption class="visually-hidden">From the terms to the value</caption>
        <tbody>
          {steps.map(({ name, value }) => (
            <tr key={name}>
              <th scope="row">{name === "sum" ? `sum of all ${count(arithmetic.count)} terms` : name}</th>
              <td class="number mono">{exact(value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <Comparison {...arithmetic} />
    </>
  );
}

function Row({ term, element, side }: { term: Term; element: ElementRef; side: "why" | "back" }) {
  return (
    <tr>
      <td>
        {term.factors.map((factor, i) => (
          <span key={i}>
            {i > 0 && " × "}
            <FactorView factor={factor} element={element} side={side} />
          </span>
        ))}
      </td>
      <td class="number mono">{exact(term.value)}</td>
    </tr>
  );
}

function More({ listed, all, rows }: { listed: number; all: number; rows: { value: number } }) {
  return (
    <p class="small muted">
      {rows.value < listed && (
        <button
          type="button"
          onClick={() => {
            rows.value += 2 * ROWS;
          }}
        >
          Show more terms
        </button>
      )}{" "}
      {count(Math.min(rows.value, listed))} of {count(all)} terms shown
      {listed < all && `; the first ${count(listed)} can be listed, all are summed`}.
    </p>
  );
}
