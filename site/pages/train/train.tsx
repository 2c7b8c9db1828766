// Page "Train".

export function Train() {
  return <h1>Train</h1>;
}
