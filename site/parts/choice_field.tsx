// One of some values, with a label.

import { useId } from "preact/hooks";

interface ChoiceFieldProps<T extends string> {
  readonly label: string;
  readonly value: T;
  /** Values and what they are called. */
  readonly choices: readonly (readonly [value: T, name: string])[];
  readonly disabled?: boolean;
  readonly onValue: (value: T) => void;
}

export function ChoiceField<T extends string>({
  label,
  value,
  choices,
  disabled,
  onValue,
}: ChoiceFieldProps<T>) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        value={value}
        disabled={disabled}
        onChange={(event) => onValue(event.currentTarget.value as T)}
      >
        {choices.map(([key, name]) => (
          <option key={key} value={key}>
            {name}
          </option>
        ))}
      </select>
    </div>
  );
}
