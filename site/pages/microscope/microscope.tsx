// Page "Microscope".

export function Microscope() {
  return <h1>Microscope</h1>;
}
