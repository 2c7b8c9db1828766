// A number with a label and a range. A value out of it is said beside the field and not handed on.

import { useEffect, useId, useState } from "preact/hooks";
import "./number_field.css";

interface NumberFieldProps {
  readonly label: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** No fractions. */
  readonly whole?: boolean;
  readonly disabled?: boolean;
  readonly hint?: string;
  readonly width?: string;
  readonly onValue: (value: number) => void;
}

export function NumberField({
  label,
  value,
  low,
  high,
  whole,
  disabled,
  hint,
  width,
  onValue,
}: NumberFieldProps) {
  const id = useId();
  const [fault, setFault] = useState<string | null>(null);
  useEffect(() => setFault(null), [value]);
  const take = (text: string) => {
    const number = text.trim() === "" ? Number.NaN : Number(text);
    const good = number >= low && number <= high && (!whole || Number.isInteger(number));
    setFault(good ? null : `a ${whole ? "whole " : ""}number from ${low} to ${high}`);
    if (good && number !== value) onValue(number);
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="number"
        step={whole ? 1 : "any"}
        min={low}
        max={high}
        value={value}
        disabled={disabled}
        style={width ? { width } : undefined}
        aria-invalid={fault !== null}
        aria-describedby={fault || hint ? `${id}-more` : undefined}
        onChange={(event) => take(event.currentTarget.value)}
      />
      {(fault || hint) && (
        <span id={`${id}-more`} class={`small ${fault ? "bad" : "muted"}`}>
          {fault ?? hint}
        </span>
      )}
    </div>
  );
}
